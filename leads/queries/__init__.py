"""Front door of the leads app for reading."""

from leads.engine.conditions import (
    compile_condition,
    describe,
    fields_of,
    moves_with_time,
    values_of,
)
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
    count_standing,
    list_verbs,
    preview_retirement,
    read_design,
)
from leads.queries.leads import find_leads, has_consent, matching
from leads.queries.lists import (
    SORTS,
    Chosen,
    drill_down,
    list_leads,
    list_sources,
    sort_keys,
)
from leads.queries.pipeline import load_pipeline, pipeline_at
from leads.queries.records import Standing, latest_consents, standing
from leads.queries.requirements import requirement_choices
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
    "KINDS",
    "PARTS",
    "SORTS",
    "Chosen",
    "Design",
    "Foreseen",
    "HandoffRow",
    "Kind",
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
    "compile_condition",
    "count_standing",
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
    "list_verbs",
    "load_pipeline",
    "matching",
    "moves_with_time",
    "persona_choices",
    "pipeline_at",
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
    "take_back_refused",
    "timeline",
    "values_of",
    "verbs_with_reasons",
]
