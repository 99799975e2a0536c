"""Forms of the scoring pages."""

from scoring.forms.definitions import DefinitionForm
from scoring.forms.figures import FiguresForm
from scoring.forms.parts import BandsForm, FitRuleForm, GroupForm, PublishForm, RuleForm
from scoring.forms.prediction import PredictionForm

__all__ = [
    "BandsForm",
    "DefinitionForm",
    "FiguresForm",
    "FitRuleForm",
    "GroupForm",
    "PredictionForm",
    "PublishForm",
    "RuleForm",
]
