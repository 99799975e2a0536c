"""Conditions as trees: read from JSON once, with the way to every part; what does not fit is named."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as column
from typing import Any

from leadflow.core.errors import Invalid
from leadflow.core.events import Event
from leadflow.core.parts import ConditionField, condition_families, condition_fields
from leads.engine.conditions.operators import Operator, operators_of
from leads.engine.conditions.values import check_list, check_text, check_value, whole

Condition = Mapping[str, Any]

DEEPEST = 10
MOST_TESTS = 200
MOST_WITHIN_DAYS = 3650


class Misfit(Invalid):
    """A part of a condition that does not fit; `path` leads to it, like “all.0.any.2”."""

    def __init__(self, message: str, *, field: str = "", path: str = "") -> None:
        super().__init__(message, field=field)
        self.path = path


@dataclass(frozen=True)
class Group:
    """Parts that must all be true, or of which one must be."""

    is_all: bool
    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Negation:
    """True of exactly the leads that the part is not true of."""

    part: "Node"


@dataclass(frozen=True)
class Test:
    """One question about one field; `details` and `days` narrow what a count counts."""

    name: str
    field: ConditionField
    op: str
    operator: Operator
    value: Any
    said: Any  # the value as it stands in the JSON
    path: str = ""
    days: int | None = None
    details: Mapping[str, list[str]] = column(default_factory=dict)


Node = Group | Negation | Test


def parse(condition: Any) -> Node:
    """The condition as a tree; raises Misfit naming the part that does not fit."""
    node = _parse(condition, "", 0)
    if sum(1 for _ in walk(node)) > MOST_TESTS:
        raise Misfit(f"A condition may ask {MOST_TESTS} questions at most.")
    return node


def _parse(condition: Any, path: str, depth: int) -> Node:
    if depth > DEEPEST:
        raise Misfit("This condition is nested too deeply.", path=path)
    if not isinstance(condition, Mapping):
        words = "A condition is an object with “all”, “any”, “not” or a “field”."
        raise Misfit(words, path=path)
    for key in ("all", "any"):
        if key in condition:
            return Group(key == "all", tuple(_parts(condition[key], _under(path, key), depth)))
    if "not" in condition:
        return Negation(_parse(condition["not"], _under(path, "not"), depth + 1))
    return _parse_test(condition, path)


def _parts(parts: Any, path: str, depth: int) -> Iterator[Node]:
    if not isinstance(parts, list):
        raise Misfit("A list of conditions is expected here.", path=path)
    for place, part in enumerate(parts):
        yield _parse(part, _under(path, str(place)), depth + 1)


def _under(path: str, step: str) -> str:
    return f"{path}.{step}" if path else step


def _parse_test(condition: Condition, path: str) -> Test:
    name = str(condition.get("field", ""))[:100]
    try:
        return read_test(condition, path=path)
    except Invalid as error:
        raise Misfit(str(error), field=name, path=path) from None


def read_test(condition: Condition, *, path: str = "") -> Test:
    """One question, checked by itself; raises Invalid."""
    name, op = str(condition.get("field", ""))[:100], str(condition.get("op", ""))[:40]
    field = find_field(name)
    known = operators_of(field)
    if op not in known:
        words = f"“{field.label}” cannot be tested by “{op}”; it knows {', '.join(known)}."
        raise Invalid(words, field=name)
    said = condition.get("value")
    return Test(
        path=path,
        name=name,
        field=field,
        op=op,
        operator=known[op],
        value=check_value(field, known[op], said),
        said=said,
        days=_within(condition, field),
        details=_read_details(condition, field),
    )


def find_field(name: str) -> ConditionField:
    """The field of that name; raises Invalid for one that nobody knows."""
    family, dot, key = name.partition(".")
    try:
        if dot and key:
            return condition_families.get(family).make(key)
        return condition_fields.get(name)
    except KeyError:
        raise Invalid(f"Conditions know no field “{name}”.", field=name) from None


def _within(condition: Condition, field: ConditionField) -> int | None:
    if condition.get("days") is None:
        return None
    return whole(condition["days"], least=1, most=MOST_WITHIN_DAYS, what="The number of days")


def _read_details(condition: Condition, field: ConditionField) -> dict[str, list[str]]:
    """What a count is narrowed by, as lists; text stays one piece."""
    found = {}
    for name, detail in field.details.items():
        said = condition.get(name)
        if said is None or said == "" or said == []:
            continue
        values = check_list(detail.label, said) if isinstance(said, list) else [said]
        if detail.choices is None and len(values) > 1:
            raise Invalid(f"“{detail.label}” takes one text.")
        found[name] = [check_text(detail.label, value) for value in values]
    return found


def tests_of(condition: Condition) -> list[Test]:
    """Every question of a condition, in order."""
    return list(walk(parse(condition)))


def walk(node: Node) -> Iterator[Test]:
    """Every question of a tree, in order."""
    if isinstance(node, Test):
        yield node
    elif isinstance(node, Negation):
        yield from walk(node.part)
    else:
        for part in node.parts:
            yield from walk(part)


def check_nothing_is_overlooked(condition: Condition, *, path: str = "") -> None:
    """Raise Misfit for anything that stands in a condition and says nothing there."""
    known = {"field", "op", "value"}
    for key in ("all", "any", "not"):
        if key not in condition:
            continue
        known = {key}
        parts = [condition[key]] if key == "not" else condition[key]
        for place, part in enumerate(parts):
            step = key if key == "not" else f"{key}.{place}"
            check_nothing_is_overlooked(part, path=_under(path, step))
    if "field" in known:
        field = find_field(str(condition["field"]))
        known |= {*field.details} | ({"days"} if field.kind == "count" else set())
    if unknown := sorted(set(map(str, condition)) - known):
        raise Misfit(f"“{unknown[0][:40]}” says nothing here; leave it out.", path=path)


def events_of(condition: Condition) -> set[type[Event]]:
    """Events that may change whether the condition is true of a lead."""
    return {event for test in tests_of(condition) for event in test.field.events}


def fields_of(condition: Condition) -> set[str]:
    """Names of the fields a condition looks at."""
    for key in ("all", "any"):
        if key in condition:
            return set().union(*(fields_of(part) for part in condition[key]))
    return fields_of(condition["not"]) if "not" in condition else {str(condition.get("field"))}


def values_of(condition: Condition, field: str) -> set[Any]:
    """What a condition compares one field with."""
    for key in ("all", "any"):
        if key in condition:
            return set().union(*(values_of(part, field) for part in condition[key]))
    if "not" in condition:
        return values_of(condition["not"], field)
    if condition.get("field") != field:
        return set()
    value = condition.get("value")
    return set(value) if isinstance(value, list) else {value}
