"""Front door of the scoring app for reading."""

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
from scoring.queries.explanation import Contribution, Explanation, FitPart, GroupTotal, explain
from scoring.queries.rules import (
    FitLine,
    Given,
    fit_lines,
    given_lately,
    groups_with_rules,
    versions,
)
from scoring.queries.statement import Scope, Score, compute_scores, current_rules

__all__ = [
    "Agreement",
    "Contribution",
    "Explanation",
    "FitLine",
    "FitPart",
    "Given",
    "GroupTotal",
    "Scope",
    "Score",
    "agreements",
    "clauses",
    "closed_offers",
    "compute_scores",
    "current_definition",
    "current_rules",
    "definitions_naming",
    "definitions_using_segments",
    "explain",
    "fit_lines",
    "given_lately",
    "groups_with_rules",
    "in_effect",
    "ready_leads",
    "versions",
]
