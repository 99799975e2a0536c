"""Reports for machines (plain objects) and for a terminal (aligned text)."""

from reports.rendering.objects import (
    funnel_json,
    handoffs_json,
    leaks_json,
    sla_json,
    velocity_json,
)
from reports.rendering.text import as_text

__all__ = ["as_text", "funnel_json", "handoffs_json", "leaks_json", "sla_json", "velocity_json"]
