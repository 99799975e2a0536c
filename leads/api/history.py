"""The history of a lead: its stage changes, and taking the last one back."""

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leadflow.core.errors import Invalid, NotAllowed
from leads import services as leads
from leads.api.access import caller, shown, visible_lead
from leads.api.serializers import (
    ChangeSerializer,
    LeadSerializer,
    StageTimeSerializer,
    TakeBackSerializer,
)
from leads.models import Lead, StageChange
from leads.queries import stage_times, take_back_refused


class LeadHistory(generics.ListAPIView[StageChange]):
    """Stage changes of a lead, newest first."""

    serializer_class = ChangeSerializer

    def get_queryset(self) -> QuerySet[StageChange]:
        """Of this lead."""
        if getattr(self, "swagger_fake_view", False):
            return StageChange.objects.none()
        lead = visible_lead(self.request, self.kwargs["lead_id"])
        return StageChange.objects.filter(lead=lead).select_related("by")


class LeadStages(APIView):
    """Time in stages."""

    @extend_schema(
        operation_id="leads_stages",
        responses=StageTimeSerializer(many=True),
        description="How long a lead stood in each stage, cycle by cycle; what was taken back has "
        "never been. Business seconds are those of the default calendar.",
    )
    def get(self, request: Request, lead_id: int) -> Response:
        """List stays."""
        lead = visible_lead(request, lead_id)
        times = stage_times(lead_ids=[lead.pk], at=timezone.now())
        return Response(StageTimeSerializer(times, many=True).data)


class LeadTakeBack(APIView):
    """Take the last change of a lead back."""

    @extend_schema(
        operation_id="leads_take_back",
        request=TakeBackSerializer,
        responses=LeadSerializer,
        description="Undo the last change, named by its id from the history: by who made it within "
        "ten minutes, or by a manager. Twice is once; 409 with a sentence when the lead has moved "
        "since.",
    )
    def post(self, request: Request, lead_id: int) -> Response:
        """Append the correction."""
        lead, at = visible_lead(request, lead_id), timezone.now()
        serializer = TakeBackSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        change_id = serializer.validated_data["change"]
        change = StageChange.objects.filter(lead=lead, pk=change_id).select_related("by").first()
        if change is None:
            raise Invalid(f"This lead has no change {change_id}.", field="change")
        if sentence := take_back_refused(change, by=caller(request), at=at):
            raise NotAllowed(sentence)
        leads.take_back(change_ids=[change.pk], by=caller(request), at=at).or_raise()
        moved = shown(Lead.objects.filter(pk=lead.pk)).get()
        return Response(LeadSerializer(moved).data)
