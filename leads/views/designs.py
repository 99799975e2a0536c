"""The pipeline as a picture, for its own page and for earlier versions."""

from collections.abc import Mapping

from django.urls import reverse

from leadflow.core import charts
from leadflow.core.models import Team
from leadflow.core.templatetags.leadflow import duration, number
from leads.engine.pipeline import WON, HandoffSpec, Pipeline

NOBODY = "No team"


def draw(pipeline: Pipeline, standing: Mapping[str, int] | None = None) -> charts.PathChart:
    """The path through the lanes of its teams; with `standing`, how many leads are in each stage."""
    teams = dict(Team.objects.values_list("key", "name"))
    return charts.path_chart([_stop(key, pipeline, teams, standing) for key in pipeline.path])


def _stop(
    key: str, pipeline: Pipeline, teams: Mapping[str, str], standing: Mapping[str, int] | None
) -> charts.PathStop:
    stage = pipeline.by_key[key]
    handoff = pipeline.accepted_sides.get(key)
    is_side = handoff is not None or key in pipeline.offered_sides
    count = "" if standing is None else str(number(standing.get(key, 0)))
    return charts.PathStop(
        label=stage.abbreviation or stage.name,
        name=stage.name,
        lane=teams.get(stage.team, NOBODY),
        note=count,
        tone="good" if stage.kind == WON else "accent" if is_side else "neutral",
        href="" if standing is None else f"{reverse('leads:list')}?stage={key}",
        joined_by=clock_words(handoff) if handoff else "",
        is_handoff=handoff is not None,
    )


def clock_words(handoff: HandoffSpec) -> str:
    """A hand-off in a few signs: its target and its time to respond."""
    return f"{100 * handoff.target:g} % · {duration(60 * handoff.respond_within_minutes)}"
