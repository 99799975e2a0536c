"""Segments: conditions under a name, and the leads they are true of."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leadflow.core.errors import Invalid
from leads import policies, queries
from leads import services as leads
from leads.api.access import caller, shown
from leads.api.serializers import LeadSerializer
from leads.models import Lead, Segment
from leads.queries.segments import MOST_COUNTED_EACH, sized

LANGUAGE = "The condition is JSON in the condition language; docs/conditions.md describes it."


class SegmentSerializer(serializers.ModelSerializer[Segment]):
    """A segment; `size` counts the leads the caller may see, `is_ready` says it has been filled."""

    condition = serializers.JSONField()
    sentence = serializers.SerializerMethodField()
    size = serializers.SerializerMethodField(
        help_text=f"Whoever sees a part of the leads only gets at most {MOST_COUNTED_EACH + 1:,}."
    )
    is_ready = serializers.SerializerMethodField()

    class Meta:
        model = Segment
        fields = (
            "key name description condition sentence size is_ready created_at changed_at archived_at"
        ).split()
        read_only_fields = ["key", "created_at", "changed_at", "archived_at"]
        extra_kwargs = {"description": {"max_length": 1_000}}
        validators: list[Any] = []  # the service says what is wrong, in words

    def get_sentence(self, segment: Segment) -> str:
        """The condition in words."""
        return queries.describe(segment.condition, words=self.context.get("words"))

    def get_size(self, segment: Segment) -> int:
        """How many leads are in it."""
        seen: int | None = getattr(segment, "seen", None)
        return segment.size if seen is None else seen

    def get_is_ready(self, segment: Segment) -> bool:
        """Whether every lead has been looked at."""
        return segment.state == Segment.State.READY


def _segments(request: Request) -> QuerySet[Segment]:
    return sized(Segment.objects.all(), user=caller(request))


def _find(request: Request, key: str) -> Segment:
    segment = _segments(request).filter(key=key).first()
    if segment is None:
        raise Http404("There is no such segment.")
    return segment


def _read(request: Request, *, partial: bool = False) -> dict[str, Any]:
    """What was sent, checked; what nobody knows is an error, not a silence."""
    serializer = SegmentSerializer(data=request.data, partial=partial)
    writable = {"name", "description", "condition"}
    if isinstance(request.data, dict) and (extra := sorted(set(request.data) - writable)):
        raise Invalid(f"There is no field “{extra[0][:40]}” to write.", field=extra[0][:40])
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


class SegmentList(generics.ListAPIView[Segment]):
    """Segments in use."""

    serializer_class = SegmentSerializer

    def get_queryset(self) -> QuerySet[Segment]:
        """Newest first."""
        if getattr(self, "swagger_fake_view", False):
            return Segment.objects.none()
        return _segments(self.request).filter(archived_at=None)

    def get_serializer_context(self) -> dict[str, Any]:
        """The names of values are asked for once a page."""
        return {**super().get_serializer_context(), "words": queries.Vocabulary()}

    @extend_schema(
        request=SegmentSerializer,
        responses={201: SegmentSerializer},
        description=f"Make a segment; it is filled in the background. {LANGUAGE} What does not fit is "
        "answered with a sentence and the `path` to it in the condition.",
    )
    def post(self, request: Request) -> Response:
        """Make a segment."""
        policies.check_may_manage_segments(by=caller(request))
        said = _read(request)
        segment = leads.create_segment(by=caller(request), at=timezone.now(), **said)
        return Response(SegmentSerializer(segment).data, status=201)


class SegmentView(generics.GenericAPIView[Segment]):
    """One segment."""

    serializer_class = SegmentSerializer

    def get(self, request: Request, key: str) -> Response:
        """Read it."""
        return Response(SegmentSerializer(_find(request, key)).data)

    @extend_schema(description=f"Change what is given. {LANGUAGE}")
    def patch(self, request: Request, key: str) -> Response:
        """Change it."""
        policies.check_may_manage_segments(by=caller(request))
        _find(request, key)
        said = _read(request, partial=True)
        leads.change_segment(key=key, by=caller(request), at=timezone.now(), **said)
        return Response(SegmentSerializer(_find(request, key)).data)


class SegmentMembers(generics.ListAPIView[Lead]):
    """The leads of a segment that the caller may see, newest first."""

    serializer_class = LeadSerializer

    def get_queryset(self) -> QuerySet[Lead]:
        """Members as they are known now."""
        if getattr(self, "swagger_fake_view", False):
            return Lead.objects.none()
        segment = _find(self.request, self.kwargs["key"])
        return shown(queries.members(segment).visible_to(caller(self.request)))
