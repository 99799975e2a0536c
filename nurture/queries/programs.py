"""Figures and pictures of programs."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Prefetch, QuerySet
from django.urls import reverse

from content.models import Product
from leadflow.core.charts import Lanes, LaneStep, timeline_lanes
from leadflow.core.models import User
from nurture.models import Channel, Enrollment, ExitReason, Program, Slot, Step, Touch

ICONS = {Channel.EMAIL: "mail", Channel.CALL: "phone", Channel.LETTER: "mailbox"}


@dataclass
class Overview:
    """A program with its figures."""

    program: Program
    steps: int = 0
    running: int = 0
    finished: int = 0
    touches_out: int = 0
    exits: dict[str, int] = field(default_factory=dict)

    @property
    def exits_count(self) -> int:
        """People who left before the end."""
        return sum(self.exits.values())

    @property
    def exits_in_words(self) -> list[tuple[str, int]]:
        """Reasons in words with their counts, most frequent first."""
        names = dict(ExitReason.choices)
        ordered = sorted(self.exits.items(), key=lambda item: -item[1])
        return [(str(names.get(reason, reason)), count) for reason, count in ordered]


def programs_overview(*, user: User, program_id: int | None = None) -> list[Overview]:
    """Programs with running, finished and left enrollments and the touches that went out."""
    programs = Program.objects.order_by("-is_active", "name")
    if program_id is not None:
        programs = programs.filter(pk=program_id)
    found = {program.pk: Overview(program) for program in programs}
    enrollments = Enrollment.objects.visible_to(user).filter(program__in=found).order_by()
    for key, state, reason, count in enrollments.values_list(
        "program", "state", "exit_reason"
    ).annotate(count=Count("pk")):
        _count_in(found[key], state, reason, count)
    steps = Step.objects.filter(program__in=found, is_active=True).order_by().values_list("program")
    for key, count in steps.annotate(count=Count("pk")):
        found[key].steps = count
    touches = Touch.objects.visible_to(user).filter(state=Touch.State.DONE, step__program__in=found)
    for key, count in touches.order_by().values_list("step__program").annotate(count=Count("pk")):
        found[key].touches_out = count
    return list(found.values())


def _count_in(overview: Overview, state: str, reason: str, count: int) -> None:
    if state == Enrollment.State.ACTIVE:
        overview.running += count
    elif state == Enrollment.State.FINISHED:
        overview.finished += count
    else:
        overview.exits[reason] = overview.exits.get(reason, 0) + count


@dataclass
class StepRow:
    """A step with its content and what became of its touches."""

    step: Step
    slots: Sequence[Slot]
    done: int = 0
    waiting: int = 0
    skipped: int = 0
    lost: int = 0  # failed, cancelled or unknown

    @property
    def icon(self) -> str:
        """The picture of the channel."""
        return ICONS[Channel(self.step.channel)]

    @property
    def default_slot(self) -> Slot | None:
        """The content everybody gets for whom there is nothing more specific."""
        return next(
            (slot for slot in self.slots if slot.product_id is None and not slot.persona), None
        )


def step_rows(*, program: Program, user: User) -> list[StepRow]:
    """Steps in the order in which they go out, with their figures."""
    slots = Prefetch("slots", Slot.objects.select_related("asset", "product").order_by("id"))
    steps = program.steps.filter(is_active=True).order_by("day", "position").prefetch_related(slots)
    rows = {step.pk: StepRow(step, list(step.slots.all())) for step in steps.select_related("team")}
    touches = Touch.objects.visible_to(user).filter(step__in=rows).order_by()
    for key, state, count in touches.values_list("step", "state").annotate(count=Count("pk")):
        name = {"done": "done", "waiting": "waiting", "skipped": "skipped"}.get(state, "lost")
        setattr(rows[key], name, getattr(rows[key], name) + count)
    return list(rows.values())


def steps_timeline(rows: Sequence[StepRow]) -> Lanes:
    """Days across, channels as lanes, one mark per step."""
    address = reverse("nurture:program", args=[rows[0].step.program_id]) if rows else ""
    return timeline_lanes(
        [
            LaneStep(
                day=row.step.day,
                lane=str(Channel(row.step.channel).label),
                label=row.step.name,
                icon=row.icon,
                href=f"{address}#step-{row.step.pk}",
                tone="warn" if row.default_slot is None and not row.slots else "accent",
            )
            for row in rows
        ]
    )


@dataclass(frozen=True)
class Gap:
    """One cell of the gap matrix: own content, the default, or nothing."""

    state: str  # own, default, empty
    slot: Slot | None


def gaps(rows: Sequence[StepRow]) -> tuple[list[Product], list[tuple[StepRow, list[Gap]]]]:
    """Steps × products: which have content of their own, fall back, or have none."""
    products = list(Product.objects.filter(is_active=True).order_by("name"))
    table = []
    for row in rows:
        own: dict[int, Slot] = defaultdict()
        for slot in row.slots:
            if slot.product_id is not None:
                own.setdefault(slot.product_id, slot)
        table.append((row, [_gap(own.get(product.pk), row.default_slot) for product in products]))
    return products, table


def _gap(own: Slot | None, default: Slot | None) -> Gap:
    if own is not None:
        return Gap("own", own)
    return Gap("default" if default else "empty", default)


def people_in(*, program: Program, user: User) -> QuerySet[Enrollment]:
    """Who is in a program now, newest first."""
    return (
        Enrollment.objects.visible_to(user)
        .active()
        .filter(program=program)
        .select_related("lead", "lead__company", "next_step")
        .order_by("-id")
    )
