"""What keeps a pipeline from working, in the sentence that its designer reads."""

from collections.abc import Sequence
from dataclasses import dataclass

from leads.engine.pipeline import DETOUR, RESTS, WON, HandoffSpec, Pipeline, StageSpec


@dataclass(frozen=True)
class Fault:
    """Why a pipeline cannot be: the sentence, and the field of the edit that it is about."""

    field: str
    sentence: str


def find_fault(pipeline: Pipeline) -> Fault | None:
    """The first thing that keeps this pipeline from working; None when nothing does."""
    used = [stage for stage in pipeline.stages if not stage.is_retired]
    return (
        _name_fault(used)
        or _position_fault(used)
        or next(filter(None, (_handoff_fault(h, pipeline) for h in pipeline.all_handoffs)), None)
        or _path_fault(pipeline)
        or _amount_fault(pipeline)
    )


def _name_fault(stages: Sequence[StageSpec]) -> Fault | None:
    for fact, words in (("name", "stage"), ("abbreviation", "stage with the short form")):
        seen: dict[str, StageSpec] = {}
        for stage in stages:
            said = str(getattr(stage, fact)).strip()
            if not said:
                return Fault(fact, "Give every stage a name and an abbreviation.")
            twin = seen.setdefault(said.casefold(), stage)
            if twin is not stage:
                return Fault(
                    fact,
                    f"There is a {words} “{getattr(twin, fact)}” already: choose another, so that "
                    "the two can be told apart.",
                )
    return None


def _position_fault(stages: Sequence[StageSpec]) -> Fault | None:
    taken: dict[int, StageSpec] = {}
    for stage in stages:
        other = taken.setdefault(stage.position, stage)
        if other is not stage:
            return Fault(
                "position", f"Position {stage.position} is taken twice: by “{other.name}” and "
                f"“{stage.name}”.",
            )  # fmt: skip
    return None


def _handoff_fault(handoff: HandoffSpec, pipeline: Pipeline) -> Fault | None:
    offered, accepted = pipeline.by_key[handoff.offered], pipeline.by_key[handoff.accepted]
    if not handoff.is_active:
        return None
    for side in (offered, accepted):
        if side.is_retired or side.kind == DETOUR:
            return Fault(
                "stage", f"“{side.name}” is a side of “{handoff.name}”: it must stay on the path."
            )
    if offered.position > accepted.position:
        return Fault(
            "position",
            f"“{accepted.name}” cannot stand before “{offered.name}”: leads of “{handoff.name}” "
            "would go in a circle.",
        )
    places = [pipeline.path.index(side.key) for side in (offered, accepted)]
    if places[1] != places[0] + 1:
        between = pipeline.name(pipeline.path[places[0] + 1])
        return Fault(
            "position",
            f"“{between}” cannot stand between “{offered.name}” and “{accepted.name}”, the two "
            f"sides of “{handoff.name}”.",
        )
    return None


def _path_fault(pipeline: Pipeline) -> Fault | None:
    kinds = [pipeline.by_key[key].kind for key in pipeline.path]
    if WON not in kinds:
        return Fault("stage", "The path needs a stage in which a lead is won.")
    if RESTS in kinds[kinds.index(WON) :]:
        name = pipeline.name(pipeline.path[kinds.index(RESTS, kinds.index(WON))])
        return Fault("position", f"“{name}” cannot stand behind the stage in which a lead is won.")
    first = pipeline.first_stage()
    if pipeline.requires(first):
        return Fault(
            "requires",
            f"New leads enter “{pipeline.name(first)}”, the first stage, whatever is known of them: "
            "it cannot require anything.",
        )
    if kinds[0] == WON or first in pipeline.offered_sides or first in pipeline.accepted_sides:
        return Fault(
            "position",
            f"The path cannot begin with “{pipeline.name(first)}”: new leads enter its first "
            "stage, and nobody has offered or won them yet.",
        )
    return None


def _amount_fault(pipeline: Pipeline) -> Fault | None:
    won = pipeline.won_stage()
    for key in pipeline.path[pipeline.place[won] + 1 :]:
        if "amount" in pipeline.requires(key):
            return Fault(
                "requires",
                f"“{pipeline.name(key)}” comes behind the win: no amount is expected any more.",
            )
    return None


def find_lost_win(before: Pipeline, after: Pipeline) -> Fault | None:
    """What an edit may not do besides: let leads be won in another stage than before."""
    won = before.won_stage()
    if after.won_stage() == won:
        return None
    return Fault(
        "position",
        f"“{after.name(after.won_stage())}” cannot stand before “{before.name(won)}”, where leads are "
        "won.",
    )
