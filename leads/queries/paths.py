"""The path as of a moment: where on it each stage stands, for figures and for the leads behind them."""

from collections.abc import Mapping
from datetime import datetime

from leads.engine.pipeline import Pipeline
from leads.models import Stage
from leads.queries.pipeline import pipeline_at


def stages_from(key: str, *, until: datetime | None) -> list[str]:
    """The stage `key` and those behind it on the path just before `until` (None = now); else []."""
    places = places_in(pipeline_at(until))
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
