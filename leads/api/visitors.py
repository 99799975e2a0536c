"""Visitors: a program says who they are, or asks for a token with which a page says it."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leadflow.core.errors import Invalid
from leads import policies, queries
from leads import services as leads
from leads.api.access import caller
from leads.engine.identity import clean, normalize_email
from leads.models import Lead

MOST_HOURS = 24 * 90


class WhoSerializer(serializers.Serializer[Any]):
    """A lead, by one of the ways to name it."""

    lead = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    email = serializers.CharField(required=False, max_length=254)
    external_id = serializers.CharField(required=False, max_length=120)


class VisitorSerializer(WhoSerializer):
    """A browser that agreed to be remembered, and whose it is."""

    visitor = serializers.UUIDField()


class IdentifiedSerializer(serializers.Serializer[Any]):
    """Whether the visitor is the lead's that was named; not where it was somebody else's before."""

    visitor = serializers.UUIDField()
    lead = serializers.IntegerField()
    is_attached = serializers.BooleanField()


class TokenRequestSerializer(WhoSerializer):
    """Whom a personal link is for, and how long it is good."""

    hours = serializers.IntegerField(required=False, default=1, min_value=1, max_value=MOST_HOURS)


class TokenSerializer(serializers.Serializer[Any]):
    """The token: the parameter `lf` of a link, or what `leadflow.identify` takes."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class IdentifyVisitor(APIView):
    """Say who a visitor is."""

    @extend_schema(
        request=VisitorSerializer,
        responses=IdentifiedSerializer,
        description="Tie a visitor (the cookie lf_visitor of somebody who agreed to be remembered) to "
        "a lead, with all it did before. A visitor that is somebody's stays theirs.",
    )
    def post(self, request: Request) -> Response:
        """Identify."""
        said = _read(VisitorSerializer, request)
        lead_id = _find_lead(request, said)
        is_attached = leads.identify_visitor(
            visitor_id=said["visitor"], lead_id=lead_id, source="api", at=timezone.now()
        )
        return Response({"visitor": said["visitor"], "lead": lead_id, "is_attached": is_attached})


class VisitorToken(APIView):
    """Ask for a token of a personal link."""

    @extend_schema(
        request=TokenRequestSerializer,
        responses={201: TokenSerializer},
        description="A signed token that makes the browser which opens a link with ?lf=… known as this "
        "lead, if it agrees to be remembered.",
    )
    def post(self, request: Request) -> Response:
        """Make a token."""
        said = _read(TokenRequestSerializer, request)
        lead_id, at = _find_lead(request, said), timezone.now()
        lasts = timedelta(hours=said["hours"])
        token = leads.make_visitor_token(lead_id=lead_id, at=at, lasts=lasts)
        return Response({"token": token, "expires_at": at + lasts}, status=201)


def _read(kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    policies.check_may("edit", by=caller(request))
    serializer = kind(data=request.data)
    serializer.is_valid(raise_exception=True)
    values: dict[str, Any] = serializer.validated_data
    return values


def _find_lead(request: Request, said: dict[str, Any]) -> int:
    """The lead that is named, if the caller may see it; raises Invalid."""
    ways = {
        "lead": ("pk", lambda value: value),
        "email": ("email", normalize_email),
        "external_id": ("external_id", lambda value: clean(value, most=120)),
    }
    for name, (column, tidy) in ways.items():
        if said.get(name):
            mine = Lead.objects.visible_to(caller(request)).filter(erased_at=None)
            key = tidy(said[name])
            found = key if name == "lead" else queries.find_holders(column, [key]).get(key)
            lead_id = mine.filter(pk=found or 0).values_list("pk", flat=True).first()
            if lead_id is None:
                raise Invalid(f"No lead of yours has this {name.replace('_', ' ')}.", field=name)
            return int(lead_id)
    raise Invalid("Say who it is: lead, email or external_id.", field="lead")
