"""What conditions compare with: checked, and turned into what the database compares."""

import math
from datetime import date
from typing import Any

from leadflow.core.errors import Invalid
from leadflow.core.parts import ConditionField
from leads.engine.conditions.operators import Operator

MOST_VALUES = 500
LONGEST_TEXT = 200
MOST_DAYS = 3650
MOST_TIMES = 1_000


def check_value(field: ConditionField, operator: Operator, value: Any) -> Any:
    """The value as the database compares it; raises Invalid in words."""
    return _CHECKS[operator.takes](field, value)


def whole(value: Any, *, least: int, most: int, what: str) -> int:
    """A whole number between two bounds."""
    is_whole = isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0
    if not is_whole or not least <= value <= most:
        raise Invalid(f"{what} is a whole number from {least} to {most:,}, not “{_short(value)}”.")
    return int(value)


def check_text(field_label: str, value: Any) -> str:
    """Text that can be compared with."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise Invalid(f"“{field_label}” needs something to compare with.")
    text = str(value)
    if len(text) > LONGEST_TEXT:
        raise Invalid(f"“{field_label}” is compared with {LONGEST_TEXT} characters at most.")
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Invalid(f"“{field_label}” cannot be compared with characters that are none.")
    return text


def check_list(field_label: str, value: Any) -> list[Any]:
    """A list of a bearable length."""
    if not isinstance(value, list):
        raise Invalid(f"A list of values is expected for “{field_label}”.")
    if len(value) > MOST_VALUES:
        raise Invalid(f"“{field_label}” is compared with {MOST_VALUES} values at most.")
    return value


def _nothing(field: ConditionField, value: Any) -> None:
    return None


def _number(field: ConditionField, value: Any) -> int | float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        raise Invalid(f"“{field.label}” is compared with a number, not with “{_short(value)}”.")
    return int(value) if value % 1 == 0 else value


def _text(field: ConditionField, value: Any) -> str:
    return check_text(field.label, value)


def _choice(field: ConditionField, value: Any) -> Any:
    text = check_text(field.label, value)
    try:
        return field.reads(text)
    except ValueError:
        raise Invalid(f"“{field.label}” cannot be “{_short(text)}”.") from None


def _choices(field: ConditionField, value: Any) -> list[Any]:
    return [_choice(field, one) for one in check_list(field.label, value)]


def _day(field: ConditionField, value: Any) -> date:
    try:
        found = date.fromisoformat(value)
    except (TypeError, ValueError):
        found = None
    if found is None or len(value) != 10 or not 1900 <= found.year <= 9000:
        raise Invalid(
            f"“{field.label}” is compared with a day like 2026-03-31, not with “{_short(value)}”."
        )
    return found


def _days(field: ConditionField, value: Any) -> int:
    return whole(value, least=1, most=MOST_DAYS, what=f"The number of days of “{field.label}”")


def _count(field: ConditionField, value: Any) -> int:
    return whole(value, least=0, most=MOST_TIMES, what=f"How many times of “{field.label}”")


def _short(value: Any) -> str:
    return ("" if value is None else str(value))[:40]


_CHECKS = {
    "nothing": _nothing,
    "number": _number,
    "text": _text,
    "choice": _choice,
    "choices": _choices,
    "day": _day,
    "days": _days,
    "count": _count,
}
