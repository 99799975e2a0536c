"""Offers: leads that cross a hand-off."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.access import caller
from leads.api.serializers import OfferSerializer
from leads.engine.identity import clean
from leads.models import Offer


class OfferList(generics.ListAPIView[Offer]):
    """Offers of leads the caller may see, newest first."""

    serializer_class = OfferSerializer

    def get_queryset(self) -> QuerySet[Offer]:
        """Narrowed by ?outcome and ?handoff."""
        said = self.request.query_params
        offers = Offer.objects.visible_to(caller(self.request))
        if outcome := clean(said.get("outcome", ""), most=20):
            offers = offers.filter(outcome=outcome)
        if handoff := clean(said.get("handoff", ""), most=40):
            offers = offers.filter(handoff__key=handoff)
        return offers.select_related("handoff", "assignee")

    @extend_schema(parameters=[OpenApiParameter("outcome", str), OpenApiParameter("handoff", str)])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List offers."""
        return super().get(request, *args, **kwargs)
