"""Where the funnel leaks: leads that are stuck or forgotten, told once for the list and the figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads.engine.pipeline import RECYCLED, Pipeline
from leads.models import Offer, Stage, StageChange
from leads.queries.pipeline import load_pipeline

BOUNCES_WITHIN_DAYS = 180
BOUNCES = 2
CAME_BACK = ("reject", "expire", "recycle", "lose")  # after these a lead was on its way no more
ANY = "any"


@dataclass(frozen=True)
class Leak:
    """One kind of leak: its key, its name, and which leads it means in a pipeline at a moment."""

    key: str
    name: str
    find: Callable[[Pipeline, datetime], Q]


def find_leaks(*, at: datetime) -> Mapping[str, Q]:
    """The condition on leads of every kind of leak as of `at`, by its key."""
    pipeline = load_pipeline()
    living = Q(erased_at=None)  # nobody can be got moving again who was erased
    return {leak.key: living & leak.find(pipeline, at) for leak in LEAKS}


def find_leak(kind: str, *, at: datetime) -> Q:
    """The condition on leads of one kind, or of "any"; raises Invalid naming the kinds."""
    conditions = find_leaks(at=at)
    if kind == ANY:
        return reduce(or_, conditions.values())
    if kind not in conditions:
        known = ", ".join(conditions)
        raise Invalid(
            f"“{kind[:40]}” is no kind of leak. Choose one of: {known}, {ANY}.", field="leak"
        )
    return conditions[kind]


def watched_stages() -> dict[str, bool]:
    """Stages in which a lead can leak, in their order, and whether each is in use now."""
    pipeline = load_pipeline()
    moving = {key: pipeline.is_on_path(key) for key in _moving(pipeline)}
    return moving | {key: True for key in pipeline.by_key if key == RECYCLED}


def leak_words(kind: str) -> str:
    """The name of a kind as people know it."""
    return {leak.key: leak.name for leak in LEAKS}.get(kind, "leaking somewhere")


def _stuck(pipeline: Pipeline, at: datetime) -> Q:
    """Longer in a stage than is normal there; a stage without a normal time holds nobody up."""
    late = Q(pk__in=[])
    for key in _moving(pipeline):
        days = pipeline.by_key[key].normal_days
        if days is not None:
            late |= Q(stage=key, stage_since__lt=at - timedelta(days=days))
    return late


def _unowned(pipeline: Pipeline, at: datetime) -> Q:
    """Owned by nobody: accepted by a team, or offered and not given to anybody either."""
    worked = [key for key in _moving(pipeline) if pipeline.can_lose(key)]
    waiting = _waiting(pipeline, Offer.objects.filter(assignee=None))
    return Q(owner=None) & (Q(stage__in=worked) | waiting)


def _absent(pipeline: Pipeline, at: datetime) -> Q:
    """The owner, or who should answer the offer, is away at `at` or does not work here any more."""
    away = User.objects.exclude(
        pk__in=User.objects.get_queryset().available(at).values("pk")
    ).order_by()
    owned = Q(stage__in=_moving(pipeline), owner__in=away.values("pk"))
    return owned | _waiting(pipeline, Offer.objects.filter(assignee__in=away.values("pk")))


def _bouncing(pipeline: Pipeline, at: datetime) -> Q:
    """On the way again after it came back or was lost at least twice in half a year."""
    corrected = StageChange.objects.filter(corrects=OuterRef("pk"), corrects__isnull=False)
    detours = [stage.key for stage in pipeline.stages if stage.kind == Stage.Kind.DETOUR]
    back = StageChange.objects.filter(
        ~Exists(corrected),
        to_stage__in=detours,  # the index knows stage and time
        verb__in=CAME_BACK,
        at__gte=at - timedelta(days=BOUNCES_WITHIN_DAYS),
        at__lte=at,
    )
    often = back.order_by().values("lead").annotate(times=Count("pk")).filter(times__gte=BOUNCES)
    return Q(stage__in=_moving(pipeline), pk__in=often.values("lead"))


def _unusable(pipeline: Pipeline, at: datetime) -> Q:
    """Nobody can reach them: no address and no number, or sales found the last offer unusable."""
    later = Offer.objects.filter(lead=OuterRef("lead"), pk__gt=OuterRef("pk"))
    bad = Offer.objects.filter(~Exists(later), outcome=Offer.Outcome.REJECTED, reason="bad_data")
    reachable_by_nothing = Q(email="", phone="")
    return Q(stage__in=[*_moving(pipeline), RECYCLED]) & (
        reachable_by_nothing | Q(pk__in=bad.order_by().values("lead"))
    )


def _moving(pipeline: Pipeline) -> list[str]:
    """Stages where a lead is still on its way: open ones, and won ones that await an answer."""
    return [
        stage.key
        for stage in pipeline.stages
        if pipeline.is_open(stage.key) or pipeline.awaits_answer(stage.key)
    ]


def _waiting(pipeline: Pipeline, offers: QuerySet[Offer]) -> Q:
    waiting = offers.filter(outcome=Offer.Outcome.PENDING).order_by()
    return Q(stage__in=_moving(pipeline), pk__in=waiting.values("lead"))


LEAKS = (
    Leak("stuck", "Stuck", _stuck),
    Leak("unowned", "Nobody’s", _unowned),
    Leak("absent", "With somebody absent", _absent),
    Leak("bouncing", "Back and forth", _bouncing),
    Leak("unusable", "Unreachable", _unusable),
)
