"""One verb on many leads, answered lead by lead."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leads import services as leads
from leads.api.access import LARGEST_ID, caller
from leads.api.leads import batch_answer
from leads.api.serializers import VerbSerializer

MOST_AT_ONCE = 5_000


class BulkMoveSerializer(VerbSerializer):
    """A verb, the leads it is for, and what is said along with it."""

    verb = serializers.ChoiceField(
        sorted(leads.VERBS), error_messages={"invalid_choice": "There is no verb “{input}”."}
    )
    leads = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_ID),
        allow_empty=False,
        max_length=MOST_AT_ONCE,
        error_messages={
            "empty": "Name at least one lead.",
            "max_length": "Send at most {max_length:,} leads at once.",
        },
    )


class MovedSerializer(serializers.Serializer[Any]):
    """What became of one lead: moved, or refused with a sentence."""

    lead = serializers.IntegerField()
    status = serializers.ChoiceField(["moved", "refused"])
    error = serializers.CharField(required=False)


class BulkMovedSerializer(serializers.Serializer[Any]):
    """What became of many leads: counts by status, and a row for each."""

    counts = serializers.DictField(child=serializers.IntegerField())
    rows = MovedSerializer(many=True)


class BulkMove(APIView):
    """Move many leads by one verb."""

    @extend_schema(
        operation_id="leads_move_many",
        request=BulkMoveSerializer,
        responses=BulkMovedSerializer,
        description=f"Move up to {MOST_AT_ONCE:,} leads by one verb, all in one transaction. Each "
        "is moved or refused with a sentence; 400 or 403 when the verb could be done to none.",
    )
    def post(self, request: Request) -> Response:
        """Apply the verb to each lead."""
        serializer = BulkMoveSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        said = dict(serializer.validated_data)
        ids = list(dict.fromkeys(said.pop("leads")))
        act = leads.Act(at=timezone.now(), by=caller(request), towards=said.pop("handoff"), **said)
        refused = leads.move(lead_ids=ids, act=act).refused
        return Response(batch_answer([_answer(lead_id, refused.get(lead_id)) for lead_id in ids]))


def _answer(lead_id: int, sentence: str | None) -> dict[str, Any]:
    if sentence is None:
        return {"lead": lead_id, "status": "moved"}
    return {"lead": lead_id, "status": "refused", "error": sentence}
