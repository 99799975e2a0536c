"""Rows that a reader may see, or asked for, as a piece of SQL for set-based statements."""

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import Model, QuerySet

from leadflow.core.models import User
from leads.models import Lead

Condition = tuple[str, dict[str, Any]]


def visible_leads(column: str, user: User | None) -> Condition:
    """A condition on a lead id column, and its named parameters; no user sees everything."""
    if user is None:
        return "TRUE", {}
    return is_among(column, Lead.objects.visible_to(user), name="visible")


def is_among(column: str, rows: QuerySet[Model], *, name: str) -> Condition:
    """A condition on an id column: one of `rows`. Its parameters are called `name`_0, `name`_1 …"""
    among = rows.order_by().values("pk")
    if not among.query.where:
        return "TRUE", {}
    try:
        statement, params = among.query.sql_with_params()
    except EmptyResultSet:
        return "FALSE", {}
    named = {f"{name}_{i}": value for i, value in enumerate(params)}
    for key in named:
        statement = statement.replace("%s", f"%({key})s", 1)
    return f"{column} IN ({statement})", named
