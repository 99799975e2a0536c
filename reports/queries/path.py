"""The path that figures are told along, with the words for its stages as they were then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from leads import queries as lead_queries
from leads import services as leads


@dataclass(frozen=True)
class PathStage:
    """A stage as it was called then."""

    key: str
    name: str
    abbreviation: str
    kind: str


@dataclass(frozen=True)
class Path:
    """Stages of the path in order; `places` also knows stages that are not in use on it."""

    stages: tuple[PathStage, ...]
    places: Mapping[str, int]
    offered: str
    won: str

    def stage(self, key: str) -> PathStage:
        """A stage of the path by its key."""
        return next(stage for stage in self.stages if stage.key == key)


def load_path(until: datetime | None) -> Path:
    """The path that was in effect just before `until`, the one of now for None.

    A report of a past period keeps its stages and its figures, whatever is changed later.
    """
    pipeline = leads.pipeline_at(until)
    stages = (pipeline.by_key[key] for key in pipeline.path)
    return Path(
        stages=tuple(PathStage(one.key, one.name, one.abbreviation, one.kind) for one in stages),
        places=lead_queries.places_in(pipeline),
        offered=pipeline.handoffs[0].offered if pipeline.handoffs else pipeline.first_stage(),
        won=pipeline.won_stage(),
    )
