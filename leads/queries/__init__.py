"""Front door of the leads app for reading."""

from leads.engine.conditions import (
    compile_condition,
    describe,
    fields_of,
    moves_with_time,
    values_of,
)
from leads.engine.links import tag_address
from leads.engine.pipeline import Pipeline
from leads.engine.tickets import read_code, spaced, ticket_svg
from leads.policies import decision_refused, roles_by_verb, take_back_refused
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
from leads.queries.campaigns import (
    NEWEST_FIRST,
    Brought,
    Costs,
    campaign_state,
    count_brought,
    count_states,
    event_choices,
    list_arrivals,
    list_campaigns,
    read_brought,
    read_costs,
    total_campaigns,
)
from leads.queries.choices import (
    country_choices,
    persona_choices,
    product_choices,
    reasons_for,
    stage_choices,
    verbs_with_reasons,
)
from leads.queries.companies import (
    company_choices,
    count_people,
    find_kept_company,
    list_companies,
    read_company_story,
)
from leads.queries.corrections import already_corrected, change_to_take_back
from leads.queries.design import (
    Design,
    HandoffRow,
    Retirement,
    StageRow,
    VerbRow,
    list_verbs,
    preview_retirement,
    read_design,
)
from leads.queries.forms import list_forms
from leads.queries.guests import (
    count_guests,
    count_heads,
    find_guest_by_code,
    list_events,
    list_guests,
    match_people,
)
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
from leads.queries.pipeline import load_pipeline, newest_version, pipeline_at
from leads.queries.records import Standing, latest_consents, standing
from leads.queries.requirements import has_required, requirement_choices
from leads.queries.stage_times import StageTime, Stay, stage_times, stays_of
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
    "KINDS",
    "LEAKS",
    "NEWEST_FIRST",
    "PARTS",
    "SORTS",
    "Brought",
    "Chosen",
    "Costs",
    "Design",
    "Foreseen",
    "HandoffRow",
    "Kind",
    "Leak",
    "Pipeline",
    "Position",
    "Retirement",
    "StageRow",
    "StageTime",
    "Standing",
    "Stay",
    "TimelineEntry",
    "TimelinePage",
    "VerbRow",
    "already_corrected",
    "campaign_state",
    "change_to_take_back",
    "choose_leads",
    "company_choices",
    "compile_condition",
    "count_brought",
    "count_guests",
    "count_heads",
    "count_people",
    "count_states",
    "country_choices",
    "decision_refused",
    "describe",
    "drill_down",
    "event_choices",
    "fields_of",
    "find_guest_by_code",
    "find_kept_company",
    "find_leads",
    "find_leaks",
    "foresee",
    "group_refusals",
    "has_consent",
    "has_required",
    "kinds_for",
    "latest_consents",
    "list_arrivals",
    "list_campaigns",
    "list_companies",
    "list_events",
    "list_forms",
    "list_guests",
    "list_items",
    "list_leads",
    "list_offers",
    "list_sources",
    "list_verbs",
    "load_pipeline",
    "match_people",
    "matching",
    "moves_with_time",
    "newest_version",
    "offer_words",
    "persona_choices",
    "pipeline_at",
    "places_in",
    "preview_retirement",
    "product_choices",
    "read_brought",
    "read_code",
    "read_company_story",
    "read_costs",
    "read_design",
    "read_timeline",
    "reasons_for",
    "requirement_choices",
    "roles_by_verb",
    "sort_keys",
    "spaced",
    "stage_choices",
    "stage_times",
    "standing",
    "stays_of",
    "tag_address",
    "take_back_refused",
    "ticket_svg",
    "timeline",
    "total_campaigns",
    "values_of",
    "verbs_with_reasons",
    "watched_stages",
]
