"""Writing segments: named once, never about themselves, filled anew when their condition changes."""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from leadflow.core import nudges
from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import User
from leads import policies
from leads.engine.conditions import Condition, check_choices, values_of
from leads.models import Segment
from leads.queries.segments import uses_of

LONGEST_NAME = 120
TAKEN = frozenset({"new"})  # words that are addresses of their own


@transaction.atomic
def create_segment(
    *, name: str, condition: Condition, by: User, at: datetime, description: str = ""
) -> Segment:
    """Save a condition as a segment; it is filled in the background from now on.

    Raises Invalid naming the field, and the part of the condition, that does not fit.
    """
    policies.check_may_manage_segments(by=by)
    others = _lock_all()
    name = _check_name(name, others)
    check_choices(condition)
    segment = Segment.objects.create(
        key=_make_key(name, {one.key for one in others}),
        name=name,
        description=description.strip(),
        condition=dict(condition),
        followed_to=at,
        as_of=at,
        by=by,
        created_at=at,
        changed_at=at,
    )
    _fill_soon()
    return segment


@transaction.atomic
def change_segment(
    *,
    key: str,
    by: User,
    at: datetime,
    name: str | None = None,
    condition: Condition | None = None,
    description: str | None = None,
) -> Segment:
    """Change what is given; with another condition its members are looked at one by one again.

    Raises Invalid for a condition that would ask whether somebody is in the segment itself.
    """
    policies.check_may_manage_segments(by=by)
    everything = _lock_all()
    segment = _find(key, everything)
    others = [one for one in everything if one.pk != segment.pk]
    if name is not None:
        segment.name = _check_name(name, others)
    if description is not None:
        segment.description = description.strip()
    if condition is not None and condition != segment.condition:
        check_choices(condition)
        _check_no_circle(segment.key, condition, others)
        segment.condition = dict(condition)
        _begin_anew(segment, at=at)
    segment.changed_at = at
    segment.save()
    return segment


@transaction.atomic
def archive_segment(*, key: str, by: User, at: datetime) -> Segment:
    """Put a segment away: it is followed no more. Raises Conflict while something uses it."""
    policies.check_may_manage_segments(by=by)
    segment = _find(key, _lock_all())
    if uses := uses_of(key):
        raise Conflict(f"“{segment}” is used by {_listed(uses)}. Take it out there first.")
    segment.archived_at = segment.changed_at = at
    segment.save(update_fields=["archived_at", "changed_at"])
    return segment


@transaction.atomic
def restore_segment(*, key: str, by: User, at: datetime) -> Segment:
    """Take an archived segment back into use; it is brought up to date in the background."""
    policies.check_may_manage_segments(by=by)
    others = _lock_all()
    segment = Segment.objects.filter(key=key).exclude(archived_at=None).first()
    if segment is None:
        raise Conflict("This segment is in use already.")
    _check_name(segment.name, others)
    _check_no_circle(segment.key, segment.condition, others)
    segment.archived_at, segment.changed_at = None, at
    _begin_anew(segment, at=at)
    segment.save()
    return segment


def _lock_all() -> list[Segment]:
    """Segments in use, locked: two changes at once could make a circle that neither sees."""
    rows = Segment.objects.active().order_by("pk")
    return list(rows.select_for_update(no_key=True))


def _find(key: str, segments: list[Segment]) -> Segment:
    found = next((one for one in segments if one.key == key), None)
    if found is None:
        raise Conflict("This segment was archived meanwhile. Load the page again.")
    return found


def _check_name(name: str, others: list[Segment]) -> str:
    name = " ".join(name.split())
    if not name:
        raise Invalid("Give the segment a name.", field="name")
    if len(name) > LONGEST_NAME:
        raise Invalid(f"A name has {LONGEST_NAME} characters at most.", field="name")
    if name.lower() in {one.name.lower() for one in others}:
        raise Invalid(f"There is a segment “{name}” already. Choose another name.", field="name")
    return name


def _make_key(name: str, taken: set[str]) -> str:
    """A key from the name that no segment has ever had."""
    base = slugify(name)[:50] or "segment"
    taken = (
        taken
        | TAKEN
        | set(Segment.objects.filter(key__startswith=base).values_list("key", flat=True))
    )
    key, number = base, 2
    while key in taken:
        key, number = f"{base}-{number}", number + 1
    return key


def _check_no_circle(key: str, condition: Condition, others: list[Segment]) -> None:
    """Raise Invalid when the condition asks, through whichever others, for the segment itself."""
    asked = {one.key: values_of(one.condition, "segment") for one in others}
    names = {one.key: one.name for one in others}
    waiting: list[tuple[str, Any]] = [("", name) for name in values_of(condition, "segment")]
    seen: set[Any] = set()
    while waiting:
        through, name = waiting.pop()
        if name == key:
            words = f" through “{names[through]}”" if through else ""
            raise Invalid(f"A segment cannot depend on itself{words}.", field="condition")
        if name not in seen:
            seen.add(name)
            waiting += [(through or name, other) for other in asked.get(name, ())]


def _begin_anew(segment: Segment, *, at: datetime) -> None:
    """Look at everybody again; members stay until they have been looked at."""
    segment.state, segment.filled_to = Segment.State.BUILDING, 0
    segment.followed_to = at
    segment.as_of = max(at, segment.as_of)
    _fill_soon()


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _fill_soon() -> None:
    transaction.on_commit(partial(nudges.nudge, "fill_segments"))
