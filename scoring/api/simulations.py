"""Replays of the past: begun, followed and read."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from scoring import policies, queries
from scoring import services as scoring
from scoring.api.access import LARGEST_ID, caller
from scoring.models import SimulatedCycle, Simulation
from scoring.queries import Step


class StepSerializer(serializers.Serializer[Any]):
    """What one threshold would have given. Shares are only of leads that sales has seen."""

    threshold = serializers.IntegerField()
    offers = serializers.IntegerField()
    per_week = serializers.FloatField()
    accepted = serializers.IntegerField()
    decided = serializers.IntegerField()
    acceptance = serializers.FloatField(allow_null=True)
    acceptance_low = serializers.FloatField(source="acceptance_range.low", default=None)
    acceptance_high = serializers.FloatField(source="acceptance_range.high", default=None)
    pending = serializers.IntegerField()
    unknown = serializers.IntegerField(help_text="Never offered in truth.")
    won = serializers.IntegerField()
    closed = serializers.IntegerField()
    win_rate = serializers.FloatField(allow_null=True)
    win_low = serializers.FloatField(source="win_range.low", default=None)
    win_high = serializers.FloatField(source="win_range.high", default=None)
    missed = serializers.IntegerField(help_text="Won, but would not have been offered.")
    dropped = serializers.IntegerField(help_text="Offered in truth, but would not have been.")
    weekly = serializers.ListField(child=serializers.IntegerField())


class SimulationSerializer(serializers.ModelSerializer[Simulation]):
    """A replay: what was asked, how far it is, and its figures once it is done."""

    handoff = serializers.CharField(source="handoff.key", read_only=True)
    steps = serializers.SerializerMethodField()
    real = serializers.SerializerMethodField()

    class Meta:
        model = Simulation
        fields = (
            "id handoff definition condition hand_raise exclusions rules axis threshold months from_at until_at state "
            "done_to last_id error finished_at dated undated steps real"
        ).split()
        read_only_fields = fields

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, simulation: Simulation) -> Any:
        """Every position of the threshold."""
        return StepSerializer(queries.steps_of(simulation), many=True).data

    @extend_schema_field(StepSerializer(allow_null=True))
    def get_real(self, simulation: Simulation) -> Any:
        """What was offered really."""
        return StepSerializer(Step(**simulation.real)).data if simulation.real else None


class QuestionSerializer(serializers.Serializer[Any]):
    """What is to be replayed."""

    handoff = serializers.CharField(max_length=40)
    uses_draft_definition = serializers.BooleanField(default=False)
    uses_draft_rules = serializers.BooleanField(default=False)
    months = serializers.ChoiceField(choices=scoring.MONTHS, default=6)
    axis = serializers.CharField(max_length=10, default="", allow_blank=True)


class SimulatedLeadSerializer(serializers.ModelSerializer[SimulatedCycle]):
    """A lead in one cycle: when it would have been offered, and what happened really."""

    met_at = serializers.DateTimeField(allow_null=True)

    class Meta:
        model = SimulatedCycle
        fields = ["lead_id", "cycle", "met_at", "offered_at", "outcome", "won_at", "ended_at"]


def _simulations(request: Request) -> QuerySet[Simulation]:
    policies.check_may("simulate", by=caller(request))
    return Simulation.objects.select_related("handoff")


def _find(request: Request, pk: int) -> Simulation:
    found = _simulations(request).filter(pk=min(pk, LARGEST_ID)).first()
    if found is None:
        raise Http404("There is no such replay.")
    return found


class SimulationList(generics.ListAPIView[Simulation]):
    """Replays, newest first; the last twenty are kept."""

    serializer_class = SimulationSerializer

    def get_queryset(self) -> QuerySet[Simulation]:
        """All of them."""
        if getattr(self, "swagger_fake_view", False):
            return Simulation.objects.none()
        return _simulations(self.request)

    @extend_schema(
        request=QuestionSerializer,
        responses={201: SimulationSerializer},
        description="Replay the last months under an agreement and a version of the points. It runs in "
        "the background and changes nothing; read it again until its state is done.",
    )
    def post(self, request: Request) -> Response:
        """Begin one."""
        policies.check_may("simulate", by=caller(request))
        serializer = QuestionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        said = dict(serializer.validated_data)
        question = scoring.Question(handoff_key=said.pop("handoff"), **said)
        found = scoring.start_simulation(question=question, by=caller(request), at=timezone.now())
        return Response(SimulationSerializer(found).data, status=201)


class SimulationView(generics.GenericAPIView[Simulation]):
    """One replay."""

    serializer_class = SimulationSerializer

    def get(self, request: Request, pk: int) -> Response:
        """Read it."""
        return Response(SimulationSerializer(_find(request, pk)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Drop it."""
        found = _find(request, pk)
        scoring.discard_simulation(simulation_id=found.pk, by=caller(request))
        return Response(status=204)


class SimulatedLeads(generics.ListAPIView[SimulatedCycle]):
    """The leads behind a figure of a replay."""

    serializer_class = SimulatedLeadSerializer

    @extend_schema(
        parameters=[
            OpenApiParameter("which", str, enum=list(queries.BEHIND), default="unknown"),
            OpenApiParameter("threshold", int, description="As agreed when it is left out."),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List them."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[SimulatedCycle]:
        """By figure and threshold."""
        if getattr(self, "swagger_fake_view", False):
            return SimulatedCycle.objects.none()
        found, asked = _find(self.request, self.kwargs["pk"]), self.request.query_params
        which, text = asked.get("which", "unknown"), asked.get("threshold", "")
        if which not in queries.BEHIND:
            raise serializers.ValidationError({"which": "There is no such figure."})
        if text and not (text.isdecimal() and len(text) < 7):
            raise serializers.ValidationError({"threshold": "Give a whole number."})
        threshold = int(text) if text else found.threshold
        return queries.cycles_behind(found, which=which, threshold=threshold)
