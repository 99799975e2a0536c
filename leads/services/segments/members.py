"""Who belongs to a segment: asked of the database as it is now, compared, and written down.

Whoever compares holds the lock of the segment's row, so that what was read earlier is never written
later: the last look at a lead is the one that counts.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import BooleanField, Case, F, Q, Value, When

from leadflow.core import events
from leadflow.core.errors import Invalid
from leads.engine.conditions import compile_condition
from leads.engine.conditions.days import day_of
from leads.events import SegmentsChanged
from leads.models import Lead, Segment, SegmentMember

EVENT_SIZE = 5_000


@dataclass(frozen=True)
class Difference:
    """Who has to come in and who has to go for a segment to be right."""

    segment: Segment
    entered: Sequence[int]
    left: Sequence[int]
    at: datetime


def lock_segments(ids: Collection[int]) -> list[Segment]:
    """Segments in use among these, locked in id order."""
    rows = Segment.objects.active().filter(pk__in=list(ids)).order_by("pk")
    return list(rows.select_for_update(no_key=True))


def belongs(segment: Segment, *, at: datetime) -> Q | None:
    """Leads that belong to a segment as of `at`, or of when it was looked at last; None if unreadable.

    Whoever was erased belongs to none.
    """
    try:
        found = compile_condition(segment.condition, at=max(at, segment.as_of))
    except Invalid:
        return None
    return Q(erased_at=None) & found


def compare(
    segments: Iterable[Segment], lead_ids: Collection[int], *, at: datetime
) -> list[Difference]:
    """How the members of locked segments differ from their conditions, among some leads.

    Two queries, however many segments there are.
    """
    readable = {one.pk: (one, found) for one in segments if (found := belongs(one, at=at))}
    if not readable:
        return []
    should = {pk: set[int]() for pk in readable}
    flags = {f"segment_{pk}": _flag(found) for pk, (_, found) in readable.items()}
    rows = Lead.objects.filter(pk__any=frozenset(lead_ids)).order_by()
    for lead_id, *answers in rows.annotate(**flags).values_list("pk", *flags):
        for pk, answer in zip(readable, answers, strict=True):
            if answer:
                should[pk].add(lead_id)
    members = SegmentMember.objects.filter(segment__in=readable, lead__pk__any=frozenset(lead_ids))
    present = {pk: set[int]() for pk in readable}
    for pk, lead_id in members.order_by().values_list("segment_id", "lead_id"):
        present[pk].add(lead_id)
    return [_difference(one, should[pk], present[pk], at=at) for pk, (one, _) in readable.items()]


def compare_range(segment: Segment, *, first: int, last: int, at: datetime) -> Difference:
    """The same for one locked segment and all leads of a range of ids."""
    found = belongs(segment, at=at)
    rows = Lead.objects.filter(pk__range=(first, last)).order_by()
    should = set(rows.filter(found).values_list("pk", flat=True)) if found is not None else set()
    members = SegmentMember.objects.filter(
        segment=segment, lead__pk__range=(first, last)
    ).order_by()
    return _difference(segment, should, set(members.values_list("lead_id", flat=True)), at=at)


def _flag(found: Q) -> Case:
    return Case(When(found, then=Value(True)), default=Value(False), output_field=BooleanField())


def _difference(
    segment: Segment, should: set[int], present: set[int], *, at: datetime
) -> Difference:
    return Difference(
        segment, sorted(should - present), sorted(present - should), max(at, segment.as_of)
    )


def write(differences: Sequence[Difference], *, counts_as_growth: bool = True) -> int:
    """Write members, sizes and growth of locked segments, and tell of it; returns how many changed."""
    changed = [one for one in differences if one.entered or one.left]
    if not changed:
        return 0
    for one in changed:
        grown = _write_members(one)
        Segment.objects.filter(pk=one.segment.pk).update(size=F("size") + grown)
        if counts_as_growth:
            _count(one)
        for part in _parts(one):
            events.publish(part)
    return sum(len(one.entered) + len(one.left) for one in changed)


def _write_members(one: Difference) -> int:
    """Write them; returns by how many the segment has grown. Whoever has just gone is left out."""
    grown = 0
    with connection.cursor() as cursor:
        if one.left:
            cursor.execute(
                "DELETE FROM leads_segmentmember WHERE segment_id = %s AND lead_id = ANY(%s)",
                [one.segment.pk, list(one.left)],
            )
            grown -= cursor.rowcount
        if one.entered:
            cursor.execute(
                """
                INSERT INTO leads_segmentmember (segment_id, lead_id, since)
                SELECT %s, lead.id, %s FROM leads_lead AS lead WHERE lead.id = ANY(%s)
                 ORDER BY lead.id
                """,
                [one.segment.pk, one.at, list(one.entered)],
            )
            grown += cursor.rowcount
    return grown


def _count(one: Difference) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO leads_segmentday AS known (segment_id, day, entered, "left")
            VALUES (%s, %s, %s, %s)
                ON CONFLICT (segment_id, day) DO UPDATE
                SET entered = known.entered + excluded.entered,
                    "left" = known."left" + excluded."left"
            """,
            [one.segment.pk, day_of(one.at), len(one.entered), len(one.left)],
        )


def _parts(one: Difference) -> Iterator[SegmentsChanged]:
    """The news of a difference, a few thousand leads to an event."""
    for start in range(0, max(len(one.entered), len(one.left)), EVENT_SIZE):
        yield SegmentsChanged(
            at=one.at,
            segment_id=one.segment.pk,
            entered=tuple(one.entered[start : start + EVENT_SIZE]),
            left=tuple(one.left[start : start + EVENT_SIZE]),
        )


def spare_the_compiler() -> None:
    """Compiling would take longer than these statements."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
