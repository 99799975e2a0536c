"""What the command palette finds among leads."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils import timezone

from leadflow.core.models import User
from leadflow.core.palette import FOUND_PER_SEARCH, Entry
from leads import policies, queries
from leads.engine.identity import clean
from leads.models import Lead


def find(user: User, query: str) -> Iterable[Entry]:
    """The leads with the highest score that begin like every word of `query`."""
    selection = queries.select_leads(user=user, params={"q": clean(query, most=200)})
    found = queries.find_page(
        selection, queries.ORDERS["score"], position=None, backwards=False, most=FOUND_PER_SEARCH
    )
    by_id = Lead.objects.select_related("company").in_bulk(found.ids)
    for lead in (by_id[pk] for pk in found.ids if pk in by_id):
        hint = lead.company.name if lead.company else lead.email
        yield Entry(lead.name, reverse("leads:detail", args=[lead.pk]), "user-round", hint)


def find_companies(user: User, query: str) -> Iterable[Entry]:
    """Companies whose name or domain holds every word of `query`."""
    found = queries.list_companies(user=user, params={"q": clean(query, most=200)})
    for company in found.order_by("folded")[: FOUND_PER_SEARCH // 2]:
        address = reverse("leads:company", args=[company.pk])
        yield Entry(company.name, address, "building-2", company.industry)


def find_campaigns(user: User, query: str) -> Iterable[Entry]:
    """Campaigns by their name, for those who plan them."""
    if not policies.permits("manage_campaigns", by=user):
        return
    params = {"q": clean(query, most=200)}
    found = queries.list_campaigns(params=params, today=timezone.localdate())
    for campaign in found.order_by(*queries.NEWEST_FIRST)[: FOUND_PER_SEARCH // 2]:
        address = reverse("leads:campaign", args=[campaign.key])
        yield Entry(campaign.name, address, "megaphone", campaign.get_kind_display())
