"""Front door of the leads app for reading."""

from leads.engine.conditions import (
    compile_condition,
    describe,
    fields_of,
    moves_with_time,
    values_of,
)
from leads.engine.likeness import describe_reasons
from leads.engine.pipeline import Pipeline
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
from leads.queries.choices import (
    country_choices,
    persona_choices,
    product_choices,
    reasons_for,
    stage_choices,
    verbs_with_reasons,
)
from leads.queries.companies import list_campaigns, list_companies, list_forms
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
from leads.queries.duplicates import REASONS as DUPLICATE_REASONS
from leads.queries.duplicates import find_pair, list_pairs, newest_search, pairs_of
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
from leads.queries.merging import (
    FACTS,
    Comparison,
    FactRow,
    compare_leads,
    follow_merges,
    list_merges,
    suggest_kept,
)
from leads.queries.offers import offer_words
from leads.queries.params import Chosen
from leads.queries.paths import places_in
from leads.queries.person import PERSON_TABLES
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
    "DUPLICATE_REASONS",
    "FACTS",
    "KINDS",
    "LEAKS",
    "PARTS",
    "PERSON_TABLES",
    "SORTS",
    "Chosen",
    "Comparison",
    "Design",
    "FactRow",
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
    "change_to_take_back",
    "choose_leads",
    "compare_leads",
    "compile_condition",
    "country_choices",
    "decision_refused",
    "describe",
    "describe_reasons",
    "drill_down",
    "fields_of",
    "find_leads",
    "find_leaks",
    "find_pair",
    "follow_merges",
    "foresee",
    "group_refusals",
    "has_consent",
    "has_required",
    "kinds_for",
    "latest_consents",
    "list_campaigns",
    "list_companies",
    "list_forms",
    "list_items",
    "list_leads",
    "list_merges",
    "list_offers",
    "list_pairs",
    "list_sources",
    "list_verbs",
    "load_pipeline",
    "matching",
    "moves_with_time",
    "newest_search",
    "newest_version",
    "offer_words",
    "pairs_of",
    "persona_choices",
    "pipeline_at",
    "places_in",
    "preview_retirement",
    "product_choices",
    "read_design",
    "read_timeline",
    "reasons_for",
    "requirement_choices",
    "roles_by_verb",
    "sort_keys",
    "stage_choices",
    "stage_times",
    "standing",
    "stays_of",
    "suggest_kept",
    "take_back_refused",
    "timeline",
    "values_of",
    "verbs_with_reasons",
    "watched_stages",
]
