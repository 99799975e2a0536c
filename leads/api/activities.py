"""Activities: those of a lead, and batches that other programs report."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leads import services as leads
from leads.api.access import caller, visible_lead
from leads.api.leads import batch_answer
from leads.api.serializers import ActivitySerializer, BatchSerializer, ReportedSerializer
from leads.models import Activity

MOST_AT_ONCE = 10_000


class LeadActivities(generics.ListAPIView[Activity]):
    """Activities of a lead, newest first."""

    serializer_class = ActivitySerializer

    def get_queryset(self) -> QuerySet[Activity]:
        """Of this lead."""
        if getattr(self, "swagger_fake_view", False):
            return Activity.objects.none()
        lead = visible_lead(self.request, self.kwargs["lead_id"])
        return Activity.objects.filter(lead=lead).select_related("asset", "by")


class ActivityBatch(APIView):
    """Report activities."""

    @extend_schema(
        request=ReportedSerializer(many=True),
        responses=BatchSerializer,
        description=f"Up to {MOST_AT_ONCE:,} activities at once; bad rows are named, the rest is "
        "kept. The same source_id and kind twice is one activity.",
    )
    def post(self, request: Request) -> Response:
        """Record a batch."""
        rows: Any = request.data
        if not isinstance(rows, list):
            raise ValidationError("Send a list of activities.")
        if len(rows) > MOST_AT_ONCE:
            raise ValidationError(f"Send at most {MOST_AT_ONCE:,} rows at once.")
        results = leads.record_reported(rows=rows, by=caller(request), at=timezone.now())
        return Response(batch_answer([_answer(n, result) for n, result in enumerate(results)]))


def _answer(place: int, result: leads.Reported) -> dict[str, Any]:
    answer: dict[str, Any] = {"row": place, "status": result.status, "lead": result.lead_id}
    if result.status == "rejected":
        answer |= {"field": result.field, "error": result.error}
    return answer
