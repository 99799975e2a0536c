"""Lead definitions as values: their thresholds, read and changed."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from leadflow.core.errors import Invalid

ALWAYS: Mapping[str, Any] = {"all": []}
NEVER: Mapping[str, Any] = {"any": []}
FADES = frozenset({"score", "engagement"})
GRADES = frozenset(f"{fit}{engagement}" for fit in "ABC" for engagement in "123")
TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "gte": operator.ge,
    "lte": operator.le,
    "gt": operator.gt,
    "lt": operator.lt,
    "eq": operator.eq,
    "ne": operator.ne,
    "in": lambda value, several: value in several,
    "none": lambda value, several: value not in several,
    "known": lambda value, _: value != "",
    "unknown": lambda value, _: value == "",
}


def threshold(condition: Mapping[str, Any]) -> int | None:
    """The score that a definition asks for; None when it asks for none."""
    test = _find(condition)
    return int(test["value"]) if test else None


def with_threshold(condition: Mapping[str, Any], points: int) -> dict[str, Any]:
    """The same condition with another score asked for; raises Invalid when it asks for none."""
    if _find(condition) is None:
        raise Invalid("This definition asks for no score, so there is no threshold to change.")
    return _replace(condition, points)


def assume(condition: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What is left to ask of a condition once fields have these values; ALWAYS or NEVER at the end."""
    for key, idle, decisive in (("all", ALWAYS, NEVER), ("any", NEVER, ALWAYS)):
        if key in condition:
            parts = [assume(part, values) for part in condition[key]]
            left = [part for part in parts if part != idle]
            return dict(decisive) if decisive in left else {key: left}
    if "not" in condition:
        return _negate(assume(condition["not"], values))
    name = str(condition.get("field"))
    if name not in values:
        return dict(condition)
    return dict(ALWAYS if TESTS[condition["op"]](values[name], condition.get("value")) else NEVER)


def _negate(condition: dict[str, Any]) -> dict[str, Any]:
    if condition == ALWAYS:
        return dict(NEVER)
    return dict(ALWAYS) if condition == NEVER else {"not": condition}


def _asks_for_score(condition: Mapping[str, Any]) -> bool:
    return condition.get("field") == "score" and condition.get("op") == "gte"


def _find(condition: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if _asks_for_score(condition):
        return condition
    parts = condition.get("all", [])
    return next((found for part in parts if (found := _find(part))), None)


def _replace(condition: Mapping[str, Any], points: int) -> dict[str, Any]:
    if _asks_for_score(condition):
        return {**condition, "value": points}
    if "all" in condition:
        return {"all": [_replace(part, points) for part in condition["all"]]}
    return dict(condition)


def comes_true_by_fading(condition: Mapping[str, Any], *, is_negated: bool = False) -> bool:
    """Whether a condition may become true merely because points fade."""
    for key in ("all", "any"):
        if key in condition:
            parts = condition[key]
            return any(comes_true_by_fading(part, is_negated=is_negated) for part in parts)
    if "not" in condition:
        return comes_true_by_fading(condition["not"], is_negated=not is_negated)
    if condition.get("field") == "grade":
        return _grade_comes_by_fading(condition, is_negated=is_negated)
    if condition.get("field") not in FADES:
        return False
    if condition["op"] in {"gte", "gt"}:
        return is_negated
    return condition["op"] not in {"lte", "lt"} or not is_negated


def _grade_comes_by_fading(condition: Mapping[str, Any], *, is_negated: bool) -> bool:
    """A1 may become A2, and A2 A3, never the other way."""
    op, value = condition["op"], condition.get("value")
    if op in {"known", "unknown"}:
        return False
    named = set(value if isinstance(value, list) else [value])
    wanted = GRADES - named if (op in {"ne", "none"}) != is_negated else named & GRADES
    better = {f"{grade[0]}{step}" for grade in wanted for step in range(1, int(grade[1]))}
    return not better <= wanted
