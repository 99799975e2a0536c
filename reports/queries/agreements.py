"""What was agreed for each hand-off, and how it was called, as of the end of a period."""

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from leads import queries as leads
from leads.models import Handoff, PipelineVersion
from leads.queries import Pipeline
from reports.queries.path import PathStage


@dataclass(frozen=True)
class Agreements:
    """Hand-offs as of the end of a period; targets also as of earlier moments in it.

    What was created after that end is told as it is now.
    """

    then: Pipeline
    began: tuple[datetime, ...]
    kept: dict[int, Pipeline] = field(default_factory=dict)

    @cached_property
    def now(self) -> Pipeline:
        """The pipeline as it is now, read when somebody asks for what is new in it."""
        return leads.load_pipeline()

    def is_active(self, key: str) -> bool:
        """Whether a hand-off was switched on."""
        return any(one.key == key for one in self.then.handoffs)

    def name(self, row: Handoff) -> str:
        """What a hand-off was called."""
        return str(self._spec(self.then, row.key).name)

    def target(self, key: str, until: datetime | None = None) -> float:
        """The agreed acceptance (0–1), as of the end of the period or just before `until`."""
        return float(self._spec(self._pipeline(until) if until else self.then, key).target)

    def stage(self, key: str) -> PathStage:
        """A side of a hand-off as it was called."""
        stage = self.then.by_key.get(key) or self.now.by_key[key]
        return PathStage(stage.key, stage.name, stage.abbreviation, stage.kind)

    def _spec(self, pipeline: Pipeline, key: str) -> Any:
        found = (one for one in pipeline.all_handoffs if one.key == key)
        return next(found, None) or next(one for one in self.now.all_handoffs if one.key == key)

    def _pipeline(self, until: datetime) -> Pipeline:
        """One reading for all moments of the same version."""
        version = bisect_left(self.began, until)
        if version not in self.kept:
            self.kept[version] = leads.pipeline_at(until)
        return self.kept[version]


def load_agreements(until: datetime | None) -> Agreements:
    """What was in effect just before `until`; None = now."""
    began = PipelineVersion.objects.order_by("at").values_list("at", flat=True)
    return Agreements(then=leads.pipeline_at(until), began=tuple(began))
