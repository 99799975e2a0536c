"""What a model may see of a lead at a moment, as numbers and in words. Pure.

A look holds only what was known at its moment. Stages that came later, reasons, amounts and what sales
did (calls, notes) are not in it at all.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

RECENT_DAYS = 90
LIVELY_DAYS = 14
LONG_AGO_DAYS = 365.0

# How often somebody did something in the last ninety days: column → (singular, plural, none)
DEEDS = {
    "pages": ("viewed one page", "viewed {n} pages", "viewed no page"),
    "downloads": ("downloaded once", "downloaded {n} times", "downloaded nothing"),
    "forms": ("sent one form", "sent {n} forms", "sent no form"),
    "clicks": ("clicked in one e-mail", "clicked in {n} e-mails", "clicked in no e-mail"),
    "events": (
        "was at one event or webinar",
        "was at {n} events or webinars",
        "was at no event or webinar",
    ),
    "others": ("did one other thing", "did {n} other things", "did nothing else"),
}
FACTS = {"phone": "phone number", "job_title": "job title", "company": "company"}


@dataclass(frozen=True)
class Look:
    """A lead at a moment; `quiet_days` since it last did something itself, None: it never did."""

    lead_id: int
    cycle: int
    at: datetime
    stage: str
    source: str | None
    persona: str
    phone: bool
    job_title: bool
    company: bool
    age_days: float
    quiet_days: float | None
    pages: int
    downloads: int
    forms: int
    clicks: int
    events: int
    others: int
    lively_days: int
    kinds: tuple[str, ...]
    products: tuple[int, ...]


def measure(look: Look) -> dict[str, float]:
    """The look as numbers by name; what is not named is 0. Names are `question` or `question:answer`."""
    found = {
        "age": math.log1p(max(look.age_days, 0.0)),
        "quiet": math.log1p(_quiet(look)),
        "lively": math.log1p(look.lively_days),
        f"stage:{look.stage}": 1.0,
        f"source:{look.source or ''}": 1.0,
        f"persona:{look.persona}": 1.0,
    }
    found |= {name: math.log1p(getattr(look, name)) for name in DEEDS}
    found |= {name: 1.0 for name in FACTS if getattr(look, name)}
    found |= {f"kind:{kind}": 1.0 for kind in look.kinds}
    found |= {f"product:{product}": 1.0 for product in look.products}
    if look.cycle > 1:
        found["again"] = 1.0
    return {name: value for name, value in found.items() if value}


def _quiet(look: Look) -> float:
    quiet = LONG_AGO_DAYS if look.quiet_days is None else look.quiet_days
    return min(max(quiet, 0.0), LONG_AGO_DAYS)


def question_of(name: str) -> str:
    """What a number is about. Kinds of content and products are asked about one by one."""
    question, _, _ = name.partition(":")
    return name if question in {"kind", "product"} else question


def in_words(question: str, look: Look, names: Mapping[str, str]) -> str:
    """What a look says to a question; `names` are the words of stages, products …

    Kinds of content and parts in buying come with their article.
    """
    if question in DEEDS:
        return _deed(question, getattr(look, question))
    if question in FACTS:
        known = getattr(look, question)
        return f"{FACTS[question]} {'known' if known else 'not known'}".capitalize()
    if question.startswith(("kind:", "product:")):
        return _topic(question, look, names)
    words = {
        "age": lambda: f"Came {_days_ago(look.age_days)}",
        "quiet": lambda: _last_active(look),
        "lively": lambda: _lively(look),
        "stage": lambda: f"Stands at {names.get(f'stage:{look.stage}', look.stage)}",
        "source": lambda: _came_by(look, names),
        "persona": lambda: _persona(look, names),
        "again": lambda: "Has come back" if look.cycle > 1 else "Is here for the first time",
    }
    return words[question]()


def _deed(question: str, count: int) -> str:
    one, many, none = DEEDS[question]
    said = none if count == 0 else one if count == 1 else many.format(n=count)
    return f"{said[0].upper()}{said[1:]} in the last {RECENT_DAYS} days"


def _topic(question: str, look: Look, names: Mapping[str, str]) -> str:
    what, _, key = question.partition(":")
    name = names.get(question, key)
    if what == "kind":
        has = key in look.kinds
        return f"{'Looked at' if has else 'Has not looked at'} {name}"
    has = key in {str(product) for product in look.products}
    return f"{'Reads' if has else 'Has read nothing'} about {name}"


def _last_active(look: Look) -> str:
    if look.quiet_days is None:
        return "Has done nothing yet"
    return f"Last active {_days_ago(look.quiet_days)}"


def _lively(look: Look) -> str:
    if not look.lively_days:
        return f"Did nothing in the last {LIVELY_DAYS} days"
    return f"Active on {_days(look.lively_days)} of the last {LIVELY_DAYS}"


def _came_by(look: Look, names: Mapping[str, str]) -> str:
    if not look.source:
        return "Nobody knows how they came"
    return f"Came by {names.get(f'source:{look.source}', look.source.replace('_', ' '))}"


def _persona(look: Look, names: Mapping[str, str]) -> str:
    if look.persona == "unknown":
        return "Part in buying not known"
    return f"Is {names.get(f'persona:{look.persona}', look.persona)}"


def _days(count: float) -> str:
    whole = round(count)
    return "one day" if whole == 1 else f"{whole:,} days"


def _days_ago(days: float) -> str:
    return "today" if days < 1 else f"{_days(days)} ago"
