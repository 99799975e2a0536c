"""Front door of the scoring app for reading."""

from scoring.queries.companies import CompanyScore, company_scores, most_engaged
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
from scoring.queries.fact_dates import note_facts
from scoring.queries.fingerprint import fingerprint
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
from scoring.queries.simulations import (
    BEHIND,
    WEEK,
    Review,
    Step,
    cycles_behind,
    floor_of,
    reviews_due,
    steps_of,
    thresholds_of,
    weeks_of,
    work_out_reality,
    work_out_steps,
)
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
    "BEHIND",
    "PERSON_TABLES",
    "WEEK",
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
    "Outlook",
    "Plan",
    "Preparation",
    "Preview",
    "Review",
    "RuleTotal",
    "Scope",
    "Score",
    "Snapshot",
    "Step",
    "agreements",
    "clauses",
    "closed_offers",
    "company_scores",
    "compute_scores",
    "current_definition",
    "current_rules",
    "cycles_behind",
    "definitions_naming",
    "definitions_using_segments",
    "differences",
    "draft",
    "explain",
    "fingerprint",
    "fit_lines",
    "floor_of",
    "given_lately",
    "groups_with_rules",
    "in_effect",
    "interest",
    "interests",
    "keep_sql",
    "live_rules",
    "load_plan",
    "most_engaged",
    "note_facts",
    "overtaken_leads",
    "preparation",
    "preview",
    "read_snapshots",
    "ready_leads",
    "reviews_due",
    "rule_facts",
    "steps_of",
    "thresholds_of",
    "versions",
    "weeks_of",
    "work_out_reality",
    "work_out_steps",
]
