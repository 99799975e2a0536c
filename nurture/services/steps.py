"""Taking due steps: each once, on its day, by its channel; what cannot be done says so."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction

from content.models import Product
from leadflow.core import bulk, events, nudges
from leadflow.core.models import Team
from leads.models import Consent, Lead
from nurture import queries
from nurture.engine.slots import SlotSpec, choose
from nurture.engine.timing import days_late, days_later, end_of_day
from nurture.events import TasksCreated
from nurture.models import (
    Channel,
    Enrollment,
    ExitReason,
    Letter,
    Message,
    Step,
    Suppression,
    Task,
    Touch,
)
from nurture.rendering import address_lines, new_message_id
from nurture.services.enrollments import exit_enrollments
from nurture.services.scheduling import schedule

BATCH = 500


@dataclass(frozen=True)
class Material:
    """What is known of the leads of a batch, loaded in a fixed number of queries."""

    slots: dict[int, list[SlotSpec]]
    products: dict[int, list[Product]]
    had: dict[int, set[tuple[int, int]]]
    words: dict[int, tuple[bool, datetime]]
    unwanted: set[tuple[int, str]]
    blocked: dict[str, tuple[str, datetime]]
    zone: str
    sales: Team | None = None

    @classmethod
    def load(cls, leads: Collection[Lead], *, step_ids: Collection[int]) -> "Material":
        """Read everything that deciding about `leads` needs."""
        ids = [lead.pk for lead in leads]
        return cls(
            slots=queries.slots_by_step(step_ids),
            products=queries.products_by_lead(ids),
            had=queries.had_content(ids),
            words=queries.marketing_words(ids),
            unwanted=queries.unwanted(ids),
            blocked=queries.suppressed({lead.email for lead in leads}),
            zone=queries.time_zone(),
            sales=Team.objects.filter(side=Team.Side.SALES).order_by("pk").first(),
        )


@dataclass
class Batch:
    """What taking a batch of steps brings about; written at the end, all at once."""

    touches: list[Touch] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)


def take_due_steps(*, at: datetime) -> int:
    """Take every step that is due, one per enrollment and round so that their order is kept.

    What goes out days late moves the steps behind it by as many days: nobody gets all at once.
    """
    taken = 0
    while count := _take_batch(at=at):
        taken += count
    return taken


@transaction.atomic
def _take_batch(*, at: datetime) -> int:
    due = list(
        queries.due_enrollments(at=at)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("program", "next_step", "lead", "lead__company", "lead__owner")[:BATCH]
    )
    allowed = {program: queries.allowed_stages(program) for program in {e.program for e in due}}
    staying = [e for e in due if e.lead.stage in allowed[e.program]]
    gone = [e.pk for e in due if e.lead.stage not in allowed[e.program]]
    exit_enrollments(enrollment_ids=gone, reason=ExitReason.LEFT_STAGE, at=at)
    _take(staying, at=at)
    return len(due)


def _take(enrollments: Sequence[Enrollment], *, at: datetime) -> None:
    if not enrollments:
        return
    steps = {e.next_step_id for e in enrollments if e.next_step_id}
    material = Material.load([e.lead for e in enrollments], step_ids=steps)
    batch = Batch()
    for pk, enrollment in zip(bulk.take_ids(Touch, len(enrollments)), enrollments, strict=True):
        if enrollment.next_step is not None:
            add_touch(batch, pk, enrollment, enrollment.next_step, material, at=at)
    _write(batch, at=at)
    _keep_distances(batch.touches, zone=material.zone, at=at)
    schedule(enrollment_ids=[e.pk for e in enrollments], at=at)


def _keep_distances(touches: Sequence[Touch], *, zone: str, at: datetime) -> None:
    """Move day 0 of enrollments by the days that what went out for them is late."""
    late = []
    for touch in touches:
        days = days_late(touch.due_at, at, zone=zone)
        if days and touch.state != Touch.State.SKIPPED:
            enrollment = touch.enrollment
            enrollment.counts_from = days_later(enrollment.counts_from, days, zone=zone)
            late.append(enrollment)
    bulk.update_columns(late, ["counts_from"])


def add_touch(
    batch: Batch, pk: int, enrollment: Enrollment, step: Step, material: Material, *, at: datetime
) -> Touch:
    """Decide about one step and put what follows from it into the batch."""
    touch = Touch(
        pk=pk,
        enrollment=enrollment,
        step=step,
        lead=enrollment.lead,
        channel=step.channel,
        due_at=enrollment.next_due_at or at,
        at=at,
    )
    refusal = ADDERS[Channel(step.channel)](batch, touch, material, at)
    if refusal:
        touch.state, touch.note = Touch.State.SKIPPED, refusal
    batch.touches.append(touch)
    return touch


def _add_message(batch: Batch, touch: Touch, material: Material, at: datetime) -> str:
    lead = touch.lead
    if not lead.email:
        return "No e-mail address is known."
    is_given, said_at = material.words.get(lead.pk, (False, at))
    if not is_given:
        return "They have not agreed to marketing e-mails."
    if is_blocked(material.blocked.get(lead.email), said_at):
        return "The address is blocked."
    slot, reason = _content_for(touch, material)
    if slot is None:
        return reason
    material.had.setdefault(lead.pk, set()).add((slot.asset_id, slot.asset_version))
    batch.messages.append(
        Message(
            touch=touch,
            lead=lead,
            to_address=lead.email,
            asset_id=slot.asset_id,
            asset_version=slot.asset_version,
            message_id=new_message_id(settings.SITE_URL),
            queued_at=at,
            next_attempt_at=at,
        )
    )
    return ""


def is_blocked(found: tuple[str, datetime] | None, agreed_at: datetime) -> bool:
    """Whether a suppression holds: an unsubscription ends when the person agrees again later."""
    if found is None:
        return False
    reason, since = found
    return reason != Suppression.Reason.UNSUBSCRIBED or agreed_at <= since


def _add_letter(batch: Batch, touch: Touch, material: Material, at: datetime) -> str:
    lead = touch.lead
    if not address_lines(lead):
        return "No postal address is known."
    if (lead.pk, Consent.Purpose.LETTERS) in material.unwanted:
        return "They do not want letters."
    slot, reason = _content_for(touch, material)
    if slot is None:
        return reason
    material.had.setdefault(lead.pk, set()).add((slot.asset_id, slot.asset_version))
    batch.letters.append(
        Letter(
            touch=touch,
            lead=lead,
            asset_id=slot.asset_id,
            asset_version=slot.asset_version,
            queued_at=at,
        )
    )
    return ""


def _add_task(batch: Batch, touch: Touch, material: Material, at: datetime) -> str:
    lead, step = touch.lead, touch.step
    if not lead.phone:
        return "No phone number is known."
    if (lead.pk, Consent.Purpose.PHONE) in material.unwanted:
        return "They do not want to be called."
    slot, _ = _content_for(touch, material)
    batch.tasks.append(
        Task(
            kind=Task.Kind.CALL,
            asset_id=slot.asset_id if slot else None,
            touch=touch,
            lead=lead,
            team_id=step.team_id or (material.sales.pk if material.sales else None),
            title=f"Call {lead.name}"[:200],
            notes=step.talking_points,
            created_at=at,
            due_at=end_of_day(at, zone=material.zone),
        )
    )
    return ""


ADDERS = {Channel.EMAIL: _add_message, Channel.LETTER: _add_letter, Channel.CALL: _add_task}


def _content_for(touch: Touch, material: Material) -> tuple[SlotSpec | None, str]:
    lead = touch.lead
    choice = choose(
        material.slots.get(touch.step_id, []),
        products=[product.pk for product in material.products.get(lead.pk, [])],
        persona=lead.persona,
        had=material.had.get(lead.pk, set()),
    )
    return choice.slot, choice.reason


def _write(batch: Batch, *, at: datetime) -> None:
    Touch.objects.bulk_create(batch.touches)
    # Two programs may choose the same content for one lead at once: the constraint keeps one.
    Message.objects.bulk_create(batch.messages, ignore_conflicts=True)
    Letter.objects.bulk_create(batch.letters, ignore_conflicts=True)
    tasks = Task.objects.bulk_create(batch.tasks)
    _skip_childless(batch)
    if tasks:
        events.publish(TasksCreated(at=at, task_ids=tuple(task.pk for task in tasks)))
    if batch.messages:
        transaction.on_commit(_nudge_sending, robust=True)


def _skip_childless(batch: Batch) -> None:
    waiting = {touch.pk: touch for touch in batch.touches if touch.state == Touch.State.WAITING}
    written = [pk for pk, touch in waiting.items() if touch.channel != Channel.CALL]
    childless = Touch.objects.filter(pk__in=written, message=None, letter=None)
    for pk in childless.values_list("pk", flat=True):
        waiting[pk].state = Touch.State.SKIPPED
        waiting[pk].note = "They have had this content already."
    skipped = [touch for touch in waiting.values() if touch.state == Touch.State.SKIPPED]
    bulk.update_columns(skipped, ["state", "note"])


def _nudge_sending() -> None:
    nudges.nudge("send_messages")
