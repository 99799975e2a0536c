"""What earns points, who fits, what both sides agreed a lead is, and what closed leads teach."""

from scoring.models.definitions import (
    DefinitionDay,
    DefinitionNote,
    LeadDefinition,
    WaitingLead,
)
from scoring.models.points import FitRule, Rule, RuleSet, ScoreGroup
from scoring.models.predictions import (
    LeadPrediction,
    NextStep,
    PredictionModel,
    PredictionRound,
    PredictionSetting,
)
from scoring.models.rounds import RoundPart, ScoreRound
from scoring.models.simulations import FactDates, SimulatedCycle, Simulation
from scoring.models.standings import LeadPoints

__all__ = [
    "DefinitionDay",
    "DefinitionNote",
    "FactDates",
    "FitRule",
    "LeadDefinition",
    "LeadPoints",
    "LeadPrediction",
    "NextStep",
    "PredictionModel",
    "PredictionRound",
    "PredictionSetting",
    "RoundPart",
    "Rule",
    "RuleSet",
    "ScoreGroup",
    "ScoreRound",
    "SimulatedCycle",
    "Simulation",
    "WaitingLead",
]
