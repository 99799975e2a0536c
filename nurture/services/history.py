"""Programs of the past, written down in bulk, for imports and the demo. Nothing goes out."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from leadflow.core import bulk
from leads import services as leads
from leads.models import Activity, Consent, Lead, StageChange
from nurture.engine.timing import due_at
from nurture.models import Enrollment, Letter, Message, Program, Step, Task, Touch
from nurture.services.scheduling import schedule, tell
from nurture.services.steps import Batch, Material, add_touch

CHUNK = 2_000
OUTCOMES = (
    Task.Outcome.NO_ANSWER,
    Task.Outcome.REACHED,
    Task.Outcome.NO_ANSWER,
    Task.Outcome.CALL_BACK,
    Task.Outcome.REACHED,
)


@dataclass(frozen=True)
class PastEnrollment:
    """One entry into a program: when, until when (None: still running), and why it ended.

    `state` follows: no end is running, an end with a reason left early, one without is finished.
    """

    lead_id: int
    entered_at: datetime
    ended_at: datetime | None = None
    exit_reason: str = ""
    exit_note: str = ""
    caller_id: int | None = None

    @property
    def state(self) -> str:
        """Running, finished or left early."""
        if self.ended_at is None:
            return Enrollment.State.ACTIVE
        return Enrollment.State.EXITED if self.exit_reason else Enrollment.State.FINISHED


def record_history(
    *,
    histories: Sequence[PastEnrollment],
    at: datetime,
    program_key: str = "nine-touch",
    with_activities: bool = True,
) -> int:
    """Write past enrollments with touches, messages, letters and calls; returns the touches.

    Steps due before the end (or before `at`) went out on their day where the lead could be reached.
    """
    ordered = sorted(histories, key=lambda past: (past.lead_id, past.entered_at))
    written, start = 0, 0
    while start < len(ordered):
        end = min(start + CHUNK, len(ordered))
        while end < len(ordered) and ordered[end].lead_id == ordered[end - 1].lead_id:
            end += 1  # all entries of one lead stay together
        written += _record_chunk(ordered[start:end], at=at, key=program_key, tells=with_activities)
        start = end
    return written


@transaction.atomic
def _record_chunk(
    histories: Sequence[PastEnrollment], *, at: datetime, key: str, tells: bool
) -> int:
    program = Program.objects.get(key=key)
    steps = list(program.steps.filter(is_active=True).order_by("day", "position"))
    people = Lead.objects.select_related("company", "owner").in_bulk(
        {past.lead_id for past in histories}
    )
    histories = [past for past in histories if past.lead_id in people]
    enrollments = _enrollments(histories, people, program)
    material = _material(people, steps)
    batch = Batch()
    due = [
        (past, enrollment, step, moment)
        for past, enrollment in zip(histories, enrollments, strict=True)
        for step in steps
        if (moment := due_at(past.entered_at, step.day, zone=material.zone))
        <= (past.ended_at or at)
    ]
    callers: dict[int, int | None] = {}
    for pk, (past, enrollment, step, moment) in zip(
        bulk.take_ids(Touch, len(due)), due, strict=True
    ):
        enrollment.next_due_at = moment
        add_touch(batch, pk, enrollment, step, material, at=moment)
        callers[pk] = past.caller_id
    for enrollment in enrollments:
        enrollment.next_due_at = None
    _finish(batch, callers)
    _copy(enrollments, batch)
    tell(people, at=at)
    schedule(
        enrollment_ids=[e.pk for e in enrollments if e.state == Enrollment.State.ACTIVE], at=at
    )
    if tells:
        leads.record_activities(activities=_activities(batch), at=at, is_silent=True)
    return len(batch.touches)


def _enrollments(
    histories: Sequence[PastEnrollment], people: dict[int, Lead], program: Program
) -> list[Enrollment]:
    known = (
        Enrollment.objects.filter(program=program, lead__in=people).order_by().values_list("lead")
    )
    entries: dict[int, int] = defaultdict(int, known.annotate(last=Max("entry")))
    changes = _changes(people)
    rows = []
    for pk, past in zip(bulk.take_ids(Enrollment, len(histories)), histories, strict=True):
        entries[past.lead_id] += 1
        change_id, cycle = _stay(
            changes.get(past.lead_id, []), past.entered_at, people[past.lead_id]
        )
        rows.append(
            Enrollment(
                pk=pk,
                program=program,
                lead=people[past.lead_id],
                entry=entries[past.lead_id],
                cycle=cycle,
                since_change=change_id,
                state=past.state,
                entered_at=past.entered_at,
                counts_from=past.entered_at,
                exited_at=past.ended_at,
                exit_reason=past.exit_reason,
                exit_note=past.exit_note,
            )
        )
    return rows


def _changes(people: dict[int, Lead]) -> dict[int, list[tuple[datetime, int, int]]]:
    found: dict[int, list[tuple[datetime, int, int]]] = defaultdict(list)
    rows = StageChange.objects.filter(lead__in=people).order_by("id")
    for lead_id, moment, pk, cycle in rows.values_list("lead_id", "at", "id", "cycle"):
        found[lead_id].append((moment, pk, cycle))
    return found


def _stay(
    changes: Sequence[tuple[datetime, int, int]], entered_at: datetime, lead: Lead
) -> tuple[int, int]:
    """The change by which the lead had come to where it stood at `entered_at`, and its cycle."""
    before = [(pk, cycle) for moment, pk, cycle in changes if moment <= entered_at]
    return before[-1] if before else (lead.last_change, lead.cycle)


def _material(people: dict[int, Lead], steps: Sequence[Step]) -> Material:
    """As for a live sweep, but whoever ever agreed had agreed then, and nothing was blocked."""
    material = Material.load(list(people.values()), step_ids=[step.pk for step in steps])
    agreed = Consent.objects.filter(
        lead__in=people, purpose=Consent.Purpose.MARKETING, is_given=True
    )
    words = {lead_id: (True, moment) for lead_id, moment in agreed.values_list("lead_id", "at")}
    return replace(material, words=words, blocked={})


def _finish(batch: Batch, callers: dict[int, int | None]) -> None:
    """What a sweep leaves on its way has arrived by now."""
    for touch in batch.touches:
        if touch.state == Touch.State.WAITING:
            touch.state = Touch.State.DONE
    for message in batch.messages:
        message.state, message.sent_at, message.attempts = Message.State.SENT, message.queued_at, 1
    for letter in batch.letters:
        letter.state, letter.printed_at = Letter.State.PRINTED, letter.queued_at
    for task in batch.tasks:
        task.done_at, task.outcome = task.created_at, OUTCOMES[(task.touch_id or 0) % len(OUTCOMES)]
        task.done_by_id = task.assignee_id = callers.get(task.touch_id or 0)


def _copy(enrollments: Sequence[Enrollment], batch: Batch) -> None:
    bulk.copy_instances(enrollments)
    bulk.copy_instances(batch.touches)
    bulk.copy_instances(batch.messages)
    bulk.copy_instances(batch.letters)
    bulk.copy_instances(batch.tasks)


def _activities(batch: Batch) -> list[Activity]:
    """What the leads' stories tell of it."""
    sent = [
        _activity(Activity.Kind.EMAIL_SENT, "message", row, at=row.queued_at, asset_id=row.asset_id)
        for row in batch.messages
    ]
    posted = [
        _activity(Activity.Kind.LETTER_SENT, "letter", row, at=row.queued_at, asset_id=row.asset_id)
        for row in batch.letters
    ]
    called = [
        _activity(Activity.Kind.CALL, "task", row, at=row.created_at, asset_id=None)
        for row in batch.tasks
    ]
    for activity, task in zip(called, batch.tasks, strict=True):
        activity.title, activity.by_id = str(Task.Outcome(task.outcome).label), task.done_by_id
    return sent + posted + called


def _activity(
    kind: str, source_kind: str, row: Message | Letter | Task, *, at: datetime, asset_id: int | None
) -> Activity:
    return Activity(
        lead_id=row.lead_id,
        kind=kind,
        occurred_at=at,
        asset_id=asset_id,
        source_kind=source_kind,
        source_id=row.pk,
    )
