"""People with known duplicates: each written down a second time as other people would write them."""

import random
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from leads import services as leads

FIRST = (
    "Anna Jonas Marie Lukas Sophie Felix Laura Maximilian Julia Paul Lena Tobias Sarah David Katharina "
    "Jürgen Björn Zoë Åsa Søren Renée André Łukasz Małgorzata Siobhan Giulia Marco Chiara Luca Elena "
    "Diego Lucía Javier Carmen Pierre Chloé Étienne Olivia Noah Emma Liam Hannah Jakob Ingrid Lars Freja "
    "Mikkel Aleksandra Piotr Zuzana Tomáš Viktor Irina Dmitri Yuki Kenji Mei Wei Priya Arjun Fatima Omar"
).split()
LAST = (
    "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter "
    "Klein Wolf Schröder Neumann Schwarz Zimmermann Krüger Hofmann Hartmann Lange Krause Lehmann Köhler "
    "Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Scholz Möller Weiß Jung Hahn Schubert Vogel "
    "Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon "
    "Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich "
    "Brandt Haas Schreiber Graf Schulte Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Thomas "
    "Voigt Sauer Arnold Wolff Pfeiffer O’Brien García Lopez Rossi Ferrari Dubois Lefèvre Nowak Kowalski "
    "Novák Svensson Jensen Nielsen Ivanov Petrov Tanaka Sato Chen Wang Patel Singh Khan Haddad Smith Jones"
).split()
COMPANIES = [
    f"{name} {kind}"
    for name in "Nordwind Alpha Rhein Isar Elbe Delta Orion Vega Atlas Hanse Falken Silber Linden Quarz".split()
    for kind in (
        "Pumpen GmbH",
        "Energie AG",
        "Technik KG",
        "Water Ltd.",
        "Systems Inc.",
        "Services S.A.",
    )
]
FREE = ("gmail.com", "gmx.de", "web.de", "outlook.com")
Record = dict[str, Any]


class Double(NamedTuple):
    """Two records of one person: numbers in the list of all."""

    first: int
    second: int


def _plain(name: str) -> str:
    spelt = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ł": "l", "ø": "oe", "å": "a"}
    from leads.engine.identity import fold

    return fold("".join(spelt.get(c, c) for c in name.lower())).replace("’", "")


def _typo(word: str, dice: random.Random) -> str:
    place = dice.randrange(1, len(word) - 1)
    ways = (
        word[:place] + word[place + 1] + word[place] + word[place + 2 :],
        word[:place] + word[place:][1:],
        word[:place] + word[place] + word[place:],
    )
    return dice.choice(ways)


def _person(number: int, dice: random.Random, companies: int) -> Record:
    first, last, company = dice.choice(FIRST), dice.choice(LAST), dice.choice(COMPANIES)
    if companies:
        company = f"{dice.randrange(companies)} {company}"
    domain = _plain(company.rsplit(" ", 1)[0]).replace(" ", "-") + ".example"
    return {
        "first_name": first,
        "last_name": last,
        "email": f"{_plain(first)}.{_plain(last)}{number}@{dice.choice(FREE)}"
        if dice.random() < 0.3
        else f"{_plain(first)}.{_plain(last)}@{domain}",
        "phone": f"+4930{1_000_000 + 7 * number}" if dice.random() < 0.7 else "",
        "company": company,
    }


def _other_mailbox(one: Record, dice: random.Random) -> None:
    one["email"] = f"{_plain(one['last_name'])}{dice.randrange(10**6)}@{dice.choice(FREE)}"


def _tagged(one: Record, dice: random.Random) -> None:
    box, domain = one["email"].split("@")
    one["email"] = f"{box}+{dice.choice(['news', 'expo', 'crm'])}@{domain}"
    one["phone"] = ""


def _short(one: Record, dice: random.Random) -> None:
    _other_mailbox(one, dice)
    one["first_name"] = one["first_name"][0] + "."


def _swapped(one: Record, dice: random.Random) -> None:
    _other_mailbox(one, dice)
    one["first_name"], one["last_name"] = one["last_name"], one["first_name"]


def _mistyped(one: Record, dice: random.Random) -> None:
    _other_mailbox(one, dice)
    one["last_name"] = _typo(one["last_name"] + "er", dice)[: len(one["last_name"]) + 1]


def _spelt(one: Record, dice: random.Random) -> None:
    _other_mailbox(one, dice)
    one["first_name"], one["last_name"] = (
        _plain(one[n]).title() for n in ("first_name", "last_name")
    )
    one["company"] = one["company"].upper()


def _legal(one: Record, dice: random.Random) -> None:
    _other_mailbox(one, dice)
    one["company"] = one["company"].rsplit(" ", 1)[0]
    one["phone"] = ""


WAYS: tuple[Callable[[Record, random.Random], None], ...] = (
    _other_mailbox, _tagged, _short, _swapped, _mistyped, _spelt, _legal,
)  # fmt: skip


def write_down(
    count: int, doubles: int, *, at: datetime, seed: int = 1, companies: int = 0
) -> tuple[list[int], list[Double]]:
    """Create `count` people of whom the first `doubles` are there twice; returns ids and who is who."""
    dice = random.Random(seed)
    people, seen = [], set()
    while len(people) < count:
        one = _person(len(people), dice, companies)
        # Nobody can tell namesakes of one company apart: here they do not occur by accident
        who = (_plain(one["first_name"]), _plain(one["last_name"]), one["company"])
        if who not in seen and one["email"] not in seen:
            seen |= {who, one["email"]}
            people.append(one)
    pairs = []
    for number in range(doubles):
        again = dict(people[number])
        WAYS[number % len(WAYS)](again, dice)
        pairs.append(Double(number, len(people)))
        people.append(again)
    rows = [
        leads.NewLead(
            at=at,
            facts={name: value for name, value in one.items() if name != "company"},
            company_name=one["company"],
        )
        for one in people
    ]
    ids = leads.insert_leads(people=rows, at=at)
    return ids, pairs
