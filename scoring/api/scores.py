"""Why a lead has its score."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from scoring import queries
from scoring.api.access import find_lead

MOST = 500


class ContributionSerializer(serializers.Serializer[Any]):
    """What one activity gave under one rule: at first, and now."""

    activity_id = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    rule_id = serializers.IntegerField()
    rule = serializers.CharField()
    group_id = serializers.IntegerField()
    points = serializers.FloatField()
    remaining = serializers.FloatField()
    is_counted = serializers.BooleanField(help_text="False where the rule had given all it gives.")


class RuleTotalSerializer(serializers.Serializer[Any]):
    """What one rule gave; activities that its limit left out are counted apart."""

    rule_id = serializers.IntegerField()
    rule = serializers.CharField()
    group_id = serializers.IntegerField()
    counted = serializers.IntegerField()
    left_out = serializers.IntegerField()
    points = serializers.FloatField()
    remaining = serializers.FloatField()


class GroupTotalSerializer(serializers.Serializer[Any]):
    """A group of rules, and what its cap took away."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    half_life_days = serializers.IntegerField(allow_null=True)
    cap = serializers.IntegerField(allow_null=True)
    earned = serializers.FloatField()
    counts = serializers.FloatField()
    lost_to_cap = serializers.FloatField()


class FitPartSerializer(serializers.Serializer[Any]):
    """A fact that gave points."""

    rule_id = serializers.IntegerField()
    fact = serializers.CharField(source="label")
    points = serializers.IntegerField()


class OutlookSerializer(serializers.Serializer[Any]):
    """The score after some days in which nothing happens."""

    days = serializers.IntegerField()
    exact = serializers.FloatField()
    engagement = serializers.IntegerField()
    fit = serializers.IntegerField()
    score = serializers.IntegerField()
    grade = serializers.CharField()


class InterestSerializer(serializers.Serializer[Any]):
    """A product, what is left of the points around it, and by how many activities."""

    product_id = serializers.IntegerField()
    product = serializers.CharField()
    points = serializers.FloatField()
    times = serializers.IntegerField()


class ExplanationSerializer(serializers.Serializer[Any]):
    """A score with everything that made it; `contributions` are the newest 500 at most."""

    lead_id = serializers.IntegerField()
    at = serializers.DateTimeField()
    rule_version = serializers.IntegerField()
    score = serializers.IntegerField()
    engagement = serializers.IntegerField()
    exact_engagement = serializers.FloatField()
    fit = serializers.IntegerField()
    grade = serializers.CharField()
    engagement_cap = serializers.IntegerField(allow_null=True)
    lost_to_total_cap = serializers.FloatField()
    contributions = ContributionSerializer(many=True)
    contribution_count = serializers.IntegerField()
    rules = RuleTotalSerializer(many=True)
    groups = GroupTotalSerializer(many=True)
    facts = FitPartSerializer(many=True)
    ahead = OutlookSerializer(many=True)
    interests = InterestSerializer(many=True)


class LeadScore(APIView):
    """The score of a lead, worked out this moment."""

    @extend_schema(
        responses=ExplanationSerializer,
        parameters=[
            OpenApiParameter(
                "after", int, description="Leave out so many of the newest activities."
            )
        ],
        description="Every contribution with its activity, rule, original and remaining points, what "
        "limits and caps took away, and the score in 7 and 30 days if nothing happens.",
    )
    def get(self, request: Request, lead_id: int) -> Response:
        """Explain it."""
        lead = find_lead(request, lead_id)
        text = request.query_params.get("after", "")
        after = int(text) if text.isdecimal() and len(text) < 10 else 0
        explanation = queries.explain(lead, timezone.now(), most=MOST, after=after)
        return Response(ExplanationSerializer(explanation.to_dict()).data)
