"""Reading segments and conditions: their size for a reader, what uses them, who a condition finds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import OperationalError, connection, transaction
from django.db.models import Exists, Func, IntegerField, OuterRef, QuerySet
from django.utils import timezone

from leadflow.core.errors import Invalid
from leadflow.core.models import Role, User
from leadflow.core.parts import segment_uses
from leads.engine.conditions import (
    Condition,
    Vocabulary,
    compile_condition,
    describe,
    values_of,
)
from leads.engine.conditions.days import day_of
from leads.models import Lead, Segment, SegmentMember
from leads.models.people import LeadQuerySet

MOST_COUNTED = 10_000
MOST_COUNTED_EACH = 1_000  # in a list of segments, for whom only a part of the leads is visible
SAMPLE = 5
PATIENCE_MS = 2_000
DAYS = 30
LONGEST = 10_000


@dataclass(frozen=True)
class SegmentRow:
    """A segment as a reader sees it: its size is of the leads they may see."""

    segment: Segment
    size_label: str
    sentence: str
    uses: tuple[str, ...]


def list_segments(*, user: User) -> list[SegmentRow]:
    """Segments in use by name, in a constant number of queries."""
    uses, words = all_uses(), Vocabulary()
    return [
        SegmentRow(
            segment=segment,
            size_label=_size_label(segment),
            sentence=describe(segment.condition, words=words),
            uses=tuple(uses.get(segment.key, ())),
        )
        for segment in sized(Segment.objects.active().select_related("by"), user=user)
    ]


def sized(segments: QuerySet[Segment], *, user: User) -> QuerySet[Segment]:
    """Segments with `seen`, how many of their members `user` may see; None where that is all of them."""
    if sees_everybody(user):
        return segments
    members = SegmentMember.objects.filter(segment=OuterRef("pk"))
    mine = members.filter(lead__in=Lead.objects.visible_to(user)).order_by()
    counted = ArraySubquery(mine.values("pk")[: MOST_COUNTED_EACH + 1])
    return segments.annotate(
        seen=Func(counted, function="cardinality", output_field=IntegerField())
    )


def sees_everybody(user: User) -> bool:
    """Whether the role of `user` sees every lead there is."""
    return user.is_active and user.role in {Role.ADMIN, Role.MANAGER, Role.MARKETER}


def _size_label(segment: Segment) -> str:
    """The size as it is shown; counted to its end only where it is kept."""
    seen = getattr(segment, "seen", None)
    if seen is None:
        return f"{segment.size:,}"
    return f"{MOST_COUNTED_EACH:,}+" if seen > MOST_COUNTED_EACH else f"{seen:,}"


def size_label(segment: Segment, *, user: User) -> str:
    """How many members of one segment `user` may see."""
    return _size_label(sized(Segment.objects.filter(pk=segment.pk), user=user)[0])


def all_uses() -> dict[str, list[str]]:
    """What uses each segment, in words, by its key."""
    found: dict[str, list[str]] = {}
    for tell in segment_uses.values():
        for key, words in tell().items():
            found.setdefault(key, []).extend(words)
    return found


def uses_of(key: str) -> list[str]:
    """What uses one segment, in words."""
    return all_uses().get(key, [])


def segments_in_segments() -> dict[str, list[str]]:
    """Segments whose condition asks for other segments, in words, by the keys of those."""
    return uses_in(
        (condition, f"the segment “{name}”")
        for name, condition in Segment.objects.active().values_list("name", "condition")
    )


def uses_in(conditions: Any) -> dict[str, list[str]]:
    """By the key of a segment, the words of those (condition, words) that ask for it."""
    found: dict[str, list[str]] = {}
    for condition, words in conditions:
        for key in values_of(condition, "segment"):
            found.setdefault(str(key), []).append(words)
    return found


@dataclass(frozen=True)
class Growth:
    """How a segment changed on one day, and its size at the end of it."""

    day: date
    entered: int
    left: int
    size: int


def growth(segment: Segment, *, at: datetime, days: int = DAYS) -> list[Growth]:
    """The last days of a segment, oldest first. Its size is told backwards from today's."""
    today = day_of(at)
    known = {
        row.day: row for row in segment.days.filter(day__gt=today - timedelta(days), day__lte=today)
    }
    size, found = segment.size, []
    for back in range(days):
        day = today - timedelta(back)
        row = known.get(day)
        entered, left = (row.entered, row.left) if row else (0, 0)
        found.append(Growth(day, entered, left, size))
        size -= entered - left
    return found[::-1]


def members(segment: Segment) -> LeadQuerySet:
    """Leads that belong to a segment now."""
    mine = SegmentMember.objects.filter(segment=segment, lead=OuterRef("pk"))
    return Lead.objects.filter(Exists(mine))


# ---- conditions as filters of a list


def narrow_by_condition(
    leads: LeadQuerySet, text: str, *, at: datetime | None = None
) -> LeadQuerySet:
    """Leads of a list that a condition is true of; raises Invalid.

    `text` is the key of a segment, whose members are known, or a condition as `write_condition`
    writes it, which is asked as of `at` (now when it is left out).
    """
    if not text.startswith("{"):
        segment = Segment.objects.filter(key=text[:60]).first()
        if segment is None:
            raise Invalid(f"There is no segment “{text[:40]}”.", field="where")
        mine = SegmentMember.objects.filter(segment=segment, lead=OuterRef("pk"))
        return leads.filter(Exists(mine))
    return leads.filter(compile_condition(read_condition(text), at=at))


def where_words(text: str) -> str:
    """What `narrow_by_condition` narrows by, in words."""
    if text.startswith("{"):
        return describe(read_condition(text))
    segment = Segment.objects.filter(key=text[:60]).first()
    return f"in the segment “{segment}”" if segment else f"in a segment “{text[:40]}”"


def write_condition(condition: Condition) -> str:
    """A condition as text for an address."""
    return json.dumps(condition, separators=(",", ":"), ensure_ascii=False)


def read_condition(text: str) -> dict[str, Any]:
    """A condition from text; raises Invalid where it is none."""
    try:
        condition = json.loads(text[:LONGEST])
    except (ValueError, RecursionError):
        condition = None
    if not isinstance(condition, dict):
        raise Invalid("This filter cannot be read. Build it anew.", field="where")
    compile_condition(condition)
    return condition


# ---- who a condition finds


@dataclass(frozen=True)
class Preview:
    """Who a condition finds among the leads that the reader may see; `count` None says: very many."""

    count: int | None
    sample: Sequence[Lead] = ()

    @property
    def label(self) -> str:
        """ "1,234", "10,000+", or "many" where counting would take too long."""
        if self.count is None:
            return "many"
        return f"{MOST_COUNTED:,}+" if self.count > MOST_COUNTED else f"{self.count:,}"


def preview(condition: Condition, *, user: User, at: datetime | None = None) -> Preview:
    """How many leads a condition finds, and the newest five; given up after two seconds."""
    moment = at or timezone.now()
    found = Lead.objects.visible_to(user).filter(erased_at=None)
    found = found.filter(compile_condition(condition, at=moment))
    ids = _patiently(
        lambda: list(found.order_by().values_list("pk", flat=True)[: MOST_COUNTED + 1])
    )
    if ids is None:
        return Preview(None)
    newest = sorted(ids, reverse=True)[:SAMPLE]
    sample = Lead.objects.filter(pk__in=newest).select_related("company").order_by("-pk")
    return Preview(len(ids), list(sample))


def _patiently(ask: Any) -> Any:
    """The answer, or None when it does not come in time."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = %s", [PATIENCE_MS])
                cursor.execute("SET LOCAL jit = off")
            answer = ask()
            with connection.cursor() as cursor:  # inside of another transaction it would stay
                cursor.execute("SET LOCAL statement_timeout = 0")
            return answer
    except OperationalError as error:
        if "statement timeout" not in str(error):
            raise
        return None
