"""Who may enter a program, who is in one, and what people said about marketing mail."""

from collections.abc import Collection
from datetime import datetime
from itertools import takewhile

from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)

from leads import queries as leads
from leads import services as pipelines
from leads.models import Consent, Lead, StageChange
from leads.models.history import COMBINE
from nurture.models import Enrollment, ExitReason, Program

RECYCLED = "recycled"
HISTORY = ("import", "demo")  # causes of changes that were written down later, not lived


def allowed_stages(program: Program) -> frozenset[str]:
    """Where its leads may stand: before the first hand-off or recycled, unless it says else."""
    if program.stages:
        return frozenset(program.stages)
    pipeline = pipelines.load_pipeline()
    before = takewhile(lambda key: not pipeline.awaits_answer(key), pipeline.path)
    return frozenset([*before, RECYCLED])


def programs_naming(stage: str) -> list[str]:
    """Programs, in words, whose leads or whose entry condition name a stage."""
    return [
        f"the program “{program}”"
        for program in Program.objects.order_by("name")
        if stage in program.stages or stage in leads.values_of(program.entry, "stage")
    ]


def candidates(program: Program) -> QuerySet[Lead]:
    """Leads that should enter now: once per stay in a stage, and never against their word.

    A second entry needs a new cycle, a return to marketing, or an entry that ended by moving on.
    People who came by an import enter once they have agreed to marketing mail after it.
    """
    mine = Enrollment.objects.filter(program=program, lead=OuterRef("pk"))
    this_stay = mine.filter(
        Q(state=Enrollment.State.ACTIVE) | Q(since_change__gte=OuterRef("_stay"))
    )
    this_cycle = mine.filter(cycle=OuterRef("cycle")).exclude(exit_reason=ExitReason.LEFT_STAGE)
    recorded = StageChange.objects.filter(pk=OuterRef("_stay"), cause_kind__in=HISTORY)
    return (
        leads.matching(program.entry)
        .annotate(_stay=_began())
        .filter(stage__in=allowed_stages(program))
        .filter(~Exists(this_stay), Q(stage=RECYCLED) | ~Exists(this_cycle))
        .annotate(_wants=Subquery(_latest_word().values("is_given")[:1]))
        .filter(Q(_wants=True) | Q(_wants=None))
        .filter(~Exists(recorded) | Exists(_agreed_since_recorded()))
        .order_by("pk")
    )


def _began() -> Case:
    """The change by which a lead came to stand where it does, also after one was taken back.

    The row that tells of a merge moved nobody, and what the other record went through is no stay of
    this one.
    """
    counting = StageChange.objects.in_effect().filter(lead=OuterRef("pk"), cycle=OuterRef("cycle"))
    corrections = StageChange.objects.filter(corrects__isnull=False).order_by()
    merged = StageChange.objects.filter(verb=COMBINE).order_by()
    came_before = When(
        Q(last_change__in=corrections.values("pk")) | Q(last_change__in=merged.values("pk")),
        then=counting.order_by("-pk").values("pk")[:1],
    )
    return Case(came_before, default=F("last_change"), output_field=BigIntegerField())


def _latest_word() -> QuerySet[Consent]:
    return Consent.objects.filter(lead=OuterRef("pk"), purpose=Consent.Purpose.MARKETING).order_by(
        "-at", "-id"
    )


def _agreed_since_recorded() -> QuerySet[Consent]:
    recorded_at = StageChange.objects.filter(pk=OuterRef(OuterRef("_stay"))).values("recorded_at")
    return Consent.objects.filter(
        lead=OuterRef("pk"),
        purpose=Consent.Purpose.MARKETING,
        is_given=True,
        at__gt=Subquery(recorded_at[:1]),
    )


def due_enrollments(*, at: datetime) -> QuerySet[Enrollment]:
    """Running enrollments of running programs whose next step is due, the longest waiting first."""
    return (
        Enrollment.objects.active()
        .filter(paused_at=None, next_due_at__lte=at, program__is_active=True)
        .order_by("next_due_at", "id")
    )


def marketing_words(lead_ids: Collection[int]) -> dict[int, tuple[bool, datetime]]:
    """The latest word of each lead on marketing mail as (yes or no, when); absent where there is none."""
    words = Consent.objects.filter(lead__in=lead_ids, purpose=Consent.Purpose.MARKETING)
    latest = words.order_by("lead_id", "-at", "-id").distinct("lead_id")
    return {
        lead_id: (is_given, at)
        for lead_id, is_given, at in latest.values_list("lead_id", "is_given", "at")
    }


def unwanted(lead_ids: Collection[int]) -> set[tuple[int, str]]:
    """(lead, purpose) of every purpose whose latest word is no: calls and letters need no yes."""
    words = Consent.objects.filter(lead__in=list(lead_ids))
    latest = words.order_by("lead_id", "purpose", "-at", "-id").distinct("lead_id", "purpose")
    return {
        (lead_id, purpose)
        for lead_id, purpose, is_given in latest.values_list("lead_id", "purpose", "is_given")
        if not is_given
    }


def running_program(lead: Lead) -> Enrollment | None:
    """The enrollment a lead is in, else the one it was in last."""
    mine = Enrollment.objects.filter(lead=lead).select_related("program", "next_step")
    return mine.active().order_by("-id").first() or mine.order_by("-id").first()
