"""How the passing of time changes the truth of conditions, and of which leads."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from leadflow.core.parts import Rows
from leads.engine.conditions.days import day_of
from leads.engine.conditions.filters import counted_rows
from leads.engine.conditions.operators import RELATIVE
from leads.engine.conditions.trees import Condition, Test, tests_of

Span = tuple[
    datetime, datetime
]  # from just after the one moment to the other, both after and until


def moves_with_time(condition: Condition) -> bool:
    """Whether the truth of the condition changes by the mere passing of time."""
    return any(is_moving(test) for test in tests_of(condition))


def is_moving(test: Test) -> bool:
    """Whether time alone changes the answer to a question."""
    return test.op in RELATIVE or test.days is not None


def crossings(condition: Condition, *, after: datetime, until: datetime) -> list[Any]:
    """Queries for ids of leads: nobody else's answers change by the time from `after` to `until`.

    Each looks at a short span of an index, however many leads there are.
    """
    return [
        query
        for test in tests_of(condition)
        if is_moving(test)
        for query in _crossings_of(test, (after, until))
    ]


def _crossings_of(test: Test, span: Span) -> Iterator[Any]:
    if test.days is not None:
        assert test.field.rows is not None
        yield _within(test.field.rows, counted_rows(test), _shift(span, -test.days))
        return
    rows = test.field.moments or test.field.rows
    assert rows is not None  # a test makes sure that every date has one of them
    for one in _spans(test, span, rows):
        yield _within(rows, rows.all(), one)


def _spans(test: Test, span: Span, rows: Rows) -> Iterator[Span]:
    """Where a date must lie for the answer to change within a span."""
    if test.op == "older_days":
        yield _shift(span, -test.value)
    elif test.op == "last_days":
        yield from (span, _shift(span, -test.value))
    else:  # a day that has come still counts as ahead until it is over
        yield from (_shift(span, -1) if rows.has_days else span, _shift(span, test.value))


def _within(rows: Rows, found: Any, span: Span) -> Any:
    after, until = (day_of(span[0]), day_of(span[1])) if rows.has_days else span
    within = {f"{rows.time}__gt": after, f"{rows.time}__lte": until}
    return found.filter(**within).order_by().values_list(rows.lead, flat=True).distinct()


def _shift(span: Span, days: int) -> Span:
    return span[0] + timedelta(days=days), span[1] + timedelta(days=days)
