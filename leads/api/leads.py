"""Leads: list, read, create or update, move."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leadflow.core.errors import Invalid
from leads import services as leads
from leads.api.access import caller, check_visible, shown, visible_lead
from leads.api.serializers import LeadSerializer, PersonSerializer, VerbSerializer
from leads.engine.identity import clean
from leads.models import Handoff, Lead, Stage
from leads.queries import find_leads

MOST_AT_ONCE = 5_000
FILTERS = ("stage", "email", "external_id", "grade")


class LeadList(generics.ListAPIView[Lead]):
    """Leads the caller may see; a POST creates or updates one, or a batch."""

    serializer_class = LeadSerializer

    def get_queryset(self) -> QuerySet[Lead]:
        """Narrowed by ?q, stage, email, external_id and grade."""
        said = self.request.query_params
        rows = find_leads(user=caller(self.request), q=clean(said.get("q", ""), most=200))
        chosen = {name: clean(said[name], most=254) for name in FILTERS if said.get(name)}
        if "stage" in chosen and not Stage.objects.filter(key=chosen["stage"]).exists():
            raise Invalid(f"There is no stage “{chosen['stage']}”.", field="stage")
        return shown(rows.filter(**chosen))

    @extend_schema(
        parameters=[OpenApiParameter(name, str) for name in ("q", *FILTERS)],
        description="Leads the caller may see, newest first.",
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List leads."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request=PersonSerializer,
        responses={200: LeadSerializer, 201: LeadSerializer},
        description="Create a lead, or update the one with this external id or e-mail. A list of "
        f"up to {MOST_AT_ONCE} is a batch: it answers what became of each row.",
    )
    def post(self, request: Request) -> Response:
        """Create or update."""
        if isinstance(request.data, list):
            return _upsert_many(request, request.data)
        serializer = PersonSerializer(data=request.data, context={})
        serializer.is_valid(raise_exception=True)
        people = [serializer.person(serializer.validated_data)]
        result = leads.upsert_leads(people=people, by=caller(request), at=timezone.now())[0]
        if result.error:
            raise result.error
        lead = shown(Lead.objects.filter(pk__in=[result.lead_id])).get()
        return Response(
            LeadSerializer(lead).data, status=201 if result.status == "created" else 200
        )


def _upsert_many(request: Request, rows: list[Any]) -> Response:
    if len(rows) > MOST_AT_ONCE:
        raise ValidationError(f"Send at most {MOST_AT_ONCE:,} rows at once.")
    serializer = PersonSerializer(context={})  # one for all rows: to make it costs most
    answers: list[dict[str, Any]] = []
    people: dict[int, leads.Person] = {}
    for place, row in enumerate(rows):
        answers.append({"row": place, "status": "rejected", "lead": None})
        try:
            people[place] = serializer.person(serializer.run_validation(row))
        except ValidationError as error:
            answers[place] |= _fault(error)
    at = timezone.now()
    results = leads.upsert_leads(people=list(people.values()), by=caller(request), at=at)
    for place, result in zip(people, results, strict=True):
        answers[place] |= {"status": result.status, "lead": result.lead_id}
        if result.error:
            answers[place] |= {"field": result.error.field, "error": str(result.error)}
    return Response(batch_answer(answers))


def batch_answer(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The rows of a batch with counts by status."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["status"]] = counts.get(row["status"], 0) + 1
    return {"counts": counts, "rows": rows}


def _fault(error: ValidationError) -> dict[str, str]:
    """The first field that does not fit, and why."""
    details: Any = error.detail
    name, words = next(iter(details.items())) if isinstance(details, dict) else ("", details)
    while isinstance(words, list | dict):
        words = next(iter(words.values() if isinstance(words, dict) else words), "")
    return {"field": name, "error": str(words)}


class LeadDetail(APIView):
    """One lead."""

    @extend_schema(responses=LeadSerializer)
    def get(self, request: Request, lead_id: int) -> Response:
        """Read a lead."""
        return Response(LeadSerializer(visible_lead(request, lead_id)).data)

    @extend_schema(request=PersonSerializer, responses=LeadSerializer)
    def patch(self, request: Request, lead_id: int) -> Response:
        """Correct facts; those left out stay."""
        lead = visible_lead(request, lead_id)
        serializer = PersonSerializer(data=request.data, context={"country": lead.country})
        serializer.is_valid(raise_exception=True)
        person = serializer.person(serializer.validated_data)
        leads.correct_facts(lead_id=lead.pk, person=person, by=caller(request), at=timezone.now())
        return Response(LeadSerializer(visible_lead(request, lead_id)).data)


class LeadVerb(APIView):
    """Move a lead."""

    @extend_schema(
        operation_id="leads_move",
        request=VerbSerializer,
        responses=LeadSerializer,
        description="Move a lead by a verb; 409 with a sentence when it stands elsewhere by now.",
    )
    def post(self, request: Request, lead_id: int, verb: str) -> Response:
        """Apply the verb."""
        lead_id = check_visible(request, lead_id)
        serializer = VerbSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        said = dict(serializer.validated_data)
        if said["handoff"] and not Handoff.objects.filter(key=said["handoff"]).exists():
            raise Invalid(f"There is no hand-off “{said['handoff']}”.", field="handoff")
        act = leads.Act(
            verb=verb, at=timezone.now(), by=caller(request), towards=said.pop("handoff"), **said
        )
        leads.move(lead_ids=[lead_id], act=act).or_raise()
        moved = shown(Lead.objects.filter(pk=lead_id)).get()  # accepting may take it out of sight
        return Response(LeadSerializer(moved).data)


class UnknownVerb(APIView):
    """What is asked of a lead by a word that is no verb."""

    @extend_schema(exclude=True)
    def post(self, request: Request, lead_id: int, verb: str) -> Response:
        """Say which verbs there are."""
        check_visible(request, lead_id)
        raise NotFound(f"There is no verb “{clean(verb, most=40)}”: use {', '.join(leads.VERBS)}.")
