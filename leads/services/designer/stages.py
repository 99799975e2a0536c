"""Stages: added, renamed, put in order, retired, merged."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from leadflow.core.errors import Conflict, DomainError, Invalid
from leadflow.core.models import Team, User
from leadflow.core.parts import stage_uses
from leads.engine import design
from leads.engine.pipeline import DETOUR, Pipeline, StageSpec
from leads.models import Activity, Lead, PipelineVersion, Stage
from leads.queries.pipeline import load_pipeline
from leads.queries.requirements import REQUIREMENTS
from leads.services.designer.editing import edit


def add_stage(
    *, name: str, abbreviation: str, after: str, by: User | None, at: datetime, **facts: Any
) -> PipelineVersion:
    """Put a new stage on the path behind `after` ("" = where the path begins).

    `facts`: team (key), requires, normal_days. Raises Invalid naming the field that does not fit.
    """
    check_facts(facts)

    def change(pipeline: Pipeline) -> Pipeline:
        stage = new_stage(pipeline, name, abbreviation, **facts)
        return design.insert_stages(pipeline, [stage], after=after)

    return edit(change=change, words=f"Added the stage “{name}”", by=by, at=at)


def change_stage(*, key: str, by: User | None, at: datetime, **facts: Any) -> PipelineVersion:
    """Change what is known of a stage: name, abbreviation, team, requires, normal_days, position,
    and for a detour `revives_on`. The key stays, and with it all history.
    """
    check_facts(facts)

    def change(pipeline: Pipeline) -> Pipeline:
        stage = design.find_stage(pipeline, key)
        _check_detour(stage, facts)
        return design.change_stage(pipeline, key, **_cleaned(facts))

    return edit(change=change, words=_words(key, facts), by=by, at=at)


def order_stages(*, keys: Sequence[str], by: User | None, at: datetime) -> PipelineVersion:
    """Put the path in the order of `keys`: every stage of it, each once."""
    return edit(
        change=lambda pipeline: design.arrange(pipeline, keys),
        words="Put the stages in another order",
        by=by,
        at=at,
    )


def shift_stage(*, key: str, steps: int, by: User | None, at: datetime) -> PipelineVersion:
    """Move a stage along the path; the two sides of a hand-off move as one."""

    def change(pipeline: Pipeline) -> Pipeline:
        return design.shift(pipeline, key, steps)

    return edit(change=change, words=f"Moved the stage “{name_of(key)}”", by=by, at=at)


def retire_stage(
    *, key: str, by: User | None, at: datetime, merge_into: str = ""
) -> PipelineVersion:
    """Take a stage off the path; its leads go on in `merge_into`, which one that has leads needs.

    Raises Conflict saying what still holds on to the stage. The leads are moved by `move_merged`.
    """

    def change(pipeline: Pipeline) -> Pipeline:
        _check_free(pipeline, key, merge_into)
        return design.change_stage(pipeline, key, is_retired=True, merged_into=merge_into)

    words = f"Took the stage “{name_of(key)}” off the path"
    if merge_into:
        words = f"Merged the stage “{name_of(key)}” into “{name_of(merge_into)}”"
    return edit(change=change, words=words, by=by, at=at)


def retirement_refused(*, key: str) -> str:
    """Why a stage cannot be taken off the path at all, in a sentence; empty when it can."""
    try:
        _check_held(load_pipeline(), key)
    except DomainError as error:
        return str(error)
    return ""


def _check_free(pipeline: Pipeline, key: str, into: str) -> None:
    _check_held(pipeline, key)
    stage = design.find_stage(pipeline, key)
    if into:
        _check_target(pipeline, stage, into)
    elif count := Lead.objects.filter(stage=key).count():
        raise Conflict(
            f"{count:,} {'lead stands' if count == 1 else 'leads stand'} in “{stage.name}”: "
            "choose a stage to merge it into."
        )


def _check_held(pipeline: Pipeline, key: str) -> None:
    """Raise when something holds on to the stage, wherever its leads could go."""
    stage = design.find_stage(pipeline, key)
    if stage.is_retired:
        raise Conflict(f"“{stage.name}” is out of use already.")
    if stage.kind == DETOUR:
        raise Invalid(f"LeadFlow itself needs “{stage.name}”: give it another name.", field="stage")
    if key == pipeline.won_stage():
        raise Invalid(f"“{stage.name}” is where leads are won: rename it instead.", field="stage")
    for handoff in pipeline.handoffs:
        if key in {handoff.offered, handoff.accepted}:
            raise Conflict(
                f"“{stage.name}” is a side of the hand-off “{handoff.name}”: switch that off first."
            )
    if uses := [words for find in stage_uses.values() for words in find(key)]:
        raise Conflict(f"“{stage.name}” is still named by {', '.join(uses[:5])}. Change it there.")


def _check_target(pipeline: Pipeline, stage: StageSpec, into: str) -> None:
    target = design.find_stage(pipeline, into, field="merge_into")
    if into == stage.key or not pipeline.is_on_path(into):
        raise Invalid(f"“{target.name}” cannot take these leads.", field="merge_into")
    if target.kind != stage.kind:
        won = target.name if target.kind != DETOUR else stage.name
        raise Invalid(f"Leads of “{stage.name}” cannot become “{won}” unseen.", field="merge_into")
    if pipeline.awaits_answer(into):
        raise Invalid(
            f"“{target.name}” waits for an answer: leads get there by being offered.",
            field="merge_into",
        )
    if handoff := pipeline.boundary_between(stage.key, into):
        raise Invalid(
            f"“{handoff.name}” lies between “{stage.name}” and “{target.name}”: leads cross it by "
            "being offered and accepted.",
            field="merge_into",
        )
    _check_known(stage, target)


def _check_known(stage: StageSpec, target: StageSpec) -> None:
    """Raise when leads lack what the stage they would be merged into requires."""
    for name in target.requires:
        lacking = Lead.objects.filter(stage=stage.key).exclude(REQUIREMENTS[name].known).count()
        if lacking:
            raise Conflict(
                f"{lacking:,} of the leads lack what “{target.name}” requires: "
                f"{REQUIREMENTS[name].label.lower()}."
            )


def new_stage(pipeline: Pipeline, name: str, abbreviation: str, **facts: Any) -> StageSpec:
    """A stage that no row has yet, with a key made of its name."""
    key = design.free_key(name, pipeline.by_key, otherwise="stage")
    said = _cleaned(facts | {"name": name, "abbreviation": abbreviation})
    return StageSpec(key=key, kind="", position=0, **said)


def name_of(key: str) -> str:
    """A stage's name for the words of a version; the key when nobody knows it."""
    return Stage.objects.filter(key=key).values_list("name", flat=True).first() or key


def check_facts(facts: dict[str, Any]) -> None:
    """Raise Invalid naming the field of a stage that does not fit."""
    if unknown := set(facts) - CHANGEABLE:
        raise Invalid(f"A stage has no “{min(unknown)}” to change.", field=min(unknown))
    for name in facts.get("requires") or ():
        if name not in REQUIREMENTS:
            raise Invalid(f"“{name}” is nothing that a stage can require.", field="requires")
    for kind in facts.get("revives_on") or ():
        if kind not in Activity.Kind.values:
            raise Invalid(f"“{kind}” is no kind of activity.", field="revives_on")
    team = facts.get("team")
    if team and not Team.objects.filter(key=team).exists():
        raise Invalid(f"There is no team “{team}”.", field="team")


CHANGEABLE = frozenset("name abbreviation team requires normal_days revives_on position".split())


def _cleaned(facts: dict[str, Any]) -> dict[str, Any]:
    cleaned = dict(facts)
    if "name" in facts:
        cleaned["name"] = _name(facts["name"])
    if "abbreviation" in facts:
        cleaned["abbreviation"] = _abbreviation(facts["abbreviation"])
    for name in ("requires", "revives_on"):
        if name in facts:
            cleaned[name] = tuple(dict.fromkeys(facts[name]))
    return cleaned


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > 80:
        raise Invalid("A stage needs a name of at most 80 characters.", field="name")
    return name


def _abbreviation(text: str) -> str:
    short = " ".join(text.split())
    if not short or len(short) > 10:
        raise Invalid("An abbreviation has 1 to 10 characters.", field="abbreviation")
    return short


def _check_detour(stage: StageSpec, facts: dict[str, Any]) -> None:
    if stage.is_retired:
        raise Conflict(f"“{stage.name}” is out of use.")
    is_detour = stage.kind == DETOUR
    if facts.get("revives_on") and not is_detour:
        raise Invalid("Only leads off the path can be revived.", field="revives_on")
    if facts.get("requires") and is_detour:
        raise Invalid("What leaves the path needs a reason, not facts.", field="requires")


def _words(key: str, facts: dict[str, Any]) -> str:
    old = name_of(key)
    if facts.get("name", old) != old:
        return f"Renamed the stage “{old}” to “{facts['name']}”"
    return f"Changed the stage “{old}”"
