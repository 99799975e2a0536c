"""The path that figures are told along, with the words for its stages."""

from collections.abc import Mapping
from dataclasses import dataclass

from leads import services as leads
from leads.models import Stage


@dataclass(frozen=True)
class Path:
    """Stages of the path in order; `places` also knows stages that are not in use any more."""

    stages: tuple[Stage, ...]
    places: Mapping[str, int]
    offered: str
    won: str

    def stage(self, key: str) -> Stage:
        """A stage of the path by its key."""
        return next(stage for stage in self.stages if stage.key == key)


def load_path() -> Path:
    """The path as it is now; a stage out of use counts for the last one before it."""
    pipeline = leads.load_pipeline()
    rows = {stage.key: stage for stage in Stage.objects.order_by("position")}
    stages = tuple(rows[key] for key in pipeline.path)
    places = {key: _place(row, stages) for key, row in rows.items()}
    return Path(
        stages=stages,
        places={key: place for key, place in places.items() if place is not None},
        offered=pipeline.handoffs[0].offered if pipeline.handoffs else pipeline.first_stage(),
        won=pipeline.won_stage(),
    )


def _place(row: Stage, stages: tuple[Stage, ...]) -> int | None:
    """Place of the last path stage that stands at or before `row`; None for detours."""
    if row.kind == Stage.Kind.DETOUR:
        return None
    passed = [place for place, stage in enumerate(stages) if stage.position <= row.position]
    return max(passed, default=None)
