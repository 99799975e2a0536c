"""Conditions as sentences a marketer would write, and whether the values they name exist."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from leadflow.core.errors import Invalid
from leadflow.core.parts import Choices, ConditionField
from leads.engine.conditions.operators import operators_of
from leads.engine.conditions.trees import (
    Condition,
    Misfit,
    Test,
    check_nothing_is_overlooked,
    find_field,
    read_test,
    tests_of,
)

SHOWN = 8  # values that a sentence names before it only counts the rest
TIMES = {1: "once", 2: "twice"}


class Vocabulary:
    """The names of values, asked for once each: one for a page of conditions saves its queries."""

    def __init__(self) -> None:
        self._names: dict[Choices, dict[str, str]] = {}

    def name(self, value: Any, *choices: Choices | None) -> str:
        """What a value is called; itself where nobody has a name for it."""
        for one in choices:
            if one is not None and str(value) in self._of(one):
                return self._of(one)[str(value)]
        return str(value)

    def knows(self, value: Any, *choices: Choices | None) -> bool:
        """Whether somebody has a name for a value."""
        return any(one is not None and str(value) in self._of(one) for one in choices)

    def choices(self, choices: Choices) -> list[tuple[str, str]]:
        """Values with their names, in the order in which they are offered."""
        return list(self._of(choices).items())

    def _of(self, choices: Choices) -> dict[str, str]:
        if choices not in self._names:
            self._names[choices] = {str(key): str(name) for key, name in choices()}
        return self._names[choices]


def describe(condition: Condition, *, words: Vocabulary | None = None) -> str:
    """The condition as a sentence; what nobody knows any more is named by what it was."""
    return _describe(condition, words or Vocabulary())


def _describe(condition: Condition, words: Vocabulary) -> str:
    if "all" in condition:
        return _join(condition["all"], " and ", words) or "always"
    if "any" in condition:
        return _join(condition["any"], " or ", words) or "never"
    if "not" in condition:
        return f"not ({_describe(condition['not'], words)})"
    try:
        test = read_test(condition)
    except Invalid:
        return _describe_unreadable(condition, words)
    return describe_test(test, words)


def _join(parts: Iterable[Condition], word: str, words: Vocabulary) -> str:
    return word.join(_bracket(part, words) for part in parts)


def _bracket(condition: Condition, words: Vocabulary) -> str:
    text = _describe(condition, words)
    return f"({text})" if len(condition.get("all", condition.get("any", []))) > 1 else text


def _describe_unreadable(condition: Condition, words: Vocabulary) -> str:
    """Something that fits no more, as near as its own words come."""
    name, op = str(condition.get("field", "")), str(condition.get("op", ""))
    try:
        field = find_field(name)
    except Invalid:
        return f"something unknown: “{name}” {op} {condition.get('value', '')}".strip()
    operator = operators_of(field).get(op)
    said = _values(field, condition.get("value"), words)
    return f"{field.subject} {operator.words if operator else op} {said}".strip()


def describe_test(test: Test, words: Vocabulary) -> str:
    """One question as a sentence."""
    if test.field.kind == "count":
        return _describe_count(test, words)
    operator = test.operator
    said = _object(test, words)
    if phrase := test.field.phrases.get(test.op):
        return f"{phrase} {said}".strip()
    subject = test.field.subject
    if test.field.kind == "date" and operator.takes == "days":
        return f"{subject} {_relative_words(test.op, test.value)}"
    return f"{subject} {operator.words} {said}".strip()


def _object(test: Test, words: Vocabulary) -> str:
    """What is compared with, in words."""
    takes = test.operator.takes
    if takes == "nothing":
        return ""
    if takes == "days":
        return days_words(test.value)
    if takes == "day":
        return day_words(test.value)
    if takes == "number":
        return number_words(test.value)
    return _values(test.field, test.said, words)


def _values(field: ConditionField, value: Any, words: Vocabulary) -> str:
    """The names of values; `former` comes first, for it holds those of today as well."""
    known = (field.former, field.choices) if field.kind in {"choice", "set"} else ()
    if not isinstance(value, list):
        return "" if value is None else words.name(value, *known)
    return _listed([words.name(one, *known) for one in value], ", ")


def _listed(names: list[str], glue: str) -> str:
    rest = len(names) - SHOWN
    if rest > 1:
        names = [*names[:SHOWN], f"{rest} others"]
    return glue.join(names)


def number_words(value: float) -> str:
    """A number with its thousands apart."""
    return f"{value:,}"


def days_words(count: int) -> str:
    """So many days."""
    return "day" if count == 1 else f"{count:,} days"


def day_words(day: date) -> str:
    """A day as it is written in a letter."""
    return f"{day.day} {day:%B %Y}"


def _relative_words(op: str, days: int) -> str:
    if op == "older_days":
        return f"more than {'a day' if days == 1 else days_words(days)} ago"
    return f"in the {'last' if op == 'last_days' else 'next'} {days_words(days)}"


def _describe_count(test: Test, words: Vocabulary) -> str:
    """What was done, how often, with what, since when."""
    main, *others = test.field.details.items()
    name, detail = main
    done = [words.name(one, detail.choices) for one in test.details.get(name, [])]
    parts = [_often(test.op, test.value, _listed(done, " or ") or test.field.subject)]
    for name, detail in others:
        if said := test.details.get(name):
            names = [words.name(one, detail.former, detail.choices) for one in said]
            quoted = [f"“{one}”" for one in names]
            parts.append(f"{detail.words} {_listed(quoted, ' or ')}")
    if test.days is not None:
        parts.append(f"in the last {days_words(test.days)}")
    return " ".join(parts)


def _often(op: str, count: int, done: str) -> str:
    if count == 0 and op != "at_least":
        return f"never {done}"
    times = TIMES.get(count, f"{count:,} times")
    if op == "at_least":
        return done if count == 1 else f"{done} at least {times}"
    return f"{done} {'at most' if op == 'at_most' else 'exactly'} {times}"


def check_choices(condition: Condition, *, words: Vocabulary | None = None) -> None:
    """Raise Misfit for a value that names nothing, and for anything that would be overlooked.

    Asked when a condition is written: what was right then may have gone since, and stays valid.
    """
    words = words or Vocabulary()
    tests = tests_of(condition)
    check_nothing_is_overlooked(condition)
    for test in tests:
        if fault := choice_fault(test, words):
            raise Misfit(fault, field=test.name, path=test.path)


def choice_fault(test: Test, words: Vocabulary) -> str:
    """Why the values of a question name nothing, in a sentence; empty when they do."""
    field = test.field
    if test.operator.takes in {"choice", "choices"} and field.choices is not None:
        said = test.said if isinstance(test.said, list) else [test.said]
        if fault := _fault(field.label, said, (field.choices, field.former), words):
            return fault
    for name, values in test.details.items():
        detail = field.details[name]
        known = (detail.choices, detail.former)
        if detail.choices is not None and (fault := _fault(detail.label, values, known, words)):
            return fault
    return ""


def _fault(
    label: str, said: list[Any], choices: tuple[Choices | None, ...], words: Vocabulary
) -> str:
    if not said:
        return f"“{label}” needs something to compare with."
    unknown = next((one for one in said if not words.knows(one, *choices)), None)
    return "" if unknown is None else f"There is no {label} “{str(unknown)[:40]}”."
