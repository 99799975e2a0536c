"""The builder of conditions: a form of rows and groups, to and from the condition language."""

from leads.forms.conditions.builder import Builder
from leads.forms.conditions.parts import Group, Row

__all__ = ["Builder", "Group", "Row"]
