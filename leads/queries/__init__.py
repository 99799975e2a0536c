"""Front door of the leads app for reading."""

from leads.engine.conditions import compile_condition, describe, fields_of, moves_with_time
from leads.policies import decision_refused
from leads.queries.choices import (
    country_choices,
    persona_choices,
    product_choices,
    reasons_for,
    stage_choices,
)
from leads.queries.companies import list_campaigns, list_companies, list_forms
from leads.queries.leads import find_leads, has_consent, matching
from leads.queries.leaks import ANY as ANY_LEAK
from leads.queries.leaks import LEAKS, Leak, find_leaks, watched_stages
from leads.queries.lists import (
    SORTS,
    drill_down,
    list_leads,
    list_offers,
    list_sources,
    sort_keys,
)
from leads.queries.offers import offer_words
from leads.queries.params import Chosen
from leads.queries.paths import places_in
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
    "ANY_LEAK",
    "LEAKS",
    "PARTS",
    "SORTS",
    "Chosen",
    "Leak",
    "Position",
    "Standing",
    "TimelineEntry",
    "TimelinePage",
    "compile_condition",
    "country_choices",
    "decision_refused",
    "describe",
    "drill_down",
    "fields_of",
    "find_leads",
    "find_leaks",
    "has_consent",
    "latest_consents",
    "list_campaigns",
    "list_companies",
    "list_forms",
    "list_leads",
    "list_offers",
    "list_sources",
    "matching",
    "moves_with_time",
    "offer_words",
    "persona_choices",
    "places_in",
    "product_choices",
    "read_timeline",
    "reasons_for",
    "sort_keys",
    "stage_choices",
    "standing",
    "timeline",
    "watched_stages",
]
