"""What the parameters of the list of leads say: days, rows, nothing at all; raises Invalid."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date

from leadflow.core.errors import Invalid
from leads.engine.identity import clean

BLANK, NONE, NOW = "__blank", "__none", "now"
LONGEST = 10_000
BETWEEN = "\n"  # several values of one parameter; what was typed holds no such character
LISTED = frozenset(
    {"stage", "grade", "country", "ids", "owner"}
)  # whose values may be joined by commas

Params = Mapping[str, str]


@dataclass(frozen=True)
class Chosen:
    """A filter in use, in words; `params` are those that switch it off when left out."""

    words: str
    params: tuple[str, ...]


def read_params(said: QueryDict) -> dict[str, str]:
    """The parameters of a list by name; several values of one are kept, `parts` takes them apart."""
    return {
        name: BETWEEN.join(filter(None, (clean(value, most=LONGEST) for value in values)))
        for name, values in said.lists()
    }


def parts(text: str, name: str) -> list[str]:
    """The values of one parameter."""
    values = text.split(BETWEEN)
    if name in LISTED:
        values = [part for value in values for part in value.split(",")]
    return [value for value in values if value]


def is_nothing(value: str) -> bool:
    """Whether a parameter asks for rows without a value."""
    return value in {NONE, BLANK}


def number(text: str, name: str) -> int:
    """A row's id, or a count."""
    if not text.isdecimal() or len(text) > 18:
        raise Invalid(f"“{text[:40]}” names no row.", field=name)
    return int(text)


def whole(text: str, name: str) -> int:
    """A whole number, below zero too; raises Invalid."""
    if not text.removeprefix("-").isdecimal() or len(text) > 9:
        raise Invalid(f"“{text[:40]}” is no whole number.", field=name)
    return int(text)


def between(column: str, params: Params, first: str = "from", last: str = "to") -> Q:
    """From the first moment of one day to the last of another, in the reader's zone."""
    found = Q()
    low, high = days(params, first, last)
    if low:
        found &= Q(**{f"{column}__gte": low})
    if high:
        found &= Q(**{f"{column}__lt": high})
    return found


def days(params: Params, first: str, last: str) -> tuple[datetime | None, datetime | None]:
    """The first moment of one day and the first after another, where they are given."""
    low, high = day(params, first), day(params, last)
    return _midnight(low) if low else None, after(high) if high else None


def day_words(params: Params, first: str, last: str) -> str:
    """Two days as one reads them."""
    low, high = day(params, first), day(params, last)
    if low and high:
        return f"{low} to {high}"
    return f"from {low}" if low else f"until {high}"


def day(params: Params, name: str) -> date | None:
    """The day that a parameter names; None when it is left out."""
    text = params.get(name, "")
    try:
        found = parse_date(text[:10]) if text else None
    except ValueError:
        found = None
    if text and (found is None or not 1900 <= found.year <= 9000):
        raise Invalid(f"“{text[:40]}” is no date; write it like 2026-03-31.", field=name)
    return found


def after(last: date) -> datetime:
    """The first moment after a day, in the reader's zone."""
    return _midnight(date.fromordinal(last.toordinal() + 1))


def _midnight(first: date) -> datetime:
    return timezone.make_aware(datetime.combine(first, time.min))
