"""Where leads are stuck or forgotten now: kind by stage, by the conditions that the list uses."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count

from leadflow.core.models import User
from leadflow.core.shares import share
from leads import queries as lead_queries
from leads.models import Lead, Stage


@dataclass(frozen=True)
class LeakStage:
    """The leads that stand in one stage, and how many of them leak, by kind of leak."""

    key: str
    name: str
    abbreviation: str
    normal_days: int | None
    standing: int = 0
    leaking: int = 0
    by_kind: Mapping[str, int] | None = None

    def leads(self, kind: str) -> int:
        """Leads that leak here in one way."""
        return (self.by_kind or {}).get(kind, 0)

    @property
    def leaking_share(self) -> float | None:
        """Leads that leak in any way ÷ leads that stand here."""
        return share(self.leaking, self.standing)


@dataclass(frozen=True)
class LeakReport:
    """Every watched stage in its order; a lead may leak in several ways and counts once in all."""

    at: datetime
    stages: tuple[LeakStage, ...]

    @property
    def standing(self) -> int:
        """Leads that were looked at."""
        return sum(stage.standing for stage in self.stages)

    @property
    def leaking(self) -> int:
        """Leads that leak in any way."""
        return sum(stage.leaking for stage in self.stages)

    def leads(self, kind: str) -> int:
        """Leads that leak in one way."""
        return sum(stage.leads(kind) for stage in self.stages)

    @property
    def worst(self) -> LeakStage | None:
        """The stage with the largest share of leaking leads; None when nothing leaks."""
        leaking = [stage for stage in self.stages if stage.leaking]
        return max(leaking, key=lambda stage: stage.leaking_share or 0, default=None)


def leaks(*, user: User | None, at: datetime) -> LeakReport:
    """How many leads leak as of `at`, by stage and kind: one statement over the visible leads."""
    watched = lead_queries.watched_stages()
    counted = _count(watched, user=user, at=at)
    stages = Stage.objects.in_bulk(list(watched))
    shown = [stages[key] for key, is_in_use in watched.items() if is_in_use or key in counted]
    return LeakReport(
        at=at,
        stages=tuple(
            LeakStage(
                stage.key,
                stage.name,
                stage.abbreviation,
                stage.normal_days,
                *counted.get(stage.key, ()),
            )
            for stage in shown
        ),
    )


# standing, leaking, by kind
Counted = tuple[int, int, Mapping[str, int]]


def _count(stages: Collection[str], *, user: User | None, at: datetime) -> Mapping[str, Counted]:
    conditions = lead_queries.find_leaks(at=at)
    wanted = {"leaking": reduce(or_, conditions.values()), **conditions}
    counts: dict[str, Any] = {name: Count("pk", filter=one) for name, one in wanted.items()}
    counts["standing"] = Count("pk")
    leads = Lead.objects.visible_to(user) if user else Lead.objects.all()
    by_stage = leads.filter(stage__in=list(stages)).order_by().values("stage").annotate(**counts)
    names = ("stage", "standing", "leaking", *conditions)
    rows: Iterable[tuple[Any, ...]] = by_stage.values_list(*names)
    return {
        stage: (standing, leaking, dict(zip(conditions, by_kind, strict=True)))
        for stage, standing, leaking, *by_kind in rows
    }
