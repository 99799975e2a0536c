"""Forms of the scoring pages."""

from scoring.forms.definitions import Proposal
from scoring.forms.facts import FactEditor
from scoring.forms.figures import FiguresForm
from scoring.forms.parts import BandsForm, GroupForm, PublishForm, RuleForm
from scoring.forms.prediction import PredictionForm
from scoring.forms.simulations import SimulationForm

__all__ = [
    "BandsForm",
    "FactEditor",
    "FiguresForm",
    "GroupForm",
    "PredictionForm",
    "Proposal",
    "PublishForm",
    "RuleForm",
    "SimulationForm",
]
