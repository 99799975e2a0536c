"""Public forms and what came in through them, to be read by programs."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leadflow.core.errors import NotAllowed
from leads import policies, queries
from leads.api.access import LARGEST_ID, caller
from leads.engine.identity import clean
from leads.models import Form, FormSubmission


class FormSerializer(serializers.ModelSerializer[Form]):
    """A public form with its questions."""

    product = serializers.CharField(source="product.key", default=None, read_only=True)
    campaign = serializers.CharField(source="campaign.key", default=None, read_only=True)
    asset = serializers.CharField(source="asset.key", default=None, read_only=True)
    questions = serializers.JSONField(source="fields", read_only=True)
    waiting = serializers.IntegerField(read_only=True)
    failed = serializers.IntegerField(read_only=True)

    class Meta:
        model = Form
        fields = (
            "id slug name questions consent_text consent_version is_double_opt_in product campaign "
            "asset is_active waiting failed created_at updated_at"
        ).split()
        read_only_fields = fields


class SubmissionSerializer(serializers.ModelSerializer[FormSubmission]):
    """What was sent, exactly as it came, and what became of it."""

    values = serializers.JSONField(read_only=True)
    context = serializers.JSONField(read_only=True)  # type: ignore[assignment]

    class Meta:
        model = FormSubmission
        fields = "id received_at state error lead source values context".split()
        read_only_fields = fields


def check_may_manage(request: Request) -> None:
    """Raise NotAllowed unless the caller may manage forms."""
    user = caller(request)
    if not policies.permits("manage_forms", by=user):
        raise NotAllowed(f"As {user.get_role_display().lower()} you may not manage forms.")


class FormList(generics.ListAPIView[Form]):
    """Public forms."""

    serializer_class = FormSerializer

    def get_queryset(self) -> QuerySet[Form]:
        """All of them, newest first."""
        if getattr(self, "swagger_fake_view", False):
            return Form.objects.none()
        check_may_manage(self.request)
        return queries.list_forms()


class SubmissionList(generics.ListAPIView[FormSubmission]):
    """What came in through a form."""

    serializer_class = SubmissionSerializer

    def get_queryset(self) -> QuerySet[FormSubmission]:
        """Newest first, narrowed by ?state."""
        if getattr(self, "swagger_fake_view", False):
            return FormSubmission.objects.none()
        check_may_manage(self.request)
        form = Form.objects.filter(pk=min(self.kwargs["form_id"], LARGEST_ID)).first()
        if form is None:
            raise Http404("There is no such form.")
        state = clean(self.request.query_params.get("state", ""), most=10)
        return queries.list_submissions(form=form, state=state)

    @extend_schema(
        parameters=[OpenApiParameter("state", str, enum=list(FormSubmission.State.values))]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List submissions."""
        return super().get(request, *args, **kwargs)
