"""From conditions to database filters.

Every question is answered by yes or no, also where nothing is known: “not” finds exactly the rest. What
stands in other tables is looked up by EXISTS, never by a join: no lead appears twice, two questions about
one table may be answered by two of its rows, and no inner join hides whoever has no row.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.expressions import Case, When
from django.db.models.fields import BooleanField, DecimalField
from django.db.models.functions import Cast
from django.utils import timezone

from leadflow.core.parts import Rows
from leads.engine.conditions.days import bounds, day_of
from leads.engine.conditions.trees import Condition, Group, Negation, Node, Test, parse

NEVER = Q(pk__in=[])
ALWAYS = ~NEVER
_A_NUMBER = r"^-?[0-9]{1,15}(\.[0-9]{1,10})?$"


def compile_condition(condition: Condition, *, at: datetime | None = None) -> Q:
    """The filter over leads that a condition stands for; raises Misfit naming what does not fit.

    Days are counted back from `at`. Whoever only checks a condition, or asks at the edge, may leave
    it out: it is now, then.
    """
    return _compile(parse(condition), at or timezone.now())


def _compile(node: Node, at: datetime) -> Q:
    if isinstance(node, Negation):
        return ~_compile(node.part, at)
    if isinstance(node, Group):
        parts = [_compile(part, at) for part in node.parts]
        if node.is_all:  # an empty Q would vanish under "not" and "any"
            return Q(*parts) if parts else ALWAYS
        query = NEVER
        for part in parts:
            query |= part
        return query
    found = _compile_count(node, at) if node.field.kind == "count" else _find(node, at)
    return ~found if node.operator.is_negated else found


def _find(test: Test, at: datetime) -> Q:
    """Leads that the lookup of a question finds, before it is negated."""
    field, lookup = test.field, test.operator.lookup
    if field.holds is not None:
        return Q(field.holds())
    if field.rows is None:
        return _compare(test, at)
    rows = _rows_of_lead(field.rows, field.rows.all())
    if lookup == "blank":  # nothing is known where no row has a value
        return ~Q(Exists(rows.filter(~_is_blank(test)) if field.path else rows))
    return Q(Exists(rows if lookup == "holds" else rows.filter(_compare(test, at))))


def _rows_of_lead(rows: Rows, found: Any) -> Any:
    return found.filter(**{rows.lead: OuterRef(rows.key)}).order_by()


def _compare(test: Test, at: datetime) -> Q:
    """The question about one row: the lead itself, or one of its rows."""
    field, lookup, value = test.field, test.operator.lookup, test.value
    if field.expression is not None:
        return _compare_expression(field.expression(), lookup, value)
    if field.kind == "date":
        return _compare_date(test, at)
    if lookup == "blank":
        return _is_blank(test)
    if test.operator.takes == "number":  # compared as it is, not rounded to the type of the column
        value = Value(value)
    return Q(**{field.path if lookup == "exact" else f"{field.path}__{lookup}": value})


def _is_blank(test: Test) -> Q:
    missing = Q(**{f"{test.field.path}__isnull": True})
    is_text = test.field.kind not in {"number", "date"} and test.field.reads is str
    return missing | Q(**{test.field.path: ""}) if is_text else missing


def _compare_expression(expression: Any, lookup: str, value: Any) -> Q:
    """A text that is computed, and never null: compared as text, or as a number where it is one."""
    if lookup == "blank":
        lookup, value = "exact", ""
    if lookup not in {"ngte", "nlte", "ngt", "nlt"}:
        return Q(_lookup(expression, lookup, value))
    number = Cast(expression, DecimalField(max_digits=30, decimal_places=10))
    return Q(
        Case(  # the order of CASE keeps what is no number from being read as one
            When(
                _lookup(expression, "regex", _A_NUMBER),
                then=_lookup(number, lookup.removeprefix("n"), Value(value)),
            ),
            default=Value(False),
            output_field=BooleanField(),
        )
    )


def _lookup(expression: Any, name: str, value: Any) -> Any:
    kind = expression.output_field.get_lookup(name)
    return kind(expression, value)


def _compare_date(test: Test, at: datetime) -> Q:
    """A moment or a day; relative ones are counted from `at`."""
    field, lookup, value = test.field, test.operator.lookup, test.value
    if lookup == "blank":
        return Q(**{f"{field.path}__isnull": True})
    has_days = field.rows is not None and field.rows.has_days
    if lookup in {"last", "older", "next"}:
        here, span = (day_of(at), timedelta(value)) if has_days else (at, timedelta(days=value))
        return _relative(field.path, lookup, here, span, has_days=has_days)
    first, after = (value, value + timedelta(1)) if has_days else bounds(value)
    if lookup == "before":
        return Q(**{f"{field.path}__lt": first})
    if lookup == "after":
        return Q(**{f"{field.path}__gte": after})
    return Q(**{f"{field.path}__gte": first, f"{field.path}__lt": after})


def _relative(path: str, lookup: str, here: Any, span: timedelta, *, has_days: bool) -> Q:
    if lookup == "older":
        return Q(**{f"{path}__lte": here - span})
    if lookup == "last":
        return Q(**{f"{path}__gt": here - span, f"{path}__lte": here})
    side = "gte" if has_days else "gt"  # today belongs to the days ahead, this moment does not
    return Q(**{f"{path}__{side}": here, f"{path}__lte": here + span})


def _compile_count(test: Test, at: datetime) -> Q:
    """So many rows: looked for only as far as the answer needs."""
    assert test.field.rows is not None
    rows = _rows_of_lead(test.field.rows, counted_rows(test))
    if test.days is not None:
        rows = rows.filter(**{f"{test.field.rows.time}__gt": at - timedelta(days=test.days)})
    if test.op == "at_least":
        return _has(rows, test.value)
    if test.op == "at_most":
        return ~_has(rows, test.value + 1)
    return _has(rows, test.value) & ~_has(rows, test.value + 1)


def _has(rows: Any, count: int) -> Q:
    """At least so many rows: whether there is one behind those before it."""
    if count == 0:
        return ALWAYS
    return Q(Exists(rows if count == 1 else rows[count - 1 : count]))


def counted_rows(test: Test) -> Any:
    """All rows of leads that a count counts, whatever their time."""
    assert test.field.rows is not None
    rows = test.field.rows.all()
    for name, values in test.details.items():
        rows = rows.filter(test.field.details[name].narrow(values))
    return rows
