"""The condition language: JSON → a database filter → a sentence people can read.

A condition is {"all": [...]}, {"any": [...]}, {"not": ...} or {"field": name, "op": name, "value": ...};
{"all": []} is always true. Fields come from the registry in core.
"""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from leadflow.core.errors import Invalid
from leadflow.core.parts import ConditionField, condition_fields

Condition = Mapping[str, Any]

DEEPEST = 10
NEVER = Q(pk__in=[])
ALWAYS = ~NEVER
_OPERATORS = {
    # kind → operator → (lookup suffix, words)
    "number": {
        "gte": ("__gte", "is at least"),
        "lte": ("__lte", "is at most"),
        "gt": ("__gt", "is more than"),
        "lt": ("__lt", "is less than"),
        "eq": ("", "is"),
    },
    "text": {
        "eq": ("__iexact", "is"),
        "contains": ("__icontains", "contains"),
        "starts": ("__istartswith", "starts with"),
    },
    "choice": {"eq": ("", "is"), "in": ("__in", "is one of")},
    "set": {"has": ("", "includes"), "in": ("__in", "includes one of")},
    "known": {"known": ("", "is known"), "unknown": ("", "is not known")},
}


def compile_condition(condition: Condition, *, depth: int = 0) -> Q:
    """The filter over leads that a condition stands for; raises Invalid naming what does not fit."""
    if depth > DEEPEST:
        raise Invalid("This condition is nested too deeply.")
    if not isinstance(condition, Mapping):
        raise Invalid("A condition is an object with “all”, “any”, “not” or a “field”.")
    if "all" in condition:
        parts = [compile_condition(part, depth=depth + 1) for part in _list(condition["all"])]
        return Q(*parts) if parts else ALWAYS  # an empty Q would vanish under "not" and "any"
    if "any" in condition:
        query = NEVER
        for part in _list(condition["any"]):
            query |= compile_condition(part, depth=depth + 1)
        return query
    if "not" in condition:
        return ~compile_condition(condition["not"], depth=depth + 1)
    return _compile_test(condition)


def describe(condition: Condition) -> str:
    """The condition as a sentence."""
    if "all" in condition:
        return " and ".join(_bracket(part) for part in condition["all"]) or "always"
    if "any" in condition:
        return " or ".join(_bracket(part) for part in condition["any"]) or "never"
    if "not" in condition:
        return f"not ({describe(condition['not'])})"
    field, words = _field_and_words(condition)
    value = _words_for(field, condition.get("value"))
    return f"{field.label} {words} {value}".strip()


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


def moves_with_time(condition: Condition) -> bool:
    """Whether the truth of the condition changes by the mere passing of time."""
    return any(condition_fields.get(name).moves_with_time for name in fields_of(condition))


def _compile_test(condition: Condition) -> Q:
    field, _ = _field_and_words(condition)
    op, value = condition["op"], condition.get("value")
    if field.kind == "known":
        known = ~Q(**{field.path: ""}) & Q(**{f"{field.path}__isnull": False})
        return known if op == "known" else ~known
    suffix, _ = _OPERATORS[field.kind][op]
    return Q(**{f"{field.path}{suffix}": _check_value(field, op, value)})


def _check_value(field: ConditionField, op: str, value: Any) -> Any:
    if op == "in":
        return [str(part) for part in _list(value)]
    if field.kind == "number":
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Invalid(f"“{field.label}” is compared with a number, not with “{value}”.")
        return value
    if not isinstance(value, str | int) or value == "":
        raise Invalid(f"“{field.label}” needs something to compare with.")
    return str(value)


def _field_and_words(condition: Condition) -> tuple[ConditionField, str]:
    name, op = str(condition.get("field", "")), str(condition.get("op", ""))
    try:
        field = condition_fields.get(name)
    except KeyError:
        raise Invalid(f"Conditions know no field “{name}”.", field=name) from None
    if op not in _OPERATORS[field.kind]:
        known = ", ".join(_OPERATORS[field.kind])
        raise Invalid(f"“{field.label}” cannot be tested by “{op}”; it knows {known}.", field=name)
    return field, _OPERATORS[field.kind][op][1]


def _words_for(field: ConditionField, value: Any) -> str:
    names = dict(field.choices()) if field.choices else {}
    if isinstance(value, list):
        return ", ".join(str(names.get(part, part)) for part in value)
    return "" if value is None or field.kind == "known" else str(names.get(value, value))


def _bracket(condition: Condition) -> str:
    text = describe(condition)
    return f"({text})" if len(condition.get("all", condition.get("any", []))) > 1 else text


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Invalid("A list of conditions or values is expected here.")
    return value
