"""What earns points, who fits, and what both sides agreed a lead is."""

from scoring.models.definitions import LeadDefinition
from scoring.models.points import FitRule, Rule, RuleSet, ScoreGroup
from scoring.models.rounds import ScoreRound

__all__ = ["FitRule", "LeadDefinition", "Rule", "RuleSet", "ScoreGroup", "ScoreRound"]
