"""Reading the agreements between teams: versions in words, what differs, what was done with them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from leadflow.core.errors import Invalid
from leads import queries as leads
from leads.models import Handoff, Segment
from scoring.engine.definitions import NEVER
from scoring.models import LeadDefinition
from scoring.queries.definitions import in_effect, parts_of

State = LeadDefinition.State
LIVE = (State.SIGNED, State.AGREED, State.DRAFT)  # in effect, or about to be
PEOPLE = ("author", "signed_by_marketing", "signed_by_sales")


def current_definition(handoff_key: str) -> LeadDefinition | None:
    """The agreement in effect for a hand-off; None where nobody has agreed on one."""
    return in_effect().filter(handoff__key=handoff_key).first()


def definition_versions() -> QuerySet[LeadDefinition]:
    """Every version with its hand-off and its people, newest first."""
    versions = LeadDefinition.objects.select_related(
        "handoff__offered", "handoff__accepted", *PEOPLE
    )
    return versions.order_by("handoff__offered__position", "-version")


def definitions_naming(stage: str) -> list[str]:
    """Definitions, in words, that are in effect or about to be and name a stage."""
    return _unique(
        f"the lead definition of “{one.handoff}”"
        for one in _live()
        if any(stage in leads.values_of(part, "stage") for part in parts_of(one))
    )


def definitions_using_segments() -> dict[str, list[str]]:
    """Definitions, in words, that are in effect or about to be, by the keys of segments they ask for."""
    found = leads.uses_in(
        (part, f"the lead definition of “{one.handoff}”")
        for one in _live()
        for part in parts_of(one)
    )
    return {key: _unique(words) for key, words in found.items()}


def _live() -> QuerySet[LeadDefinition]:
    return LeadDefinition.objects.filter(state__in=LIVE).select_related("handoff")


def _unique(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


@dataclass(frozen=True)
class Agreement:
    """A hand-off with the version in effect, what was agreed for later, what is proposed, and the past."""

    handoff: Handoff
    current: LeadDefinition | None
    agreed: LeadDefinition | None
    draft: LeadDefinition | None
    versions: list[LeadDefinition]


def agreements() -> list[Agreement]:
    """Every hand-off that is switched on with its versions, newest first."""
    by_handoff: dict[int, list[LeadDefinition]] = {}
    for definition in definition_versions():
        by_handoff.setdefault(definition.handoff_id, []).append(definition)
    handoffs = Handoff.objects.filter(is_active=True).select_related("offered", "accepted")
    return [_agreement(handoff, by_handoff.get(handoff.pk, [])) for handoff in handoffs]


def _agreement(handoff: Handoff, versions: list[LeadDefinition]) -> Agreement:
    by_state = {one.state: one for one in versions}
    return Agreement(
        handoff=handoff,
        current=by_state.get(State.SIGNED),
        agreed=by_state.get(State.AGREED),
        draft=by_state.get(State.DRAFT),
        versions=versions,
    )


def clauses(condition: Mapping[str, Any]) -> list[str]:
    """What a condition asks for, one sentence a part that has to be true."""
    return [_say(part) for part in condition.get("all", [condition])]


def alternatives(condition: Mapping[str, Any]) -> list[str]:
    """What is enough to fulfil a condition, one sentence a part; none where it is true of nobody."""
    return [] if condition == NEVER else [_say(part) for part in condition.get("any", [condition])]


def _say(condition: Mapping[str, Any]) -> str:
    """A condition in words, also one whose fields have gone."""
    try:
        return leads.describe(condition)
    except Invalid as error:
        return f"something that cannot be asked any more: {error}"


def find_fault(definition: LeadDefinition) -> str:
    """Why a definition cannot be followed (any more); empty when it can."""
    try:
        check_terms(definition.handoff, parts_of(definition))
    except Invalid as error:
        return str(error)
    return ""


def check_terms(handoff: Handoff, parts: Collection[Mapping[str, Any]]) -> None:
    """Raise Invalid for what nobody can be asked, and for what goes round in a circle."""
    for name, part in zip(("condition", "hand_raise", "exclusions"), parts, strict=True):
        try:
            leads.compile_condition(part)
            if name != "exclusions":
                _check_no_circle(handoff, part)
        except leads.Misfit as error:
            raise leads.Misfit(str(error), field=name, path=error.path) from None


def _check_no_circle(handoff: Handoff, condition: Mapping[str, Any]) -> None:
    """A definition decides who comes into the offered stage: it cannot ask who has been there."""
    ahead = {handoff.offered_id: handoff.offered, handoff.accepted_id: handoff.accepted}
    for through, asked in _asked(condition):
        for stage in leads.values_of(asked, "stage") & set(ahead):
            raise leads.Misfit(
                f"This definition decides who becomes “{ahead[stage].name}”; it cannot ask{through} "
                f"whether somebody is in “{ahead[stage].name}” already."
            )


def _asked(condition: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A condition, and those of the segments that it asks for, through whichever others."""
    yield "", condition
    waiting = [("", key) for key in leads.values_of(condition, "segment")]
    if not waiting:
        return
    segments = {one.key: one for one in Segment.objects.active()}
    seen: set[Any] = set()
    while waiting:
        through, key = waiting.pop()
        if key in seen or key not in segments:
            continue
        seen.add(key)
        through = through or f", through the segment “{segments[key].name}”,"
        yield through, segments[key].condition
        waiting += [(through, one) for one in leads.values_of(segments[key].condition, "segment")]


TERMS = (
    ("condition", "all", "asks that"),
    ("hand_raise", "any", "takes as asking for it that"),
    ("exclusions", "any", "leaves out who"),
)


def definition_differences(old: LeadDefinition, new: LeadDefinition) -> list[str]:
    """What a version says otherwise than one before it, in sentences."""
    found = []
    for name, key, verb in TERMS:
        before, after = (getattr(one, name) for one in (old, new))
        gone = [part for part in before.get(key, [before]) if part not in after.get(key, [after])]
        for part in after.get(key, [after]):
            if part not in before.get(key, [before]):
                was = next((one for one in gone if _is_about_the_same(one, part)), None)
                ends = f"; until now: {_say(was)}" if was else ""
                found.append(f"Now {verb}: {_say(part)}{ends}")
                gone = [one for one in gone if one is not was]
        found += [f"No longer {verb}: {_say(part)}" for part in gone]
    return found


def _is_about_the_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two questions differ in what they compare with only."""
    return "field" in one and all(one.get(name) == other.get(name) for name in ("field", "op"))
