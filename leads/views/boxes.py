"""The boxes that other apps have on the pages of leads and companies."""

from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string

from leadflow.core.parts import Panel
from leadflow.core.registry import Registry
from leads.models import Company, Lead
from leads.views.access import PageRequest


@dataclass(frozen=True)
class Box:
    """A panel of another app, ready to show."""

    title: str
    html: str


def boxes(
    registry: Registry[Panel], shown: Lead | Company, request: PageRequest, *, side: str
) -> list[Box]:
    """The boxes of one side for this reader, in order; templates know the row by its kind's name."""
    found = []
    name = shown._meta.model_name or ""
    for panel in sorted(registry.values(), key=lambda panel: panel.order):
        values = panel.load(shown, request.user) if panel.side == side else None
        if values is not None:
            context: dict[str, Any] = {**values, name: shown}
            found.append(Box(panel.title, render_to_string(panel.template, context, request)))
    return found
