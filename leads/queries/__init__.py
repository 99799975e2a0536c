"""Front door of the leads app for reading."""

from leads.engine.conditions import compile_condition, describe, fields_of, moves_with_time
from leads.policies import decision_refused
from leads.queries.bulk import (
    KINDS,
    Foreseen,
    Kind,
    choose_leads,
    foresee,
    group_refusals,
    kinds_for,
    list_items,
)
from leads.queries.choices import (
    country_choices,
    persona_choices,
    product_choices,
    reasons_for,
    stage_choices,
)
from leads.queries.companies import list_campaigns, list_companies, list_forms
from leads.queries.leads import find_leads, has_consent, matching
from leads.queries.lists import (
    SORTS,
    Chosen,
    drill_down,
    list_leads,
    list_sources,
    sort_keys,
)
from leads.queries.records import Standing, latest_consents, standing
from leads.queries.timeline import (
    PARTS,
    Position,
    TimelineEntry,
    TimelinePage,
    read_timeline,
    timeline,
)

__all__ = [
    "KINDS",
    "PARTS",
    "SORTS",
    "Chosen",
    "Foreseen",
    "Kind",
    "Position",
    "Standing",
    "TimelineEntry",
    "TimelinePage",
    "choose_leads",
    "compile_condition",
    "country_choices",
    "decision_refused",
    "describe",
    "drill_down",
    "fields_of",
    "find_leads",
    "foresee",
    "group_refusals",
    "has_consent",
    "kinds_for",
    "latest_consents",
    "list_campaigns",
    "list_companies",
    "list_forms",
    "list_items",
    "list_leads",
    "list_sources",
    "matching",
    "moves_with_time",
    "persona_choices",
    "product_choices",
    "read_timeline",
    "reasons_for",
    "sort_keys",
    "stage_choices",
    "standing",
    "timeline",
]
