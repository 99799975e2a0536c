"""What happens to one demo lead: plain values drawn from a seeded generator, nothing is written."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

FIRST_NAMES = (
    "Anna Ben Carla David Elena Felix Greta Hugo Ines Jan Klara Leo Maria Nils Olivia Paul Rosa Sven "
    "Tara Uwe Vera Willem Yara Zoe Adam Bianca Chloe Dario Emil Frida"
).split()
LAST_NAMES = (
    "Andersen Bauer Costa Dubois Eriksson Ferrari Garcia Hansen Ivanova Janssen Keller Lopez Moreau "
    "Nielsen Olsen Peeters Ricci Silva Thomsen Vermeer Weber Ziegler Almeida Berg Conti Dahl"
).split()
COMPANY_STEMS = (
    "Nord Alpen Delta Polar Terra Nova Orion Vega Helio Ferro Aqua Mecha Indu Proto Quanta Rhein"
).split()
INDUSTRIES = ("Machinery", "Food", "Chemicals", "Paper", "Metals", "Energy", "Plastics")
COMPANY_ENDS = "werk tech systems industries motors foods chem pharma plast print".split()
TITLES = {
    "decision_maker": ("Plant manager", "Head of operations", "Managing director"),
    "technical_user": ("Maintenance engineer", "Process engineer", "Automation engineer"),
    "influencer": ("Buyer", "Energy officer", "Quality manager"),
    "unknown": ("", "", "Assistant"),
}
SOURCES = (
    # source, weight, how much likelier than usual they are to buy
    ("organic_search", 26, 1.1),
    ("paid_search", 20, 1.0),
    ("social", 14, 0.6),
    ("email", 9, 0.9),
    ("event", 11, 1.4),
    ("webinar", 8, 1.3),
    ("referral", 7, 1.7),
    ("", 5, 0.8),
)
REJECTIONS = (
    ("no_budget", 4),
    ("no_need", 3),
    ("too_early", 5),
    ("unreachable", 4),
    ("wrong_person", 2),
)
STREETS = ("Harbour Street", "Mill Road", "Station Street", "Garden Way", "Factory Lane")
CITIES = ("Riverton", "Northwick", "Eastham", "Marienfeld", "Porto Novo", "Lakeside")
LIVELY = 60
# How much likelier than usual they are to get somewhere
EAGER = {"decision_maker": 1.5, "technical_user": 1.1, "influencer": 0.8, "unknown": 0.6}
EARLY = timedelta(days=10)
LOSSES = (("competitor", 3), ("price", 3), ("no_decision", 4))


@dataclass
class Step:
    """One verb of a story: when, and what is said with it."""

    verb: str
    at: datetime
    reason: str = ""
    amount: int = 0


@dataclass
class Story:
    """A lead's facts, what they did (kind, asset key, time), and the verbs they went through."""

    at: datetime
    facts: dict[str, str]
    address: dict[str, str]
    company: str
    place: str
    product: str
    rep: int
    has_consent: bool
    acts: list[tuple[str, str, datetime]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


def tell(
    number: int, *, now: datetime, days: int, products: dict[str, int], random: Random
) -> Story:
    """Make up the story of lead `number` within the last `days` days; none of it lies after `now`."""
    source, eagerness = _draw_source(random)
    story = _introduce(number, source, now=now, days=days, products=products, random=random)
    _read(story, now=now, random=random)
    _go(story, now=now, eagerness=eagerness, price=products[story.product], random=random)
    return story


def _draw_source(random: Random) -> tuple[str, float]:
    source, _, eagerness = random.choices(SOURCES, weights=[row[1] for row in SOURCES])[0]
    return source, eagerness


def _introduce(
    number: int, source: str, *, now: datetime, days: int, products: dict[str, int], random: Random
) -> Story:
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    company = f"{random.choice(COMPANY_STEMS)}{random.choice(COMPANY_ENDS)} {random.randint(1, 40)}"
    persona = random.choices(list(TITLES), weights=(2, 4, 2, 3))[0]
    place = random.choice(("north", "south", "west"))
    domain = company.lower().replace(" ", "")
    facts = {
        "email": f"{first}.{last}.{number}@{domain}.example.com".lower(),
        "first_name": first,
        "last_name": last,
        "persona": persona,
        "job_title": random.choice(TITLES[persona]),
        "source": source,
        "language": "en",
    }
    if random.random() < 0.55:
        facts["phone"] = f"+4930{20_000_000 + number}"
    age = timedelta(days=days * (1 - random.random() ** 0.8))
    if number < LIVELY and random.random() < 0.8:  # a queue with something in it
        age = timedelta(days=random.uniform(0.5, min(days, 6)))
    product = random.choice(list(products))
    has_consent = random.random() < 0.8
    address = {
        "street": f"{random.choice(STREETS)} {random.randint(1, 90)}",
        "postal_code": str(random.randint(10_000, 99_999)),
        "city": random.choice(CITIES),
    }
    return Story(
        now - age, facts, address, company, place, product, random.randrange(100), has_consent
    )


def _read(story: Story, *, now: datetime, random: Random) -> None:
    """Pages, papers, forms and clicks around the first contact and later."""
    moment = story.at
    story.acts.append(("form", "", moment))
    for _ in range(random.choices((1, 2, 4, 7, 12), weights=(4, 5, 5, 3, 1))[0]):
        moment += timedelta(days=random.expovariate(1 / 4), minutes=random.randrange(600))
        kind = random.choices(("page_view", "download", "email_click", "event"), (10, 4, 3, 1))[0]
        if moment < now:
            story.acts.append((kind, random.choice(("page", "paper")), moment))


def _go(story: Story, *, now: datetime, eagerness: float, price: int, random: Random) -> None:
    """Walk the path until the story ends or the present is reached."""
    moment = story.at
    chance = 0.42 * eagerness * (1.25 if "phone" in story.facts else 0.75) * _warmth(story)
    is_lively = now - story.at < timedelta(days=6)
    if is_lively:
        chance, moment = chance * 1.8, max(moment, now - timedelta(hours=random.uniform(1, 26)))
    for _ in range(3):  # at most three cycles
        if random.random() > chance:
            break
        if not is_lively or story.steps:
            moment += timedelta(days=random.expovariate(1 / 9) + 0.05)
        if not _add(story, Step("offer", moment), now) or not _answer(story, moment, now, random):
            break
        moment = story.steps[-1].at
        if story.steps[-1].verb == "accept":
            _sell(story, moment, now=now, price=price, random=random)
            break
        if random.random() > 0.25 or not _revive(story, moment, now, random):
            break
        moment = story.steps[-1].at
    if not story.steps and random.random() < 0.04:
        _add(story, Step("disqualify", moment + timedelta(days=3), reason="student"), now)


def _warmth(story: Story) -> float:
    """Who reads a lot in the first days, and has a say, gets further: about 1 on average."""
    early = sum(1 for _, _, moment in story.acts if moment < story.at + EARLY)
    return (0.35 + 0.2 * min(early, 6)) * EAGER[story.facts["persona"]]


def _answer(story: Story, offered_at: datetime, now: datetime, random: Random) -> bool:
    if now - offered_at < timedelta(hours=22) and random.random() < 0.8:
        return False  # still waiting in the queue
    at = offered_at + timedelta(hours=min(random.lognormvariate(1.6, 1.2), 70))
    verb = random.choices(("accept", "reject", "expire"), weights=(66, 29, 5))[0]
    if verb == "expire":
        return _add(story, Step("expire", offered_at + timedelta(hours=72)), now)
    return _add(
        story, Step(verb, at, reason=_reason(REJECTIONS, random) if verb == "reject" else ""), now
    )


def _revive(story: Story, moment: datetime, now: datetime, random: Random) -> bool:
    return _add(story, Step("revive", moment + timedelta(days=random.uniform(30, 90))), now)


def _sell(story: Story, moment: datetime, *, now: datetime, price: int, random: Random) -> None:
    moment += timedelta(days=random.expovariate(1 / 6) + 0.1)
    if random.random() < 0.2:
        _add(story, Step("recycle", moment, reason="not_now"), now)
        return
    if not _add(story, Step("advance", moment), now):
        return
    moment += timedelta(days=random.expovariate(1 / 12) + 0.2)
    if random.random() < 0.25:
        _add(story, Step("lose", moment, reason=_reason(LOSSES, random)), now)
        return
    amount = round(price * random.choice((0.6, 0.8, 1, 1, 1.2, 1.5, 2.5)))
    if not _add(story, Step("advance", moment, amount=amount), now):
        return
    moment += timedelta(days=random.expovariate(1 / 20) + 0.5)
    won = random.random() < min(0.35 + 0.25 * _warmth(story), 0.9)
    _add(story, Step("win", moment) if won else Step("lose", moment, _reason(LOSSES, random)), now)


def _reason(choices: tuple[tuple[str, int], ...], random: Random) -> str:
    codes, weights = zip(*choices, strict=True)
    return str(random.choices(codes, weights=weights)[0])


def _add(story: Story, step: Step, now: datetime) -> bool:
    if step.at >= now:
        return False
    story.steps.append(step)
    return True
