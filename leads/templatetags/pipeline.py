"""Tags that show where a lead stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.template import Library

from leads.models import Stage

register = Library()


@register.filter
def entry(rows: Mapping[Any, Any], key: Any) -> Any:
    """The row of a mapping: {{ stages|entry:lead.stage }}; None when it has none."""
    return rows.get(key)


@register.filter
def in_words(key: str | None) -> str:
    """A key as people read it: organic_search → organic search."""
    return (key or "").replace("_", " ")


@dataclass(frozen=True)
class Stop:
    """A stage in the picture of the path; geometry in per cent of its width."""

    stage: Stage
    x: str
    x_from: str
    is_first: bool
    is_passed: bool
    is_current: bool


@register.simple_tag
def path_stops(path: list[Stage], current: str, reached: str) -> list[Stop]:
    """The stages of the path from left to right; passed up to `reached`, the furthest so far."""
    keys = [stage.key for stage in path]
    furthest = keys.index(reached) if reached in keys else -1
    width = 100 / max(len(path), 1)
    return [
        Stop(
            stage=stage,
            x=f"{width * (place + 0.5):.2f}%",
            x_from=f"{width * (place - 0.5):.2f}%",
            is_first=place == 0,
            is_passed=place <= furthest,
            is_current=stage.key == current,
        )
        for place, stage in enumerate(path)
    ]
