"""The path as of a moment: where on it each stage stands, for figures and for the leads behind them."""

from collections.abc import Mapping
from datetime import datetime

from leads.engine.pipeline import HandoffSpec, Pipeline, StageSpec
from leads.models import Handoff, PipelineVersion, Stage


def stages_from(key: str, *, until: datetime | None) -> list[str]:
    """The stage `key` and those behind it on the path just before `until` (None = now); else []."""
    places = places_in(_path_until(until))
    if key not in places:
        return []
    return [stage for stage, place in places.items() if place >= places[key]]


def places_in(pipeline: Pipeline) -> Mapping[str, int]:
    """The place of every stage on the path of `pipeline`, also of stages created after it.

    A later stage has the place of the last stage of that path which stands before it in the order
    of now. Detours have no place.
    """
    places, last = dict(pipeline.place), 0
    for key, kind in Stage.objects.order_by("position", "key").values_list("key", "kind"):
        if pipeline.is_on_path(key):
            last = pipeline.place[key]
        elif key not in pipeline.by_key and kind != Stage.Kind.DETOUR:
            places[key] = last
    return places


def _path_until(moment: datetime | None) -> Pipeline:
    """The pipeline in effect just before `moment`: of now from its rows, older from its version."""
    if moment is not None:
        versions = PipelineVersion.objects.order_by("-number")
        kept = versions.exclude(content={})
        then = kept.filter(at__lt=moment).first() or kept.last()
        if then is not None and versions.filter(number__gt=then.number).exists():
            return Pipeline.from_content(then.number, then.content)
    return read_pipeline()


def read_pipeline() -> Pipeline:
    """The stages and hand-offs of now, as far as the path depends on them."""
    return Pipeline.build(
        version=0,
        stages=[
            StageSpec(
                key=stage.key,
                name=stage.name,
                kind=stage.kind,
                position=stage.position,
                is_retired=stage.retired_at is not None,
                merged_into=stage.merged_into_id or "",
                normal_days=stage.normal_days,
            )
            for stage in Stage.objects.all()
        ],
        handoffs=[
            HandoffSpec(
                id=handoff.pk,
                key=handoff.key,
                name=handoff.name,
                offered=handoff.offered_id,
                accepted=handoff.accepted_id,
                is_active=handoff.is_active,
            )
            for handoff in Handoff.objects.all()
        ],
    )
