"""The pipeline: read by everybody, designed by marketing and admins."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads import policies, queries
from leads import services as leads
from leads.api import designs
from leads.api.access import caller
from leads.models import Handoff, PipelineVersion, Reason, Stage


def _read(
    kind: type[Serializer[Any]], request: Request, *, partial: bool = False
) -> dict[str, Any]:
    """What was sent, checked; a field that nobody knows is an error, not a silence."""
    serializer = kind(data=request.data, partial=partial)
    writable = {name for name, field in serializer.fields.items() if not field.read_only}
    if isinstance(request.data, dict) and (extra := set(request.data) - writable):
        raise Invalid(f"There is no field “{min(extra)[:40]}” here.", field=min(extra)[:40])
    serializer.is_valid(raise_exception=True)
    said = dict(serializer.validated_data)
    if "escalate_to" in said:
        said["escalate_to"] = _ids_of(said["escalate_to"])
    return said


def _ids_of(emails: list[str]) -> list[int]:
    known = dict(User.objects.filter(is_active=True).values_list("email", "pk"))
    unknown = next((email for email in emails if email.lower() not in known), None)
    if unknown:
        raise Invalid(f"Nobody here has the address “{unknown}”.", field="escalate_to")
    return [known[email.lower()] for email in emails]


def _answer(request: Request, status: int = 200) -> Response:
    design = queries.read_design(user=caller(request))
    return Response(designs.describe(design, queries.list_verbs()), status=status)


class PipelineView(APIView):
    """The pipeline as it is now."""

    @extend_schema(responses=designs.PipelineSerializer)
    def get(self, request: Request) -> Response:
        """Read stages, hand-offs, verbs and reasons."""
        return _answer(request)


class PipelineOrder(APIView):
    """The order of the path."""

    @extend_schema(request=designs.OrderSerializer, responses=designs.PipelineSerializer)
    def put(self, request: Request) -> Response:
        """Put every stage of the path in a new order."""
        said = _read(designs.OrderSerializer, request)
        leads.order_stages(keys=said["stages"], by=caller(request), at=timezone.now())
        return _answer(request)


class StageList(APIView):
    """The stages."""

    @extend_schema(request=designs.NewStageSerializer, responses={201: designs.PipelineSerializer})
    def post(self, request: Request) -> Response:
        """Add a stage behind `after`; an empty `after` is where the path begins."""
        said = _read(designs.NewStageSerializer, request)
        leads.add_stage(by=caller(request), at=timezone.now(), **said)
        return _answer(request, 201)


class StageView(APIView):
    """One stage."""

    @extend_schema(request=designs.StageSerializer, responses=designs.PipelineSerializer)
    def patch(self, request: Request, key: str) -> Response:
        """Change a stage; what is left out stays. Its key never changes."""
        said = _read(designs.StageSerializer, request, partial=True)
        leads.change_stage(key=key, by=caller(request), at=timezone.now(), **said)
        return _answer(request)


class StageRetirement(APIView):
    """Taking a stage off the path."""

    @extend_schema(responses=designs.RetirementSerializer)
    def get(self, request: Request, key: str) -> Response:
        """How many leads would move, where they may go, and what stands against it."""
        policies.check_may_design(by=caller(request))
        preview = queries.preview_retirement(stage=get_object_or_404(Stage, key=key))
        targets = [target for target, _ in preview.targets]
        refused = leads.retirement_refused(key=key)
        return Response({"leads": preview.leads, "targets": targets, "refused": refused})

    @extend_schema(request=designs.MergeSerializer, responses=designs.PipelineSerializer)
    def post(self, request: Request, key: str) -> Response:
        """Retire the stage; its leads go on in `merge_into`, which one that has leads needs."""
        said, at = _read(designs.MergeSerializer, request), timezone.now()
        leads.retire_stage(key=key, by=caller(request), at=at, **said)
        leads.move_merged(at=at, most=leads.MERGED_AT_ONCE)
        return _answer(request)


class HandoffList(APIView):
    """The hand-offs."""

    @extend_schema(
        request=designs.NewHandoffSerializer, responses={201: designs.PipelineSerializer}
    )
    def post(self, request: Request) -> Response:
        """Add a hand-off behind `after`, with the two stages it leads over."""
        said = _read(designs.NewHandoffSerializer, request)
        offered, accepted = leads.Side(**said.pop("offered")), leads.Side(**said.pop("accepted"))
        leads.add_handoff(
            offered=offered, accepted=accepted, by=caller(request), at=timezone.now(), **said
        )
        return _answer(request, 201)


class HandoffView(APIView):
    """One hand-off."""

    @extend_schema(request=designs.HandoffSerializer, responses=designs.PipelineSerializer)
    def patch(self, request: Request, key: str) -> Response:
        """Change its target, times, team, calendar, escalation, or switch it on and off."""
        get_object_or_404(Handoff, key=key)
        said = _read(designs.HandoffSerializer, request, partial=True)
        leads.change_handoff(key=key, by=caller(request), at=timezone.now(), **said)
        return _answer(request)


class VerbRuleView(APIView):
    """What one verb asks for."""

    @extend_schema(request=designs.VerbRuleSerializer, responses=designs.PipelineSerializer)
    def put(self, request: Request, verb: str) -> Response:
        """Say whether a verb needs a coded reason, and a note."""
        said = _read(designs.VerbRuleSerializer, request)
        leads.change_verb(verb=verb, by=caller(request), at=timezone.now(), **said)
        return _answer(request)


class ReasonList(APIView):
    """The reasons of a verb."""

    @extend_schema(request=designs.ReasonSerializer, responses={201: designs.ReasonSerializer})
    def post(self, request: Request, verb: str) -> Response:
        """Add a reason to choose from."""
        said = _read(designs.ReasonSerializer, request)
        reason = leads.save_reason(verb=verb, by=caller(request), at=timezone.now(), **said)
        return Response(designs.ReasonSerializer(reason).data, status=201)


class ReasonView(APIView):
    """One reason."""

    @extend_schema(request=designs.ReasonSerializer, responses=designs.ReasonSerializer)
    def patch(self, request: Request, verb: str, code: str) -> Response:
        """Change its words and rules, or take it out of use; history keeps its code."""
        known = get_object_or_404(Reason, verb=verb, code=code)
        said = {name: getattr(known, name) for name in designs.REASON_FACTS}
        said |= _read(designs.ReasonSerializer, request, partial=True)
        reason = leads.save_reason(
            verb=verb, code=code, by=caller(request), at=timezone.now(), **said
        )
        return Response(designs.ReasonSerializer(reason).data)


class VersionList(generics.ListAPIView[PipelineVersion]):
    """Versions of the pipeline, newest first."""

    serializer_class = designs.VersionSerializer

    def get_queryset(self) -> QuerySet[PipelineVersion]:
        """All of them; everybody may read what changed."""
        return PipelineVersion.objects.select_related("author")


class VersionView(APIView):
    """One version of the pipeline."""

    @extend_schema(responses=designs.VersionDetailSerializer)
    def get(self, request: Request, number: int) -> Response:
        """What the pipeline was, in full."""
        version = get_object_or_404(PipelineVersion, number=min(number, 2**31 - 1))
        return Response(designs.VersionDetailSerializer(version).data)
