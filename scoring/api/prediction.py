"""The chance of a lead, what may help it next, and the card of the model."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leadflow.core.models import User
from leads.models import Lead
from leads.queries import follow_merges
from scoring import policies, queries
from scoring.models import PredictionModel
from scoring.queries import NextBest, Suggestion

LARGEST_ID = 2**63 - 1
UNSEEN = "There is no such lead, or it is not yours to see."


class ChanceReasonSerializer(serializers.Serializer[Any]):
    """An answer and by how much it moves the chance, a share; negative speaks against."""

    words = serializers.CharField()
    share = serializers.FloatField()


class SuggestionSerializer(serializers.Serializer[Any]):
    """Something that leads like this one turned to next."""

    id = serializers.IntegerField(source="item.pk")
    key = serializers.CharField(source="item.key")
    name = serializers.CharField(source="item")
    why = serializers.CharField(source="words")
    leads = serializers.IntegerField()
    followed = serializers.IntegerField()
    lift = serializers.FloatField()


class NextBestSerializer(serializers.Serializer[Any]):
    """One suggestion of each kind, or null."""

    content = SuggestionSerializer(source="asset", allow_null=True)
    promotion = SuggestionSerializer(allow_null=True)
    product = SuggestionSerializer(allow_null=True)


class PredictionSerializer(serializers.Serializer[Any]):
    """The chance (0–1) with its reasons; null while it is off and for leads that are closed."""

    chance = serializers.FloatField(allow_null=True)
    within_days = serializers.IntegerField(allow_null=True)
    version = serializers.IntegerField(allow_null=True)
    reasons = ChanceReasonSerializer(many=True)
    next = NextBestSerializer()


class ModelCardSerializer(serializers.Serializer[Any]):
    """What is in use, what it was learned from, how it did on later leads, and what it weighs."""

    is_on = serializers.BooleanField()
    horizon_days = serializers.IntegerField()
    version = serializers.IntegerField(allow_null=True)
    trained_at = serializers.DateTimeField(allow_null=True)
    figures = serializers.DictField(allow_null=True)
    weights = serializers.DictField(child=serializers.FloatField(), allow_null=True)
    last_training = serializers.DictField(allow_null=True)


class LeadPredictionView(APIView):
    """The chance of one lead."""

    @extend_schema(
        operation_id="leads_prediction",
        responses=PredictionSerializer,
        description="The chance that a lead becomes a customer within `within_days`, as of now, with "
        "what speaks for and against it, and what leads like it turned to next.",
    )
    def get(self, request: Request, lead_id: int) -> Response:
        """Work it out from what is known of the lead now."""
        lead = _visible_lead(request, lead_id)
        found = queries.lead_chance(lead, at=timezone.now())
        answer = {
            "chance": round(found.chance.share, 4) if found else None,
            "within_days": found.model.horizon_days if found else None,
            "version": found.model.number if found else None,
            "reasons": found.chance.reasons if found else [],
            "next": _next(lead),
        }
        return Response(PredictionSerializer(answer).data)


class PredictionCard(APIView):
    """The model in use."""

    @extend_schema(
        operation_id="prediction_card",
        responses=ModelCardSerializer,
        description="Weights are in log odds per number; numbers of counts and days are logarithms "
        "(natural, of 1 + n). `figures` tell what the model was learned from and how it did on leads that came later.",
    )
    def get(self, request: Request) -> Response:
        """Read the card."""
        policies.check_may("see", by=_caller(request))
        setting, training = queries.prediction_setting(), queries.last_training()
        model: PredictionModel | None = queries.model_in_use()
        answer = {
            "is_on": setting.is_on,
            "horizon_days": setting.horizon_days,
            "version": model.number if model else None,
            "trained_at": model.trained_at if model else None,
            "figures": model.figures if model else None,
            "weights": queries.card_of(model).weights if model else None,
            "last_training": training.outcome if training else None,
        }
        return Response(ModelCardSerializer(answer).data)


def _next(lead: Lead) -> NextBest | dict[str, Suggestion | None]:
    if lead.erased_at is not None:
        return {"asset": None, "promotion": None, "product": None}
    return queries.next_best(lead)


def _visible_lead(request: Request, lead_id: int) -> Lead:
    """The lead, or the one it was merged into; 404 unless the caller may see it."""
    mine, number = Lead.objects.visible_to(_caller(request)), min(lead_id, LARGEST_ID)
    lead = mine.filter(pk=number).first()
    if lead is None:
        lead = mine.filter(pk__in=follow_merges([number]).values()).first()
    if lead is None:
        raise Http404(UNSEEN)
    return lead


def _caller(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user
