"""Builds the demo: stories are told first, then written in rounds through the bulk services."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from content.models import Asset
from handoff import services as handoff
from leadflow.operations.demo.agreements import Agreed, agree_early, propose_late
from leadflow.operations.demo.company import COUNTRIES, RELATED, Company, found_company
from leadflow.operations.demo.grouping import group_people
from leadflow.operations.demo.guests import invite_people
from leadflow.operations.demo.interest import write_interest
from leadflow.operations.demo.story import INDUSTRIES, Step, Story, tell
from leads import services as leads
from leads.models import Activity, Consent, Lead, Offer
from nurture import services as nurture
from scoring import services as scoring

CAUSE = leads.Cause("demo", None)
HANDOFF = "mql_sal"
NURTURED_FOR = timedelta(days=120)
PROGRAM_LENGTH = timedelta(days=36)
BUYS_WITHIN_DAYS = 60
FRESH = timedelta(hours=30)  # offers younger than this keep a running clock

Progress = Callable[[str, int, int], None]


def build_demo(
    *, count: int, days: int, seed: int, at: datetime, progress: Progress = lambda *_: None
) -> int:
    """Add the demo company and `count` leads with a history of `days` days up to `at`."""
    random = Random(seed)
    company = found_company(today=at.date(), at=at, random=Random(f"costs {seed}"))
    stories = [
        tell(number, now=at, days=days, products=company.prices, random=random)
        for number in range(count)
    ]
    stories.sort(key=lambda story: story.at)
    progress("people", 0, count)
    agreed = agree_early(company, days=days, at=at)
    ids = _create(stories, company, at=at)
    _describe_companies(stories, at=at)
    progress("activities", 0, count)
    _write_acts(stories, ids, company, at=at)
    _write_steps(stories, ids, company, agreed, at=at, progress=progress)
    write_interest(stories, ids, company, at=at)
    invite_people(by=company.marketer, today=at.date(), at=at, random=Random(f"guests {seed}"))
    progress("programs", 0, count)
    _write_programs(stories, ids, at=at)
    progress("scores", 0, count)
    scoring.note_facts(lead_ids=ids, at=at, are_new=True)
    scoring.rescore_everybody(at=at)
    _replay(company, at=at)
    propose_late(company, at=at)
    _plan_work(ids, at=at)
    handoff.assign_waiting(at=at)
    group_people(ids, by=company.marketer, at=at)
    progress("prediction", 0, count)
    scoring.switch_prediction(is_on=True, horizon_days=BUYS_WITHIN_DAYS, by=None, at=at)
    scoring.refresh_predictions(at=at)
    return len(ids)


def _create(stories: Sequence[Story], company: Company, *, at: datetime) -> list[int]:
    people = [
        leads.NewLead(
            at=story.at,
            facts={
                **story.facts,
                "country": COUNTRIES[story.place][story.rep % 4],
                "territory_id": company.territories[story.place].pk,
                "campaign_id": _campaign_id(story, company),
            },
            attributes=story.address,
            company_name=story.company,
        )
        for story in stories
    ]
    ids: list[int] = []
    for start in range(0, len(people), 10_000):
        part = people[start : start + 10_000]
        ids += leads.insert_leads(people=part, at=at, cause=CAUSE, is_silent=True)
    through = Lead.products.through
    through.objects.bulk_create(
        (
            through(lead_id=pk, product_id=company.products[story.product].pk)
            for pk, story in zip(ids, stories, strict=True)
        ),
        batch_size=5_000,
    )
    return ids


def _describe_companies(stories: Sequence[Story], *, at: datetime) -> None:
    """What anybody would find on a company's website."""
    known: dict[str, dict[str, object]] = {}
    for story in stories:
        draw = Random(story.company)
        known.setdefault(
            story.company,
            {
                "domain": story.facts["email"].partition("@")[2],
                "industry": draw.choice(INDUSTRIES),
                "employees": round(draw.lognormvariate(5, 1.2)) + 5,
                "country": COUNTRIES[story.place][story.rep % 4],
            },
        )
    leads.describe_companies(facts_by_name=known, at=at)


def _plan_work(ids: Sequence[int], *, at: datetime) -> None:
    """What the reps have to do: calls that are overdue, due today, and later this week."""
    owned = Lead.objects.filter(pk__in=ids, stage__in=("sal", "sql", "opportunity"))
    people = owned.exclude(owner=None).order_by("-stage_since", "pk").values_list("pk", "owner_id")
    titles = ("Call: next step", "Send the proposal", "Ask for a meeting", "Call back")
    nurture.create_tasks(
        tasks=[
            nurture.NewTask(
                lead_id=lead_id,
                title=titles[number % 4],
                due_at=at + timedelta(hours=9 * (number % 9) - 14),
                assignee_id=owner_id,
            )
            for number, (lead_id, owner_id) in enumerate(people[:48])
        ],
        at=at,
    )


def _replay(company: Company, *, at: datetime) -> None:
    """What the agreement would have offered in the last half year."""
    question = scoring.Question(HANDOFF, months=6)
    scoring.start_simulation(question=question, by=company.marketer, at=at)
    while scoring.run_simulations(at=at):
        pass


def _campaign_id(story: Story, company: Company) -> int | None:
    campaign = company.campaigns.get(story.facts["source"])
    return campaign.pk if campaign else None


def _write_acts(
    stories: Sequence[Story], ids: Sequence[int], company: Company, *, at: datetime
) -> None:
    pages, papers = _by_product(company)
    activities, consenting = [], []
    for pk, story in zip(ids, stories, strict=True):
        for kind, shelf, moment in story.acts:
            product = RELATED[story.product] if moment.second % 6 == 0 else story.product
            choices = (papers if shelf == "paper" or kind == "download" else pages)[product]
            asset = choices[moment.minute % len(choices)] if kind != "form" else None
            activities.append(
                Activity(
                    lead_id=pk,
                    kind=kind,
                    occurred_at=moment,
                    asset_id=asset.pk if asset else None,
                    title=_asked_for(story) if kind == "form" else "",
                )
            )
        if story.has_consent:
            consenting.append((pk, story.at))
    leads.append_history(
        activities=activities,
        consents=[
            Consent(
                lead_id=pk,
                purpose=Consent.Purpose.MARKETING,
                is_given=True,
                wording="You may send me useful notes by e-mail.",
                source="form",
                at=moment,
            )
            for pk, moment in consenting
        ],
        at=at,
    )


def _asked_for(story: Story) -> str:
    """What their form was about; a few want to see it at once."""
    return "Request a demo" if _asks_for_demo(story) else "Asked for information"


def _asks_for_demo(story: Story) -> bool:
    return story.rep % 20 == 0


def _by_product(company: Company) -> tuple[dict[str, list[Asset]], dict[str, list[Asset]]]:
    pages: dict[str, list[Asset]] = defaultdict(list)
    papers: dict[str, list[Asset]] = defaultdict(list)
    for asset in Asset.objects.filter(key__in=company.assets).prefetch_related("products"):
        for product in asset.products.all():
            shelf = papers if asset.kind == Asset.Kind.WHITE_PAPER else pages
            shelf[product.key].append(asset)
    for shelf in (pages, papers):
        for found in shelf.values():
            found.sort(key=lambda asset: asset.key)
    return pages, papers


def _write_steps(
    stories: Sequence[Story],
    ids: Sequence[int],
    company: Company,
    agreed: Agreed,
    *,
    at: datetime,
    progress: Progress,
) -> None:
    """Round by round: the first verb of every lead, then the second …, grouped by what is said."""
    most = max((len(story.steps) for story in stories), default=0)
    for number in range(most):
        progress("history", number, most)
        groups: dict[tuple[str, str, bool, bool], list[tuple[int, Story, Step]]] = defaultdict(list)
        for pk, story in zip(ids, stories, strict=True):
            if number < len(story.steps):
                step = story.steps[number]
                is_fresh = step.verb == "offer" and at - step.at < FRESH
                asks = step.verb == "offer" and _asks_for_demo(story)
                groups[step.verb, step.reason, is_fresh, asks].append((pk, story, step))
        for (verb, reason, is_fresh, asks), members in groups.items():
            said = {"verb": verb, "reason": reason, "is_hand_raise": asks}
            _move(said, is_fresh, members, company, agreed)
        _assign(stories, ids, number, company, at=at)


BY_REP = frozenset({"accept", "reject", "advance", "win", "lose", "recycle"})


def _rep(story: Story, company: Company) -> int:
    reps = company.reps[story.place]
    return reps[story.rep % len(reps)].pk


def _move(
    said: Mapping[str, Any],
    is_fresh: bool,
    members: Sequence[tuple[int, Story, Step]],
    company: Company,
    agreed: Agreed,
) -> None:
    is_offer = said["verb"] == "offer"
    act = leads.Act(
        **said,
        at=max(step.at for _, _, step in members),
        cause=leads.Cause("definition") if is_offer else CAUSE,
        cause_id_by_lead={
            pk: version
            for pk, _, step in members
            if is_offer and (version := agreed.at(step.at)) is not None
        },
        is_silent=not is_fresh,
        has_clock=True,
        at_by_lead={pk: step.at for pk, _, step in members},
        by_id_by_lead={pk: _rep(story, company) for pk, story, _ in members}
        if said["verb"] in BY_REP
        else {},
        amount_by_lead={pk: Decimal(step.amount) for pk, _, step in members if step.amount},
    )
    leads.move(lead_ids=[pk for pk, _, _ in members], act=act)


def _write_programs(stories: Sequence[Story], ids: Sequence[int], *, at: datetime) -> None:
    """The nurture program began some months ago; whoever came or came back since went through it."""
    since = at - NURTURED_FOR
    histories = [
        nurture.PastEnrollment(
            lead_id=pk,
            entered_at=begin,
            ended_at=end if end is not None and end < begin + PROGRAM_LENGTH else _over(begin, at),
            exit_reason="stage" if end is not None and end < begin + PROGRAM_LENGTH else "",
        )
        for pk, story in zip(ids, stories, strict=True)
        if story.has_consent
        for begin, end in _stays_in_marketing(story)
        if begin >= since
    ]
    nurture.record_history(histories=histories, at=at)


def _over(begin: datetime, at: datetime) -> datetime | None:
    return begin + PROGRAM_LENGTH if begin + PROGRAM_LENGTH < at else None


def _stays_in_marketing(story: Story) -> Iterator[tuple[datetime, datetime | None]]:
    """Stretches of time in which the lead was marketing's, up to the step that ended each."""
    begin: datetime | None = story.at
    for step in story.steps:
        if begin is not None and step.verb != "revive":
            yield begin, step.at
            begin = None
        if step.verb in {"reject", "expire", "recycle"}:
            begin = step.at
    if begin is not None:
        yield begin, None


def _assign(
    stories: Sequence[Story], ids: Sequence[int], number: int, company: Company, *, at: datetime
) -> None:
    """Offers of the past had been given to the rep who answered them."""
    reps = {
        pk: _rep(story, company)
        for pk, story in zip(ids, stories, strict=True)
        if number + 1 < len(story.steps) and story.steps[number].verb == "offer"
    }
    offers = Offer.objects.pending().filter(lead__in=list(reps)).values_list("pk", "lead_id")
    leads.assign_offers(
        assignees={pk: (reps[lead_id], "Territory") for pk, lead_id in offers}, at=at
    )
