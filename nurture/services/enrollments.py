"""Entering, pausing and leaving programs. Who leaves, leaves at once on every channel."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from leadflow.core import bulk
from leadflow.core.errors import Conflict
from leadflow.core.models import User
from leads import queries as leads
from leads.models import Consent, Lead
from nurture import queries
from nurture.models import Enrollment, ExitReason, Letter, Message, Program, Task, Touch
from nurture.policies import check_may_steer
from nurture.services.resumption import resume_corrected
from nurture.services.scheduling import schedule, tell

BATCH = 2_000
TAKEN_BACK = "correct"


@dataclass(frozen=True)
class Entered:
    """What enrolling by hand did: new enrollments, and a sentence for each lead that stayed out."""

    enrollment_ids: tuple[int, ...] = ()
    refused: Mapping[int, str] = field(default_factory=dict)

    def or_raise(self) -> "Entered":
        """Raise Conflict with the first refusal, for callers that enroll one lead."""
        if self.refused:
            raise Conflict(next(iter(self.refused.values())))
        return self


def enroll_due(*, at: datetime) -> int:
    """Let everybody in who should be in a running program and is not; returns how many entered."""
    entered = 0
    for program in Program.objects.filter(is_active=True).order_by("pk"):
        while batch := _enroll_batch(program, at=at):
            entered += len(batch)
            if len(batch) < BATCH:
                break
    return entered


@transaction.atomic
def _enroll_batch(
    program: Program, *, at: datetime, lead_ids: Collection[int] | None = None
) -> list[int]:
    found = queries.candidates(program)
    if lead_ids is not None:
        found = found.filter(pk__in=list(lead_ids))
    return _enter(program, found[:BATCH], at=at)


def _enter(program: Program, found: QuerySet[Lead], *, at: datetime) -> list[int]:
    """Enroll leads; one that another worker has just enrolled is left out."""
    entries = (
        Enrollment.objects.filter(program=program, lead=OuterRef("pk")).order_by().values("lead")
    )
    known = Coalesce(Subquery(entries.annotate(last=Max("entry")).values("last")), 0)
    rows = list(
        found.annotate(_entries=known).values_list("pk", "cycle", "last_change", "_entries")
    )
    new = [
        Enrollment(
            pk=pk,
            program=program,
            lead_id=lead_id,
            entry=entries_before + 1,
            cycle=cycle,
            since_change=last_change,
            entered_at=at,
            counts_from=at,
        )
        for pk, (lead_id, cycle, last_change, entries_before) in zip(
            bulk.take_ids(Enrollment, len(rows)), rows, strict=True
        )
    ]
    Enrollment.objects.bulk_create(new, ignore_conflicts=True)
    ids = [enrollment.pk for enrollment in new]
    written = Enrollment.objects.filter(pk__in=ids).order_by("pk").values_list("pk", "lead_id")
    leads_by_id = dict(written)
    tell(leads_by_id.values(), at=at)
    schedule(enrollment_ids=list(leads_by_id), at=at)
    return list(leads_by_id)


@transaction.atomic
def enroll(*, lead_ids: Collection[int], program_key: str, at: datetime) -> Entered:
    """Enroll leads by hand, whatever the entry condition says; stage and consent still count."""
    program = Program.objects.get(key=program_key)
    running = Enrollment.objects.active().filter(program=program, lead__in=lead_ids)
    already = set(running.values_list("lead_id", flat=True))
    words = queries.marketing_words(lead_ids)
    unwilling = {lead_id for lead_id, (is_given, _) in words.items() if not is_given} - already
    found = Lead.objects.filter(pk__in=list(lead_ids), erased_at=None)
    found = found.exclude(pk__in=already | unwilling)
    found = found.filter(stage__in=queries.allowed_stages(program)).order_by("pk")
    ids = _enter(program, found, at=at)
    entered = set(Enrollment.objects.filter(pk__in=ids).values_list("lead_id", flat=True))
    refused = dict.fromkeys(
        set(lead_ids) - entered, f"This stage is not one “{program.name}” is for."
    )
    refused |= dict.fromkeys(unwilling, "They do not want marketing messages.")
    refused |= dict.fromkeys(already, f"They are in “{program.name}” already.")
    return Entered(enrollment_ids=tuple(ids), refused=refused)


@transaction.atomic
def follow_stages(
    *,
    changes: Sequence[tuple[int, int, str | None, str]],
    verb: str,
    at: datetime,
    is_silent: bool = False,
) -> int:
    """Leads moved: who left a program's stages exits, who came into them enters (not silently).

    What was taken back since ends nothing; what a change had ended goes on when it is taken back.
    """
    handled = 0
    undone = leads.already_corrected(change_ids=[change for _, change, _, _ in changes])
    for program in Program.objects.order_by("pk"):
        allowed = queries.allowed_stages(program)
        left = {row[0]: row[1] for row in changes if row[3] not in allowed and row[1] not in undone}
        handled += _exit_since(program, left, note=verb, at=at)
        came = {row[0]: row[1] for row in changes if row[3] in allowed}
        if verb == TAKEN_BACK and came:
            handled += resume_corrected(program, correction_ids=came.values(), at=at)
        if program.is_active and came and not is_silent:
            handled += len(_enroll_batch(program, at=at, lead_ids=came))
    return handled


def _exit_since(program: Program, left: Mapping[int, int], *, note: str, at: datetime) -> int:
    """Exit what began before the change; an event told twice never ends a later entry."""
    rows = Enrollment.objects.exclude(state=Enrollment.State.EXITED).filter(
        program=program, lead__in=left
    )
    ids = [
        pk
        for pk, lead_id, since in rows.values_list("pk", "lead_id", "since_change")
        if since < left[lead_id]
    ]
    return exit_enrollments(enrollment_ids=ids, reason=ExitReason.LEFT_STAGE, note=note, at=at)


@transaction.atomic
def exit_leads(
    *, lead_ids: Collection[int], reason: str, at: datetime, note: str = "", program_key: str = ""
) -> int:
    """Take leads out of every program (or of one); returns how many enrollments ended."""
    mine = Enrollment.objects.exclude(state=Enrollment.State.EXITED).filter(lead__in=list(lead_ids))
    if program_key:
        mine = mine.filter(program__key=program_key)
    ids = list(mine.values_list("pk", flat=True))
    return exit_enrollments(enrollment_ids=ids, reason=reason, note=note, at=at)


@transaction.atomic
def exit_enrollments(
    *, enrollment_ids: Collection[int], reason: str, at: datetime, note: str = ""
) -> int:
    """End running enrollments and call off what is on its way, also where they had finished."""
    if not enrollment_ids:
        return 0
    rows = Enrollment.objects.filter(pk__in=list(enrollment_ids)).select_for_update().order_by("pk")
    locked = dict(rows.values_list("pk", "lead_id"))
    ended = (
        Enrollment.objects.active()
        .filter(pk__in=locked)
        .update(
            state=Enrollment.State.EXITED,
            exited_at=at,
            exit_reason=reason,
            exit_note=note[:120],
            paused_at=None,
            next_step=None,
            next_due_at=None,
        )
    )
    _call_off(list(locked), note=str(dict(ExitReason.choices).get(reason, reason)), at=at)
    tell(locked.values(), at=at)
    return ended


def _call_off(enrollment_ids: Sequence[int], *, note: str, at: datetime) -> None:
    """Cancel queued messages, waiting letters and open tasks of enrollments."""
    mine = {"touch__enrollment__in": enrollment_ids}
    Message.objects.filter(state=Message.State.QUEUED, **mine).update(
        state=Message.State.CANCELLED, error=note
    )
    Letter.objects.filter(state=Letter.State.WAITING, **mine).update(
        state=Letter.State.CANCELLED, error=note
    )
    Task.objects.open().filter(**mine).update(cancelled_at=at)
    waiting = Touch.objects.filter(enrollment__in=enrollment_ids, state=Touch.State.WAITING)
    # What is being sent or printed this very moment tells its own end.
    waiting.exclude(message__state=Message.State.SENDING).exclude(
        letter__state=Letter.State.PRINTING
    ).update(state=Touch.State.CANCELLED, at=at, note=note)


def stop_unwilling(*, lead_ids: Collection[int], at: datetime) -> int:
    """Exit those of `lead_ids` whose latest word on marketing mail is no."""
    words = queries.marketing_words(lead_ids)
    unwilling = [lead_id for lead_id, (is_given, _) in words.items() if not is_given]
    return exit_leads(lead_ids=unwilling, reason=ExitReason.UNSUBSCRIBED, at=at)


@transaction.atomic
def stop_channel(*, lead_ids: Collection[int], purpose: str, at: datetime) -> int:
    """Call off letters or calls of programs for those who do not want them; returns how many."""
    unwanted = queries.unwanted(lead_ids)
    unwilling = [lead_id for lead_id in lead_ids if (lead_id, purpose) in unwanted]
    if purpose == Consent.Purpose.LETTERS:
        waiting = Letter.objects.filter(lead__in=unwilling, state=Letter.State.WAITING)
        return waiting.update(state=Letter.State.CANCELLED, error="They do not want letters.")
    if purpose == Consent.Purpose.PHONE:
        calls = Task.objects.open().filter(lead__in=unwilling, kind=Task.Kind.CALL)
        return calls.filter(touch__isnull=False).update(cancelled_at=at)
    return 0


@transaction.atomic
def pause(*, enrollment_ids: Collection[int], by: User, at: datetime) -> int:
    """Hold everything for these people; nothing goes out until it is resumed."""
    mine = _steerable(enrollment_ids, by=by).filter(paused_at=None)
    return Enrollment.objects.filter(pk__in=mine.values("pk")).update(paused_at=at)


@transaction.atomic
def resume(*, enrollment_ids: Collection[int], by: User, at: datetime) -> int:
    """Go on after a pause; the steps still to come move back by its length.

    Where the program is off meanwhile, switching it on counts the time from then on.
    """
    mine = _steerable(enrollment_ids, by=by).filter(paused_at__isnull=False)
    programs = Program.objects.filter(pk__in=mine.values("program")).order_by("pk")
    off_since = {program.pk: program.off_since for program in programs.select_for_update()}
    paused = list(mine.order_by("pk").select_for_update(of=("self",)))
    for enrollment in paused:
        began, ended = enrollment.paused_at or at, off_since[enrollment.program_id] or at
        enrollment.counts_from += max(ended - began, timedelta())
        enrollment.paused_at = None
    Enrollment.objects.bulk_update(paused, ["counts_from", "paused_at"])
    ids = [enrollment.pk for enrollment in paused]
    schedule(enrollment_ids=ids, at=at)
    return len(ids)


@transaction.atomic
def stop(*, enrollment_ids: Collection[int], by: User, at: datetime) -> int:
    """Take people out by hand; they do not come back in this stage by themselves."""
    ids = list(_steerable(enrollment_ids, by=by).values_list("pk", flat=True))
    return exit_enrollments(enrollment_ids=ids, reason=ExitReason.STOPPED, note=str(by), at=at)


def _steerable(enrollment_ids: Collection[int], *, by: User) -> QuerySet[Enrollment]:
    check_may_steer(by=by)
    return Enrollment.objects.visible_to(by).active().filter(pk__in=list(enrollment_ids))
