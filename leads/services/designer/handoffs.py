"""Hand-offs: added between any two stages, switched on and off, given targets and clocks."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import Calendar, Team, User
from leads.engine import design
from leads.engine.pipeline import HandoffSpec, Pipeline
from leads.models import Handoff, Offer, PipelineVersion
from leads.services.designer.editing import edit
from leads.services.designer.stages import check_facts, new_stage

A_YEAR = 366 * 24 * 60  # minutes
SETTINGS = frozenset(
    "name target respond_within_minutes uses_business_time expire_after_minutes team calendar "
    "is_active".split()
)


@dataclass(frozen=True)
class Side:
    """One side of a new hand-off: the stage that will be created for it."""

    name: str
    abbreviation: str
    team: str = ""


def add_handoff(
    *,
    name: str,
    offered: Side,
    accepted: Side,
    after: str,
    by: User | None,
    at: datetime,
    escalate_to: Collection[int] = (),
    **settings: Any,
) -> PipelineVersion:
    """Put a hand-off on the path behind `after`, with the two stages it leads over.

    `settings` are those of `change_handoff`. Raises Invalid when both sides bear the same name.
    """
    _check_names(offered, accepted)
    facts = _check_settings(settings | {"name": name})
    chains: dict[str, Collection[int]] = {}

    def change(pipeline: Pipeline) -> Pipeline:
        key = design.free_key(name, {one.key for one in pipeline.all_handoffs}, otherwise="handoff")
        chains[key] = escalate_to
        first = new_stage(pipeline, offered.name, offered.abbreviation, **_team(offered))
        with_first = design.insert_stages(pipeline, [first], after=after)
        second = new_stage(with_first, accepted.name, accepted.abbreviation, **_team(accepted))
        handoff = HandoffSpec(id=0, key=key, offered=first.key, accepted=second.key, **facts)
        changed = design.add_handoff(pipeline, handoff, [first, second], after=after)
        _check_expiry(handoff, changed)
        return changed

    return edit(
        change=change,
        words=f"Added the hand-off “{name.strip()}”",
        by=by,
        at=at,
        escalate_to=chains,
    )


def _check_names(offered: Side, accepted: Side) -> None:
    if offered.name.strip().casefold() == accepted.name.strip().casefold():
        raise Invalid(
            f"Both sides would be called “{accepted.name.strip()}”. Give each its own name: a lead "
            "that is offered and one that is accepted could not be told apart.",
            field="accepted_name",
        )


def change_handoff(
    *,
    key: str,
    by: User | None,
    at: datetime,
    escalate_to: Collection[int] | None = None,
    **settings: Any,
) -> PipelineVersion:
    """Change a hand-off: name, target (0–1), respond_within_minutes, uses_business_time,
    expire_after_minutes (None: never), team and calendar (keys), is_active; `escalate_to` user ids.

    Raises Conflict when it is switched off while offers wait for an answer.
    """
    facts = _check_settings(settings)

    def change(pipeline: Pipeline) -> Pipeline:
        handoff = design.find_handoff(pipeline, key)
        if handoff.is_active and not facts.get("is_active", True):
            _check_answered(handoff, pipeline)
        changed = design.change_handoff(pipeline, key, **facts)
        if facts.get("is_active") and not handoff.is_active:
            changed = design.couple(changed, key)
        _check_expiry(design.find_handoff(changed, key), changed)
        return changed

    chains = {} if escalate_to is None else {key: escalate_to}
    return edit(change=change, words=_words(key, facts), by=by, at=at, escalate_to=chains)


def _check_answered(handoff: HandoffSpec, pipeline: Pipeline) -> None:
    waiting = Offer.objects.pending().filter(handoff=handoff.id).count()
    ways = "accepted" if pipeline.is_won(handoff.offered) else "answered or recycled"
    if waiting:
        raise Conflict(
            f"{waiting:,} {'offer waits' if waiting == 1 else 'offers wait'} for an answer over "
            f"“{handoff.name}”: have them {ways} first."
        )


def _check_expiry(handoff: HandoffSpec, pipeline: Pipeline) -> None:
    if handoff.expire_after_minutes is not None and pipeline.is_won(handoff.offered):
        raise Invalid(
            "Customers are not given back: an offer of them cannot expire.",
            field="expire_after_minutes",
        )


def _check_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings as facts of a HandoffSpec; raises Invalid naming what does not fit."""
    if unknown := set(settings) - SETTINGS:
        raise Invalid(f"A hand-off has no “{min(unknown)}” to change.", field=min(unknown))
    facts = dict(settings)
    if "name" in facts:
        facts["name"] = _name(facts["name"])
    if "target" in facts:
        facts["target"] = _share(facts["target"])
    _check_minutes(facts)
    if "team" in facts:
        facts["team_id"] = _id_of(Team, facts.pop("team"), "team")
    if "calendar" in facts:
        facts["calendar_id"] = _id_of(Calendar, facts.pop("calendar"), "calendar")
    return facts


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > 80:
        raise Invalid("A hand-off needs a name of at most 80 characters.", field="name")
    return name


def _share(target: Any) -> float:
    share = float(target)
    if not 0 <= share <= 1:
        raise Invalid("The target is a share from 0 to 100 %.", field="target")
    return round(share, 3)


def _check_minutes(facts: dict[str, Any]) -> None:
    respond = facts.get("respond_within_minutes", 1)
    if not 1 <= respond <= A_YEAR:
        raise Invalid(
            "The time to respond is from a minute to a year.", field="respond_within_minutes"
        )
    expire = facts.get("expire_after_minutes")
    if expire is not None and not 0 <= expire <= A_YEAR:
        raise Invalid("An offer expires within a year or never.", field="expire_after_minutes")


def _id_of(model: Any, key: str | None, field: str) -> int | None:
    if not key:
        return None
    found = model.objects.filter(key=key).values_list("pk", flat=True).first()
    if found is None:
        raise Invalid(f"There is no {field} “{key}”.", field=field)
    return int(found)


def _team(side: Side) -> dict[str, str]:
    facts = {"team": side.team}
    check_facts(facts)
    return facts


def _words(key: str, facts: dict[str, Any]) -> str:
    handoff = Handoff.objects.filter(key=key).first()
    if handoff is None:
        return ""
    if "is_active" in facts and facts["is_active"] != handoff.is_active:
        return f"Switched the hand-off “{handoff}” {'on' if facts['is_active'] else 'off'}"
    if "target" in facts and facts["target"] != float(handoff.target):
        old, new = 100 * float(handoff.target), 100 * facts["target"]
        return f"Changed the target of “{handoff}” from {old:g} % to {new:g} %"
    return f"Changed the hand-off “{handoff}”"
