"""What people agreed to, everything that is known of them, and forgetting them."""

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leads import services as leads
from leads.api.access import caller, check_visible, visible_lead
from leads.models import Consent
from leads.rendering import build_dossier


class ConsentSerializer(serializers.ModelSerializer[Consent]):
    """One word about one purpose; `at` may lie in the past, what was said last counts."""

    by = serializers.CharField(source="by.email", default=None, read_only=True)
    is_given = serializers.BooleanField()
    wording = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    wording_version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    at = serializers.DateTimeField(required=False)

    class Meta:
        model = Consent
        fields = [
            "id",
            "purpose",
            "is_given",
            "wording",
            "wording_version",
            "source",
            "note",
            "by",
            "at",
        ]

    def validate_at(self, value: Any) -> Any:
        """Nobody has said anything tomorrow."""
        if value > timezone.now():
            raise serializers.ValidationError("This moment has not come yet.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Consent names the words it was given to."""
        if attrs["is_given"] and not attrs.get("wording"):
            raise serializers.ValidationError({"wording": "Say what they agreed to."})
        return attrs


class LeadConsents(generics.ListAPIView[Consent]):
    """What a person said about each purpose, newest first."""

    serializer_class = ConsentSerializer

    def get_queryset(self) -> QuerySet[Consent]:
        """Of this lead."""
        if getattr(self, "swagger_fake_view", False):
            return Consent.objects.none()
        lead = visible_lead(self.request, self.kwargs["lead_id"])
        return Consent.objects.filter(lead=lead).select_related("by")

    @extend_schema(
        request=ConsentSerializer,
        responses={201: ConsentSerializer},
        description="Append what a person said. A withdrawal stops what is queued for them.",
    )
    def post(self, request: Request, lead_id: int) -> Response:
        """Record consent given or withdrawn."""
        lead = visible_lead(request, lead_id)
        serializer = ConsentSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        said: dict[str, Any] = {"at": timezone.now(), **serializer.validated_data}
        is_given = said.pop("is_given")
        if not is_given:
            said.pop("wording", None)
            said.pop("wording_version", None)
        note = leads.record_consent if is_given else leads.withdraw_consent
        note(lead_ids=[lead.pk], by=caller(request), **said)
        newest = Consent.objects.filter(lead=lead).select_related("by").order_by("-id").first()
        return Response(ConsentSerializer(newest).data, status=201)


class LeadExport(APIView):
    """Everything about a person."""

    @extend_schema(
        request=None,
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
        description="One ZIP file: person.json and a CSV file per table. It is written down that it "
        "was handed out.",
    )
    def post(self, request: Request, lead_id: int) -> FileResponse:
        """Hand out."""
        lead_id = check_visible(request, lead_id)
        at = timezone.now()
        leads.note_export(lead_id=lead_id, by=caller(request), at=at)
        file = build_dossier(lead_id=lead_id, at=at)
        name = f"lead-{lead_id}-{at:%Y-%m-%d}.zip"
        return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


class ErasedSerializer(serializers.Serializer[Any]):
    """Whether a person was forgotten just now, or had been before."""

    erased = serializers.BooleanField()


class LeadErasure(APIView):
    """Forget a person."""

    @extend_schema(
        request=None,
        responses=ErasedSerializer,
        description="Blank everything personal, for good; the row stays for the figures, and the "
        "address stays silent. Twice is once. For managers and admins.",
    )
    def post(self, request: Request, lead_id: int) -> Response:
        """Erase."""
        lead_id = check_visible(request, lead_id)
        done = leads.erase_leads(lead_ids=[lead_id], by=caller(request), at=timezone.now())
        return Response({"erased": bool(done)})
