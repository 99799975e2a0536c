"""Lead definitions: proposed, changed, signed, withdrawn, talked about, and how their leads fared."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leadflow.core.errors import Invalid
from scoring import policies, queries
from scoring import services as scoring
from scoring.api.access import LARGEST_ID, caller
from scoring.models import DefinitionNote, LeadDefinition

LANGUAGE = "Conditions are JSON in the condition language; docs/conditions.md describes it."
TERMS = "condition hand_raise exclusions takes_effect a_day first_come starts_at comment".split()


class DefinitionSerializer(serializers.ModelSerializer[LeadDefinition]):
    """A version of the agreement of one hand-off; whoever signs or changes it names its `revision`."""

    handoff = serializers.CharField(source="handoff.key", read_only=True)
    sentences = serializers.SerializerMethodField()
    author = serializers.CharField(source="author.email", default=None, read_only=True)
    signed_by_marketing = serializers.CharField(
        source="signed_by_marketing.email", default=None, read_only=True
    )
    signed_by_sales = serializers.CharField(
        source="signed_by_sales.email", default=None, read_only=True
    )

    class Meta:
        model = LeadDefinition
        fields = [
            *"id handoff version revision state".split(),
            *TERMS,
            *"sentences author created_at signed_by_marketing marketing_signed_at".split(),
            *"signed_by_sales sales_signed_at effective_at retired_at".split(),
        ]
        read_only_fields = fields

    def get_sentences(self, definition: LeadDefinition) -> dict[str, list[str]]:
        """Its conditions in words: each has to be true, one is enough, none may be."""
        return {
            "condition": queries.clauses(definition.condition),
            "hand_raise": queries.alternatives(definition.hand_raise),
            "exclusions": queries.alternatives(definition.exclusions),
        }


class TermsSerializer(serializers.Serializer[Any]):
    """The text of a version; what is left out of a change stays as it is."""

    condition = serializers.JSONField()
    hand_raise = serializers.JSONField(required=False)
    exclusions = serializers.JSONField(required=False)
    takes_effect = serializers.ChoiceField(LeadDefinition.TakesEffect.choices, required=False)
    a_day = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    first_come = serializers.ChoiceField(LeadDefinition.Order.choices, required=False)
    starts_at = serializers.DateTimeField(required=False, allow_null=True)
    comment = serializers.CharField(required=False, allow_blank=True, max_length=300)


class ProposalSerializer(TermsSerializer):
    """A new version for a hand-off."""

    handoff = serializers.CharField(max_length=40)


class RevisionSerializer(TermsSerializer):
    """A change of the text that was read as `revision`."""

    condition = serializers.JSONField(required=False)
    revision = serializers.IntegerField(min_value=1)


class SignatureSerializer(serializers.Serializer[Any]):
    """For which side the caller signs, and which text they have read."""

    side = serializers.ChoiceField(policies.SIDES)
    revision = serializers.IntegerField(min_value=1)


class NoteSerializer(serializers.ModelSerializer[DefinitionNote]):
    """A line of what was done with a version and said about it."""

    by = serializers.CharField(source="by.email", default=None, read_only=True)

    class Meta:
        model = DefinitionNote
        fields = ["id", "act", "by", "at", "text"]
        read_only_fields = ["id", "act", "at"]


class ForeseenSerializer(serializers.Serializer[Any]):
    """What a version would do if it took effect now, in leads."""

    before = serializers.IntegerField(help_text="Before the hand-off.")
    ready = serializers.IntegerField()
    raised = serializers.IntegerField(help_text="Of those ready: asked for it themselves.")
    waiting = serializers.IntegerField(help_text="Of those ready: the others.")
    excluded = serializers.IntegerField()
    held_back = serializers.IntegerField()
    days = serializers.IntegerField(allow_null=True, help_text="Until nobody waits.")


class RejectionsSerializer(serializers.Serializer[Any]):
    """How often sales gave one reason."""

    code = serializers.CharField()
    reason = serializers.CharField(source="label")
    offers = serializers.IntegerField()


class FaredSerializer(serializers.Serializer[Any]):
    """How the leads of a version fared, among those the caller may see. Ranges are 95 %."""

    offered = serializers.IntegerField()
    raised = serializers.IntegerField()
    accepted = serializers.IntegerField()
    rejected = serializers.IntegerField()
    expired = serializers.IntegerField()
    pending = serializers.IntegerField()
    decided = serializers.IntegerField()
    acceptance = serializers.FloatField(allow_null=True)
    acceptance_low = serializers.FloatField(source="interval.low", default=None)
    acceptance_high = serializers.FloatField(source="interval.high", default=None)
    won = serializers.IntegerField()
    closed = serializers.IntegerField()
    open = serializers.IntegerField()
    win_rate = serializers.FloatField(allow_null=True)
    win_low = serializers.FloatField(source="win_interval.low", default=None)
    win_high = serializers.FloatField(source="win_interval.high", default=None)
    answer_seconds = serializers.FloatField(allow_null=True)
    win_seconds = serializers.FloatField(allow_null=True)
    reasons = RejectionsSerializer(many=True)


def _versions(request: Request) -> QuerySet[LeadDefinition]:
    policies.check_may("see", by=caller(request))
    return queries.definition_versions()


def _find(request: Request, pk: int) -> LeadDefinition:
    found = _versions(request).filter(pk=min(pk, LARGEST_ID)).first()
    if found is None:
        raise Http404("There is no such version.")
    return found


def _read(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """What was sent, checked; what nobody knows is an error, not a silence."""
    reader = serializer(data=request.data)
    if isinstance(request.data, dict) and (extra := sorted(set(request.data) - set(reader.fields))):
        raise Invalid(f"There is no field “{extra[0][:40]}” to write.", field=extra[0][:40])
    reader.is_valid(raise_exception=True)
    return dict(reader.validated_data)


class DefinitionList(generics.ListAPIView[LeadDefinition]):
    """Versions of all hand-offs, newest first."""

    serializer_class = DefinitionSerializer

    def get_queryset(self) -> QuerySet[LeadDefinition]:
        """Narrowed by ?handoff and ?state."""
        if getattr(self, "swagger_fake_view", False):
            return LeadDefinition.objects.none()
        found, said = _versions(self.request), self.request.query_params
        for name, column in (("handoff", "handoff__key"), ("state", "state")):
            if value := said.get(name, "").replace("\0", "")[:40]:
                found = found.filter(**{column: value})
        return found

    @extend_schema(parameters=[OpenApiParameter("handoff", str), OpenApiParameter("state", str)])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List versions."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request=ProposalSerializer,
        responses={201: DefinitionSerializer},
        description=f"Propose a version; one that waited for signatures is withdrawn. {LANGUAGE}",
    )
    def post(self, request: Request) -> Response:
        """Propose one."""
        policies.check_may("propose_definition", by=caller(request))
        said = _read(ProposalSerializer, request)
        definition = scoring.propose_definition(
            handoff_key=said.pop("handoff"), by=caller(request), at=timezone.now(), **said
        )
        return Response(DefinitionSerializer(_find(request, definition.pk)).data, status=201)


class DefinitionView(generics.GenericAPIView[LeadDefinition]):
    """One version."""

    serializer_class = DefinitionSerializer

    def get(self, request: Request, pk: int) -> Response:
        """Read it."""
        return Response(DefinitionSerializer(_find(request, pk)).data)

    @extend_schema(
        request=RevisionSerializer,
        description=f"Change the text of a proposal: signatures are void then. {LANGUAGE}",
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change it."""
        policies.check_may("propose_definition", by=caller(request))
        draft = _find(request, pk)
        said = _read(RevisionSerializer, request)
        revision = said.pop("revision")
        terms = {name: getattr(draft, name) for name in TERMS} | said
        scoring.revise_definition(
            definition_id=draft.pk,
            revision=revision,
            by=caller(request),
            at=timezone.now(),
            **terms,
        )
        return Response(DefinitionSerializer(_find(request, pk)).data)


class DefinitionSign(APIView):
    """A signature."""

    @extend_schema(request=SignatureSerializer, responses={200: DefinitionSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Sign a proposal for one side; the second signature puts it into effect, or its day does."""
        definition, said = _find(request, pk), _read(SignatureSerializer, request)
        scoring.sign_definition(
            definition_id=definition.pk, by=caller(request), at=timezone.now(), **said
        )
        return Response(DefinitionSerializer(_find(request, pk)).data)


class DefinitionWithdrawal(APIView):
    """A withdrawal."""

    @extend_schema(request=None, responses={200: DefinitionSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Withdraw a version that is proposed, or agreed but not in effect yet."""
        definition = _find(request, pk)
        scoring.discard_definition(
            definition_id=definition.pk, by=caller(request), at=timezone.now()
        )
        return Response(DefinitionSerializer(_find(request, pk)).data)


class CommentList(generics.ListAPIView[DefinitionNote]):
    """What was done with a version and said about it, newest first."""

    serializer_class = NoteSerializer

    def get_queryset(self) -> QuerySet[DefinitionNote]:
        """All of it."""
        if getattr(self, "swagger_fake_view", False):
            return DefinitionNote.objects.none()
        return _find(self.request, self.kwargs["pk"]).notes.select_related("by")

    @extend_schema(request=NoteSerializer, responses={201: NoteSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Say something."""
        definition, said = _find(request, pk), _read(NoteSerializer, request)
        note = scoring.comment_definition(
            definition_id=definition.pk,
            text=said.get("text", ""),
            by=caller(request),
            at=timezone.now(),
        )
        return Response(NoteSerializer(note).data, status=201)


class DefinitionPreview(APIView):
    """What a version would do."""

    @extend_schema(responses=ForeseenSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Count it, as the leads are now."""
        one = _find(request, pk)
        stages = scoring.stages_before(one)
        foreseen = queries.foresee(one, stages=stages, at=timezone.now())
        return Response(ForeseenSerializer(foreseen).data)


class DefinitionFigures(APIView):
    """How the leads of a version fared."""

    @extend_schema(responses=FaredSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Count it, among the leads the caller may see."""
        one = _find(request, pk)
        fared = queries.how_leads_fared([one.pk], user=caller(request))
        return Response(FaredSerializer(fared.get(one.pk, queries.Fared())).data)
