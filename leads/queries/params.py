"""What the parameters of the list of leads say: days, rows, nothing at all; raises Invalid."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date

from leadflow.core.errors import Invalid

BLANK, NONE, NOW = "__blank", "__none", "now"

Params = Mapping[str, str]


@dataclass(frozen=True)
class Chosen:
    """A filter in use, in words; `params` are those that switch it off when left out."""

    words: str
    params: tuple[str, ...]


def is_nothing(value: str) -> bool:
    """Whether a parameter asks for rows without a value."""
    return value in {NONE, BLANK}


def number(text: str, name: str) -> int:
    """A row's id, or a count."""
    if not text.isdecimal() or len(text) > 18:
        raise Invalid(f"“{text[:40]}” names no row.", field=name)
    return int(text)


def between(column: str, params: Params) -> Q:
    """From the first moment of one day to the last of another, in the reader's zone."""
    first, last = day(params, "from"), day(params, "to")
    found = Q()
    if first:
        found &= Q(**{f"{column}__gte": _midnight(first)})
    if last:
        found &= Q(**{f"{column}__lt": after(last)})
    return found


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
