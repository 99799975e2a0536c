"""Keeping segments right: after events, as time goes by, and while they are filled for the first time.

Three things make a segment right at any moment, in whatever order they come: an event looks again at the
leads it names; the sweep of time looks again at the leads whose dates or counts have crossed a border
since it came last; and filling looks at everybody once, in order of their ids. None of them looks at a lead
as of a moment that the sweep of time has passed already (`Segment.as_of`): what crossed a border
in between would not be looked at again.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from django.db import transaction

from leadflow.core import nudges
from leadflow.core.errors import Invalid
from leadflow.core.events import Event
from leads.engine.conditions import crossings, events_of, moves_with_time
from leads.events import StagesChanged
from leads.models import Lead, Segment
from leads.services.segments.members import (
    compare,
    compare_range,
    lock_segments,
    spare_the_compiler,
    write,
)

BATCH = 10_000  # leads in one transaction: whoever waits for the segment waits for so many
MOST_A_RUN = 400_000
ENTER = "enter"  # the verb by which leads are new: every segment may want them


@transaction.atomic
def follow_segments(*, event: Event) -> int:
    """Look again at the leads of an event, for the segments it may matter to; returns how many changed."""
    is_new = isinstance(event, StagesChanged) and event.verb == ENTER
    kind = None if is_new else type(event)
    lead_ids: tuple[int, ...] = getattr(event, "lead_ids")  # noqa: B009  (every event of a field has them)
    return follow_leads(lead_ids=lead_ids, at=event.at, kind=kind)


@transaction.atomic
def follow_leads(
    *, lead_ids: Collection[int], at: datetime, kind: type[Event] | None = None
) -> int:
    """Look again at leads, for the segments that an event of `kind` may matter to, or for all."""
    ids = [pk for pk, condition in _conditions() if _matters(condition, kind)]
    if not ids or not lead_ids:
        return 0
    spare_the_compiler()
    segments = lock_segments(ids)
    return sum(write(compare(segments, part, at=at)) for part in _parts(sorted(set(lead_ids))))


def _conditions() -> Iterator[tuple[int, dict[str, object]]]:
    rows = Segment.objects.active().order_by("pk").values_list("pk", "condition")
    return rows.iterator()


def _matters(condition: dict[str, object], kind: type[Event] | None) -> bool:
    if kind is None:
        return True
    try:
        return kind in events_of(condition)
    except Invalid:  # a field has gone with its app: its page says so, the others go on
        return False


def follow_time(*, at: datetime) -> int:
    """Look again at the leads whom the passing of time has moved across a border; returns how many."""
    due = Segment.objects.active().filter(followed_to__lt=at).order_by("pk")
    moving = [pk for pk, condition in due.values_list("pk", "condition") if _moves(condition)]
    return sum(_follow_time_of(pk, at=at) for pk in moving)


def _moves(condition: dict[str, object]) -> bool:
    try:
        return moves_with_time(condition)
    except Invalid:
        return False


def _follow_time_of(segment_id: int, *, at: datetime) -> int:
    """One segment: at once, or batch by batch when very many cross at the same time."""
    since, ids = _begin(segment_id, at=at)
    for part in _parts(ids):
        _look_again(segment_id, part, at=at)
    # Somebody who has changed the condition meanwhile has set the clock, too
    Segment.objects.filter(pk=segment_id, followed_to=since).update(followed_to=at)
    return len(ids)


@transaction.atomic
def _begin(segment_id: int, *, at: datetime) -> tuple[datetime, list[int]]:
    """Since when time has to be followed, and who may have crossed; from now on nobody looks back."""
    segments = lock_segments([segment_id])
    if not segments or segments[0].followed_to >= at:
        return at, []
    segment = segments[0]
    queries = crossings(segment.condition, after=segment.followed_to, until=at)
    ids = {pk for query in queries for pk in query}
    Segment.objects.filter(pk=segment_id).update(as_of=max(at, segment.as_of))
    return segment.followed_to, sorted(ids)


@transaction.atomic
def _look_again(segment_id: int, lead_ids: Collection[int], *, at: datetime) -> None:
    spare_the_compiler()
    write(compare(lock_segments([segment_id]), lead_ids, at=at))


def fill_segments(*, at: datetime) -> int:
    """Go on filling new and changed segments; returns how many leads were looked at."""
    building = Segment.objects.active().filter(state=Segment.State.BUILDING).order_by("pk")
    handled = 0
    for segment_id in list(building.values_list("pk", flat=True)):
        while handled < MOST_A_RUN and (count := _fill_batch(segment_id, at=at)):
            handled += count
    if handled >= MOST_A_RUN:
        nudges.nudge("fill_segments")
    return handled


@transaction.atomic
def _fill_batch(segment_id: int, *, at: datetime) -> int:
    """The next leads in order of their ids; who comes later tells of it by an event."""
    spare_the_compiler()
    segments = lock_segments([segment_id])
    if not segments or segments[0].state != Segment.State.BUILDING:
        return 0
    segment = segments[0]
    waiting = Lead.objects.filter(pk__gt=segment.filled_to).order_by("pk")
    ids = list(waiting.values_list("pk", flat=True)[:BATCH])
    if ids:
        first, last = segment.filled_to + 1, ids[-1]
        write([compare_range(segment, first=first, last=last, at=at)], counts_as_growth=False)
        segment.filled_to = last
    if len(ids) < BATCH:
        segment.state = Segment.State.READY
    segment.save(update_fields=["filled_to", "state"])
    return len(ids)


def _parts(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
