"""Conditions as a replay reads them: which of their tests have a past, and the SQL they become. Pure."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Condition = Mapping[str, Any]

AXES = ("score", "engagement", "fit")
SCORES = frozenset({*AXES, "grade"})
# Fields whose truth hangs on one fact, and the fact whose date is kept
FACT_OF = {
    "phone": "phone",
    "email": "email",
    "email_domain": "email",
    "persona": "persona",
    "job_title": "job_title",
    "country": "country",
    "language": "language",
    "company": "company",
    "industry": "industry",
    "employees": "employees",
    "company_country": "company_country",
    "product": "products",
}
# Given when somebody came, and never dated apart
GIVEN = frozenset({"source", "campaign", "created"})
COUNTED, WON, STAGE = "activities", "won", "stage"
# True of those of whom nothing is known: before a fact was known they were true already
NEGATIVE = frozenset({"unknown", "ne", "none", "empty", "lacks", "no"})
NUMBERS = {"gte": ">=", "lte": "<=", "gt": ">", "lt": "<", "eq": "=", "ne": "<>"}


def tests(condition: Condition) -> Iterator[Condition]:
    """Every test of a condition, in order."""
    for key in ("all", "any"):
        if key in condition:
            for part in condition[key]:
                yield from tests(part)
            return
    if "not" in condition:
        yield from tests(condition["not"])
    elif "field" in condition:
        yield condition


def thresholds(condition: Condition) -> dict[str, int]:
    """The scores that every lead must reach, by name: the axes along which a threshold can be moved."""
    found: dict[str, int] = {}
    for part in _required(condition):
        name = part.get("field")
        if name in AXES and part.get("op") == "gte":
            found[name] = max(int(part["value"]), found.get(name, int(part["value"])))
    return {name: found[name] for name in AXES if name in found}


def without(condition: Condition, axis: str) -> dict[str, Any]:
    """The same condition without its threshold on one axis."""
    if "all" in condition:
        return {"all": [without(part, axis) for part in condition["all"]]}
    is_threshold = condition.get("field") == axis and condition.get("op") == "gte"
    return {"all": []} if is_threshold else dict(condition)


def with_value(condition: Condition, axis: str, value: int) -> dict[str, Any]:
    """The same condition with another threshold on one axis."""
    return {"all": [without(condition, axis), {"field": axis, "op": "gte", "value": value}]}


def sql_of(condition: Condition, ask: Callable[[Condition], str]) -> str:
    """The condition as SQL; `ask` gives that of a test. Never empty, never null where no test is."""
    for key, word, idle in (("all", " AND ", "TRUE"), ("any", " OR ", "FALSE")):
        if key in condition:
            parts = [sql_of(part, ask) for part in condition[key]]
            return f"({word.join(parts)})" if parts else idle
    if "not" in condition:
        return f"(NOT {sql_of(condition['not'], ask)})"
    return ask(condition)


def stage_fits(test: Condition, stages: list[str]) -> bool:
    """Whether a test of the stage is true in one of these: a replay asks before the hand-off alone."""
    value = test.get("value")
    named = set(value) if isinstance(value, list) else {value}
    return bool(set(stages) - named if test["op"] in NEGATIVE else set(stages) & named)


def key_of(test: Condition) -> str:
    """What tells two tests apart."""
    return json.dumps(test, sort_keys=True, default=str)


def _required(condition: Condition) -> Iterator[Condition]:
    """Tests that must be true whatever else is."""
    if "all" in condition:
        for part in condition["all"]:
            yield from _required(part)
    elif "field" in condition:
        yield condition
