"""Front door of the scoring app for reading."""

from scoring.queries.companies import CompanyScore, company_scores
from scoring.queries.definitions import (
    Agreement,
    agreements,
    clauses,
    closed_offers,
    current_definition,
    definitions_naming,
    definitions_using_segments,
    in_effect,
    ready_leads,
)
from scoring.queries.explanation import (
    Contribution,
    Explanation,
    FitPart,
    GroupTotal,
    Outlook,
    RuleTotal,
    explain,
)
from scoring.queries.fingerprint import fingerprint
from scoring.queries.hindsight import scores_then
from scoring.queries.interest import Interest, interest, interests
from scoring.queries.looks import Outcome, looks_now, outcomes
from scoring.queries.next_best import NextBest, Suggestion, next_best
from scoring.queries.person import PERSON_TABLES
from scoring.queries.plans import (
    Plan,
    current_rules,
    live_rules,
    load_plan,
)
from scoring.queries.predictions import (
    CHANCE_FIELD,
    WIN_PROBABILITY,
    LeadChance,
    card_of,
    definitions_asking,
    last_training,
    lead_chance,
    model_in_use,
    newest_model,
    prediction_models,
    prediction_setting,
    round_under_way,
)
from scoring.queries.previews import Crossing, Example, Preview, preview
from scoring.queries.rules import (
    FitLine,
    Given,
    Lately,
    fit_lines,
    given_lately,
    groups_with_rules,
)
from scoring.queries.scope import Scope
from scoring.queries.standings import Snapshot, keep_sql, overtaken_leads, read_snapshots
from scoring.queries.statement import Score, compute_scores
from scoring.queries.versions import (
    Preparation,
    differences,
    draft,
    preparation,
    rule_facts,
    versions,
)

__all__ = [
    "CHANCE_FIELD",
    "PERSON_TABLES",
    "WIN_PROBABILITY",
    "Agreement",
    "CompanyScore",
    "Contribution",
    "Crossing",
    "Example",
    "Explanation",
    "FitLine",
    "FitPart",
    "Given",
    "GroupTotal",
    "Interest",
    "Lately",
    "LeadChance",
    "NextBest",
    "Outcome",
    "Outlook",
    "Plan",
    "Preparation",
    "Preview",
    "RuleTotal",
    "Scope",
    "Score",
    "Snapshot",
    "Suggestion",
    "agreements",
    "card_of",
    "clauses",
    "closed_offers",
    "company_scores",
    "compute_scores",
    "current_definition",
    "current_rules",
    "definitions_asking",
    "definitions_naming",
    "definitions_using_segments",
    "differences",
    "draft",
    "explain",
    "fingerprint",
    "fit_lines",
    "given_lately",
    "groups_with_rules",
    "in_effect",
    "interest",
    "interests",
    "keep_sql",
    "last_training",
    "lead_chance",
    "live_rules",
    "load_plan",
    "looks_now",
    "model_in_use",
    "newest_model",
    "next_best",
    "outcomes",
    "overtaken_leads",
    "prediction_models",
    "prediction_setting",
    "preparation",
    "preview",
    "read_snapshots",
    "ready_leads",
    "round_under_way",
    "rule_facts",
    "scores_then",
    "versions",
]
