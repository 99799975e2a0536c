"""What the pipeline designer shows: the rows in order, and how many leads stand where."""

from dataclasses import dataclass

from django.db.models import Count

from leadflow.core.models import User
from leads.engine.pipeline import Pipeline
from leads.models import Handoff, Lead, Offer, Reason, Stage, VerbRule
from leads.queries.pipeline import load_pipeline


@dataclass(frozen=True)
class StageRow:
    """A stage as the designer lists it: whether it is on the path, and how many leads stand in it."""

    stage: Stage
    leads: int
    is_on_path: bool
    side_of: Handoff | None


@dataclass(frozen=True)
class HandoffRow:
    """A hand-off as the designer lists it, with the offers that wait for an answer."""

    handoff: Handoff
    waiting: int


@dataclass(frozen=True)
class Design:
    """The whole pipeline as rows: the path, what is off it, what is out of use, the hand-offs."""

    pipeline: Pipeline
    stages: list[StageRow]
    detours: list[StageRow]
    unused: list[StageRow]
    handoffs: list[HandoffRow]


def read_design(*, user: User) -> Design:
    """The pipeline as it is now, with the leads and offers that `user` may see; few queries."""
    pipeline = load_pipeline()
    handoffs = list(
        Handoff.objects.select_related("offered", "accepted", "receiving_team", "calendar")
        .prefetch_related("escalate_to")
        .order_by("offered__position")
    )
    offers = Offer.objects.visible_to(user).pending()
    waiting = dict(offers.order_by().values_list("handoff").annotate(Count("pk")))
    rows = _stage_rows(pipeline, handoffs, user=user)
    return Design(
        pipeline=pipeline,
        stages=[row for row in rows if row.is_on_path],
        detours=[row for row in rows if row.stage.kind == Stage.Kind.DETOUR],
        unused=[row for row in rows if not row.is_on_path and row.stage.kind != Stage.Kind.DETOUR],
        handoffs=[HandoffRow(handoff, waiting.get(handoff.pk, 0)) for handoff in handoffs],
    )


def _stage_rows(pipeline: Pipeline, handoffs: list[Handoff], *, user: User) -> list[StageRow]:
    leads = Lead.objects.visible_to(user).order_by()
    standing = dict(leads.values_list("stage").annotate(Count("pk")))
    sides = {side: h for h in handoffs for side in (h.offered_id, h.accepted_id)}
    stages = Stage.objects.select_related("owning_team", "merged_into").order_by("position", "key")
    return [
        StageRow(
            stage=stage,
            leads=standing.get(stage.key, 0),
            is_on_path=pipeline.is_on_path(stage.key),
            side_of=sides.get(stage.key),
        )
        for stage in stages
    ]


@dataclass(frozen=True)
class Retirement:
    """What taking a stage off the path would mean: leads to move, and where they may go."""

    stage: Stage
    leads: int
    targets: list[tuple[str, str]]


def preview_retirement(*, stage: Stage) -> Retirement:
    """How many leads would move, and where to."""
    pipeline = load_pipeline()
    targets = [
        (key, pipeline.name(key))
        for key in pipeline.path
        if stage.key in pipeline.place
        and key != stage.key
        and pipeline.by_key[key].kind == stage.kind
        and not pipeline.awaits_answer(key)
        and pipeline.boundary_between(stage.key, key) is None
    ]
    return Retirement(
        stage=stage,
        leads=Lead.objects.filter(stage=stage.key).count(),
        targets=targets,
    )


@dataclass(frozen=True)
class VerbRow:
    """A verb with what it asks for and the reasons to choose from, those out of use last."""

    rule: VerbRule
    reasons: list[Reason]


def list_verbs() -> list[VerbRow]:
    """Every verb in the order of the path."""
    reasons: dict[str, list[Reason]] = {}
    for reason in Reason.objects.order_by("-is_active", "position"):
        reasons.setdefault(reason.verb, []).append(reason)
    order = "offer accept reject expire advance win lose recycle disqualify revive".split()
    rules = sorted(VerbRule.objects.all(), key=lambda rule: order.index(rule.verb))
    return [VerbRow(rule, reasons.get(rule.verb, [])) for rule in rules]
