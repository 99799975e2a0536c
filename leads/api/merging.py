"""Likely duplicates, merging, and undoing a merge."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leads import policies, queries
from leads import services as leads
from leads.api.access import LARGEST_ID, caller, check_visible, shown
from leads.api.serializers import LeadSerializer
from leads.engine.identity import clean
from leads.models import DuplicatePair, Lead, Merge


class DuplicateSerializer(serializers.ModelSerializer[DuplicatePair]):
    """Two leads that may be one person."""

    leads = serializers.SerializerMethodField()
    reasons = serializers.SerializerMethodField()

    class Meta:
        model = DuplicatePair
        fields = ["id", "leads", "likeness", "reasons", "found_at"]
        read_only_fields = fields

    def get_leads(self, pair: DuplicatePair) -> list[int]:
        """Their numbers, the lower one first."""
        return [pair.first_id, pair.second_id]

    def get_reasons(self, pair: DuplicatePair) -> list[str]:
        """In words."""
        return queries.describe_reasons(pair.reasons)


class MergeRequestSerializer(serializers.Serializer[Any]):
    """The record that goes, and for facts whose value lives on: “kept” or “gone”."""

    gone = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    facts = serializers.DictField(
        child=serializers.ChoiceField(["kept", "gone"]), required=False, default=dict
    )


class MergedSerializer(serializers.Serializer[Any]):
    """The merge, to undo it by, and the lead that lives on."""

    merge = serializers.IntegerField()
    lead = LeadSerializer()


class UndoneSerializer(serializers.Serializer[Any]):
    """A merge that was undone: both leads are there again."""

    merge = serializers.IntegerField()
    kept = serializers.IntegerField()
    gone = serializers.IntegerField()
    undone_at = serializers.DateTimeField()


class DuplicateList(generics.ListAPIView[DuplicatePair]):
    """Pairs to look at, the most alike first."""

    serializer_class = DuplicateSerializer

    def get_queryset(self) -> QuerySet[DuplicatePair]:
        """Of leads the caller may see both, narrowed by ?reason."""
        by = caller(self.request)
        policies.check_may("merge", by=by)
        reason = clean(self.request.query_params.get("reason", ""), most=20)
        return queries.list_pairs(user=by, reason=reason)

    @extend_schema(parameters=[OpenApiParameter("reason", str)])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List likely duplicates."""
        return super().get(request, *args, **kwargs)


class LeadMerge(APIView):
    """Merge another record into a lead."""

    @extend_schema(
        operation_id="leads_merge",
        request=MergeRequestSerializer,
        responses=MergedSerializer,
        description="Everything that belongs to the lead “gone” goes over to this one, which lives "
        "on; the address of the other answers with it from then on. 409 with a sentence where the "
        "two cannot be merged this way, or one has been merged meanwhile.",
    )
    def post(self, request: Request, lead_id: int) -> Response:
        """Make two records one."""
        serializer = MergeRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        said = serializer.validated_data
        merge = leads.merge_leads(
            kept_id=check_visible(request, lead_id),
            gone_id=said["gone"],
            facts=said["facts"],
            by=caller(request),
            at=timezone.now(),
        )
        lead = shown(Lead.objects.filter(pk=merge.kept_id)).get()
        return Response(MergedSerializer({"merge": merge.pk, "lead": lead}).data)


class MergeUndo(APIView):
    """Undo a merge."""

    @extend_schema(
        operation_id="merges_undo",
        request=None,
        responses=UndoneSerializer,
        description="Every row is as it was before the merge; what happened since stays with the "
        "lead that was kept. Twice is once. 409 with a sentence where there is no way back.",
    )
    def post(self, request: Request, merge_id: int) -> Response:
        """Make one record two again."""
        merge: Merge = leads.undo_merge(
            merge_id=min(merge_id, LARGEST_ID), by=caller(request), at=timezone.now()
        )
        answer = {"merge": merge.pk, "kept": merge.kept_id, "gone": merge.gone_id}
        return Response(UndoneSerializer(answer | {"undone_at": merge.undone_at}).data)
