"""The leads a reader may see, as a piece of SQL for set-based statements."""

from typing import Any

from django.core.exceptions import EmptyResultSet

from leadflow.core.models import User
from leads.models import Lead


def visible_leads(column: str, user: User | None) -> tuple[str, dict[str, Any]]:
    """A condition on a lead id column, and its named parameters; no user sees everything."""
    if user is None:
        return "TRUE", {}
    visible = Lead.objects.visible_to(user).order_by().values("pk")
    if not visible.query.where:
        return "TRUE", {}
    try:
        statement, params = visible.query.sql_with_params()
    except EmptyResultSet:
        return "FALSE", {}
    named = {f"visible_{i}": value for i, value in enumerate(params)}
    for name in named:
        statement = statement.replace("%s", f"%({name})s", 1)
    return f"{column} IN ({statement})", named
