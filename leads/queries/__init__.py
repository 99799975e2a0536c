"""Front door of the leads app for reading."""

from leads.engine.conditions import compile_condition, describe, fields_of, moves_with_time
from leads.queries.choices import (
    country_choices,
    persona_choices,
    product_choices,
    reasons_for,
    stage_choices,
)
from leads.queries.leads import find_leads, has_consent, matching, timeline

__all__ = [
    "compile_condition",
    "country_choices",
    "describe",
    "fields_of",
    "find_leads",
    "has_consent",
    "matching",
    "moves_with_time",
    "persona_choices",
    "product_choices",
    "reasons_for",
    "stage_choices",
    "timeline",
]
