"""Designing programs: steps, days, content; and the shipped nine-touch program."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Value
from django.db.models.functions import Coalesce, Greatest, Least

from content import services as content
from content.models import Asset, Persona
from leadflow.core.errors import Invalid
from leadflow.core.models import User
from nurture.models import Channel, Enrollment, Program, Slot, Step
from nurture.policies import check_may_design
from nurture.services.scheduling import schedule_program

NINE_TOUCH = "nine-touch"
LATEST_DAY = 3650
STEPS = (
    # day, channel, name, key of its content, talking points
    (3, Channel.EMAIL, "Thank you, and what happens next", "nine-touch-welcome", ""),
    (5, Channel.CALL, "First call", "nine-touch-call-1",
     "Learn why they looked at us now, how they work today, and who else has a say."),
    (10, Channel.EMAIL, "How teams like yours start", "nine-touch-guide", ""),
    (17, Channel.EMAIL, "What it costs, what it saves", "nine-touch-numbers", ""),
    (21, Channel.LETTER, "A letter for the desk", "nine-touch-letter", ""),
    (24, Channel.CALL, "Second call, after the letter", "nine-touch-call-2",
     "Did the letter arrive? Find out whether there is a project, by when, and with what money."),
    (28, Channel.EMAIL, "Three mistakes to avoid", "nine-touch-mistakes", ""),
    (32, Channel.EMAIL, "Asking for a meeting", "nine-touch-meeting", ""),
    (35, Channel.CALL, "Last call", "nine-touch-call-3",
     "A meeting, or a friendly end: what would have to change, and may we write again?"),
)  # fmt: skip


@transaction.atomic
def install_default_program(*, at: datetime) -> None:
    """Write the shipped program where it is missing; one that people have edited is left alone."""
    content.install_default_content(at=at)
    program, is_new = Program.objects.get_or_create(
        key=NINE_TOUCH,
        defaults={
            "name": "Nine touches",
            "description": "Five e-mails, three calls and a letter within five weeks.",
            "is_active": True,
            "created_at": at,
        },
    )
    if not is_new:
        return
    steps = Step.objects.bulk_create(
        Step(
            program=program,
            position=position,
            day=day,
            channel=channel,
            name=name,
            talking_points=points,
        )
        for position, (day, channel, name, _, points) in enumerate(STEPS, 1)
    )
    assets = Asset.objects.in_bulk([key for _, _, _, key, _ in STEPS], field_name="key")
    Slot.objects.bulk_create(
        Slot(step=step, asset=assets[key])
        for step, (_, _, _, key, _) in zip(steps, STEPS, strict=True)
    )


@transaction.atomic
def move_step(*, step_id: int, day: int, by: User | None, at: datetime) -> Step:
    """Give a step another day for everybody who has not had it yet."""
    check_may_design(by=by)
    if not 0 <= day <= LATEST_DAY:
        raise Invalid(f"Choose a day between 0 and {LATEST_DAY:,}.", field="day")
    step = Step.objects.select_for_update().get(pk=step_id)
    step.day = day
    step.save(update_fields=["day"])
    schedule_program(program_id=step.program_id, at=at)
    return step


@transaction.atomic
def switch_program(*, program_id: int, is_active: bool, by: User | None, at: datetime) -> Program:
    """Switch a program on or off; refuses to run without content, naming the steps that lack it.

    Switched on again, everybody goes on where they stood: the steps to come move by its time off.
    """
    check_may_design(by=by)
    program = Program.objects.select_for_update().get(pk=program_id)
    since = program.off_since
    if is_active:
        _check_complete(program)
    program.is_active = is_active
    program.switched_off_at = None if is_active else since or at
    program.save(update_fields=["is_active", "switched_off_at"])
    if is_active and since is not None:
        _make_up_for_time_off(program, since, at=at)
    return program


def _make_up_for_time_off(program: Program, since: datetime, *, at: datetime) -> None:
    """Move day 0 of who was in by the time they waited; from a pause on, `resume` counts."""
    began = Greatest(Value(since), F("entered_at"))
    ended = Least(Value(at), Coalesce(F("paused_at"), Value(at)))
    waited = Greatest(ended - began, Value(timedelta()))
    mine = Enrollment.objects.active().filter(program=program)
    mine.update(counts_from=F("counts_from") + waited)
    schedule_program(program_id=program.pk, at=at)


def _check_complete(program: Program) -> None:
    steps = program.steps.filter(is_active=True)
    if not steps.exists():
        raise Invalid("A program needs at least one step before it is switched on.")
    default = Slot.objects.filter(step=OuterRef("pk"), product=None, persona="")
    empty = steps.exclude(channel=Channel.CALL).filter(~Exists(default)).order_by("day")
    names = [f"“{step.name}” (day {step.day})" for step in empty]
    if names:
        raise Invalid(f"These steps have no content for everybody yet: {', '.join(names)}.")


@transaction.atomic
def fill_slot(
    *,
    step_id: int,
    asset_id: int,
    by: User | None,
    at: datetime,
    product_id: int | None = None,
    persona: str = "",
) -> Slot:
    """Say which content a step uses for a product and a persona (None and "" mean any)."""
    check_may_design(by=by)
    step = Step.objects.select_for_update().get(pk=step_id)
    asset = Asset.objects.filter(pk=asset_id).first()
    kinds = {
        Channel.EMAIL: Asset.Kind.EMAIL,
        Channel.LETTER: Asset.Kind.LETTER,
        Channel.CALL: Asset.Kind.CALL_GUIDE,
    }
    if asset is None or asset.kind != kinds[Channel(step.channel)]:
        wanted = Asset.Kind(kinds[Channel(step.channel)]).label.lower()
        raise Invalid(f"Choose content of the kind “{wanted}” for this step.", field="asset")
    if persona and persona not in Persona.values:
        raise Invalid("Choose one of the personas.", field="persona")
    about = set(asset.products.values_list("pk", flat=True))
    if product_id is not None and about and product_id not in about:
        raise Invalid(f"“{asset.title}” is about another product.", field="asset")
    case: dict[str, Any] = {"step": step, "product_id": product_id, "persona": persona}
    return Slot.objects.update_or_create(**case, defaults={"asset": asset})[0]
