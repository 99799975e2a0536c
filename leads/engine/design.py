"""Edits of a pipeline as pure functions: a pipeline in, another one out. Whether it can work is asked later."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from django.utils.text import slugify

from leadflow.core.errors import Invalid
from leads.engine.pipeline import DETOUR, RESTS, WON, HandoffSpec, Pipeline, StageSpec

LONGEST_KEY = 40
STRIDE = 10  # between two positions, so that a stage of a file or a program may go in between


def insert_stages(pipeline: Pipeline, stages: Sequence[StageSpec], *, after: str) -> Pipeline:
    """Put new stages behind `after` ("" = at the beginning); past the win they are won, too."""
    order = list(pipeline.stages)
    place = _place_behind(order, _behind_the_pair(pipeline, after))
    kind = WON if place and order[place - 1].kind == WON else RESTS
    order[place:place] = [replace(stage, kind=kind) for stage in stages]
    return replace(pipeline, stages=_numbered(order))


def change_stage(pipeline: Pipeline, key: str, **facts: Any) -> Pipeline:
    """The same with other facts about one stage."""
    find_stage(pipeline, key)
    stages = [replace(one, **facts) if one.key == key else one for one in pipeline.stages]
    return Pipeline.build(
        version=pipeline.version,
        stages=stages,
        handoffs=pipeline.all_handoffs,
        needing_reason=pipeline.needing_reason,
        needing_note=pipeline.needing_note,
    )


def change_handoff(pipeline: Pipeline, key: str, **facts: Any) -> Pipeline:
    """The same with other facts about one hand-off."""
    find_handoff(pipeline, key)
    handoffs = [replace(one, **facts) if one.key == key else one for one in pipeline.all_handoffs]
    return replace(pipeline, all_handoffs=tuple(handoffs))


def add_handoff(
    pipeline: Pipeline, handoff: HandoffSpec, sides: Sequence[StageSpec], *, after: str
) -> Pipeline:
    """A new hand-off with its two new stages behind `after`."""
    grown = insert_stages(pipeline, sides, after=after)
    return replace(grown, all_handoffs=(*pipeline.all_handoffs, handoff))


def couple(pipeline: Pipeline, key: str) -> Pipeline:
    """The accepted side of a hand-off right behind its offered one."""
    handoff = find_handoff(pipeline, key)
    order = [stage for stage in pipeline.stages if stage.key != handoff.accepted]
    place = next(n for n, stage in enumerate(order, 1) if stage.key == handoff.offered)
    order.insert(place, pipeline.by_key[handoff.accepted])
    return replace(pipeline, stages=_numbered(order))


def arrange(pipeline: Pipeline, keys: Sequence[str]) -> Pipeline:
    """The path in the order of `keys`; what is out of use stays behind what it stood behind.

    Raises Invalid naming a stage that is unknown, missing or named twice.
    """
    _check_complete(pipeline, keys)
    trains: dict[str, list[StageSpec]] = {"": []}
    last = ""
    detours = [stage for stage in pipeline.stages if stage.kind == DETOUR]
    for stage in pipeline.stages:
        if stage.kind == DETOUR:
            continue
        last = stage.key if pipeline.is_on_path(stage.key) else last
        trains.setdefault(last, []).append(stage)
    order = [stage for key in ("", *keys) for stage in trains[key]]
    return replace(pipeline, stages=_numbered([*order, *detours]))


def shift(pipeline: Pipeline, key: str, steps: int) -> Pipeline:
    """One stage further along the path, or back; the two sides of a hand-off move as one."""
    find_stage(pipeline, key)
    cars = _coupled(pipeline)
    place = next((n for n, car in enumerate(cars) if key in car), None)
    if place is None:
        raise Invalid(f"“{pipeline.name(key)}” is not on the path.", field="stage")
    target = min(max(place + steps, 0), len(cars) - 1)
    cars.insert(target, cars.pop(place))
    return arrange(pipeline, [stage for car in cars for stage in car])


def free_key(words: str, taken: Collection[str], *, otherwise: str) -> str:
    """A key made of a name that nobody has yet; `otherwise` where the name has no letter for one."""
    base = slugify(words).replace("-", "_")[:LONGEST_KEY] or otherwise
    numbered = (f"{base[: LONGEST_KEY - 5]}_{number}" for number in count(2))
    return base if base not in taken else next(key for key in numbered if key not in taken)


def find_stage(pipeline: Pipeline, key: str, *, field: str = "stage") -> StageSpec:
    """A stage by its key; raises Invalid naming it when there is none."""
    stage = pipeline.by_key.get(key)
    if stage is None:
        raise Invalid(f"There is no stage “{key[:40]}”.", field=field)
    return stage


def find_handoff(pipeline: Pipeline, key: str) -> HandoffSpec:
    """A hand-off by its key; raises Invalid naming it when there is none."""
    found = next((one for one in pipeline.all_handoffs if one.key == key), None)
    if found is None:
        raise Invalid(f"There is no hand-off “{key[:40]}”.", field="handoff")
    return found


def _behind_the_pair(pipeline: Pipeline, after: str) -> str:
    """The accepted side instead of the offered one where their hand-off is off: they stay a pair."""
    for handoff in pipeline.all_handoffs:
        if handoff.offered == after and not handoff.is_active:
            return handoff.accepted
    return after


def _place_behind(order: Sequence[StageSpec], after: str) -> int:
    if not after:
        return 0
    for place, stage in enumerate(order, 1):
        if stage.key == after and stage.kind != DETOUR and not stage.is_retired:
            return place
    raise Invalid(f"“{after[:40]}” is no stage of the path.", field="after")


def _numbered(stages: Iterable[StageSpec]) -> tuple[StageSpec, ...]:
    return tuple(replace(one, position=STRIDE * n) for n, one in enumerate(stages, 1))


def _coupled(pipeline: Pipeline) -> list[list[str]]:
    """The path with the two sides of a hand-off together."""
    cars: list[list[str]] = []
    for key in pipeline.path:
        handoff = pipeline.accepted_sides.get(key)
        if handoff and cars and handoff.offered in cars[-1]:
            cars[-1].append(key)
        else:
            cars.append([key])
    return cars


def _check_complete(pipeline: Pipeline, keys: Sequence[str]) -> None:
    for key in keys:
        find_stage(pipeline, key, field="order")
        if not pipeline.is_on_path(key):
            raise Invalid(f"“{pipeline.name(key)}” is not on the path.", field="order")
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice:
        raise Invalid(f"“{pipeline.name(twice)}” is named twice.", field="order")
    missing = next((key for key in pipeline.path if key not in keys), None)
    if missing:
        raise Invalid(f"“{pipeline.name(missing)}” is missing in this order.", field="order")
