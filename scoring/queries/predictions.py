"""What is known of chances: the model in use, the setting, the rounds, and the chance of a lead."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from leadflow.core.parts import ConditionField, Rows
from leads.models import Lead
from scoring.engine.chances import Card, Chance, explain_chance, read_card
from scoring.events import LeadsPredicted
from scoring.models import (
    LeadPrediction,
    PredictionModel,
    PredictionRound,
    PredictionSetting,
)
from scoring.queries.looks import looks_now

State = PredictionModel.State
CHANCE_FIELD = "win_probability"


def prediction_setting() -> PredictionSetting:
    """The setting; as shipped where nobody has changed it."""
    return PredictionSetting.objects.filter(pk=1).first() or PredictionSetting(pk=1)


def model_in_use() -> PredictionModel | None:
    """The model that chances come from; None while prediction is off or nothing was learned yet."""
    if not prediction_setting().is_on:
        return None
    return newest_model()


def newest_model() -> PredictionModel | None:
    """The model that is or would be in use."""
    return PredictionModel.objects.filter(state=State.IN_USE).first()


def prediction_models() -> QuerySet[PredictionModel]:
    """Every model there was, the newest first."""
    return PredictionModel.objects.all()


def round_under_way() -> PredictionRound | None:
    """The background work that goes on now."""
    return PredictionRound.objects.filter(finished_at=None).first()


def last_training() -> PredictionRound | None:
    """The last training that came to an end, with what came of it."""
    kind = PredictionRound.Kind.TRAINING
    return PredictionRound.objects.filter(kind=kind, finished_at__isnull=False).first()


@dataclass(frozen=True)
class LeadChance:
    """The chance of a lead by one version of the model, as of now."""

    model: PredictionModel
    chance: Chance


def lead_chance(lead: Lead, *, at: datetime) -> LeadChance | None:
    """The chance of a lead as it is now, with reasons; None for leads that are closed or unknown."""
    model = model_in_use()
    looks = looks_now(at=at, lead_ids=[lead.pk]) if model else []
    if model is None or not looks:
        return None
    return LeadChance(model, explain_chance(card_of(model), looks[0]))


def card_of(model: PredictionModel) -> Card:
    """The weights and words of a model."""
    return read_card(model.card)


def _predicted() -> QuerySet[LeadPrediction]:
    return LeadPrediction.objects.all()


WIN_PROBABILITY = ConditionField(
    "chance to win in per cent",
    "number",
    "percent",
    group="Score",
    says="chance to win in per cent",
    rows=Rows(_predicted),
    events=(LeadsPredicted,),
)
