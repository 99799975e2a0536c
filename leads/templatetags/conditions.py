"""How the rows of the condition builder are drawn."""

from typing import Any

from django.template import Library

from leads.forms.conditions import Builder, Row

register = Library()


@register.simple_tag
def drawn(builder: Builder, row: Row) -> dict[str, Any]:
    """Operators, controls and details of a row."""
    return builder.drawn(row)
