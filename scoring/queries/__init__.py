"""Front door of the scoring app for reading."""

from scoring.queries.agreements import (
    Agreement,
    agreements,
    alternatives,
    check_terms,
    clauses,
    current_definition,
    definition_differences,
    definition_versions,
    definitions_naming,
    definitions_using_segments,
    find_fault,
)
from scoring.queries.companies import CompanyScore, company_scores
from scoring.queries.definitions import (
    closed_offers,
    in_effect,
    is_readable,
    moved_by_time,
    parts_of,
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
from scoring.queries.foreseen import Foreseen, foresee
from scoring.queries.interest import Interest, interest, interests
from scoring.queries.person import PERSON_TABLES
from scoring.queries.plans import (
    Plan,
    current_rules,
    live_rules,
    load_plan,
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
    "PERSON_TABLES",
    "Agreement",
    "CompanyScore",
    "Contribution",
    "Crossing",
    "Example",
    "Explanation",
    "FitLine",
    "FitPart",
    "Foreseen",
    "Given",
    "GroupTotal",
    "Interest",
    "Lately",
    "Outlook",
    "Plan",
    "Preparation",
    "Preview",
    "RuleTotal",
    "Scope",
    "Score",
    "Snapshot",
    "agreements",
    "alternatives",
    "check_terms",
    "clauses",
    "closed_offers",
    "company_scores",
    "compute_scores",
    "current_definition",
    "current_rules",
    "definition_differences",
    "definition_versions",
    "definitions_naming",
    "definitions_using_segments",
    "differences",
    "draft",
    "explain",
    "find_fault",
    "fingerprint",
    "fit_lines",
    "foresee",
    "given_lately",
    "groups_with_rules",
    "in_effect",
    "interest",
    "interests",
    "is_readable",
    "keep_sql",
    "live_rules",
    "load_plan",
    "moved_by_time",
    "overtaken_leads",
    "parts_of",
    "preparation",
    "preview",
    "read_snapshots",
    "ready_leads",
    "rule_facts",
    "versions",
]
