"""What earns points, who fits, and what both sides agreed a lead is."""

from scoring.models.definitions import LeadDefinition
from scoring.models.points import FitRule, Rule, RuleSet, ScoreGroup
from scoring.models.rounds import RoundPart, ScoreRound
from scoring.models.standings import LeadPoints

__all__ = [
    "FitRule",
    "LeadDefinition",
    "LeadPoints",
    "RoundPart",
    "Rule",
    "RuleSet",
    "ScoreGroup",
    "ScoreRound",
]
