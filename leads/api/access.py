"""Who calls, and what they may see."""

from django.http import Http404
from rest_framework.request import Request

from leadflow.core.models import User
from leads.models import Lead
from leads.models.people import LeadQuerySet

LARGEST_ID = 2**63 - 1
UNSEEN = "There is no such lead, or it is not yours to see."


def caller(request: Request) -> User:
    """The user whose key or session this is; the permission classes let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def shown(rows: LeadQuerySet) -> LeadQuerySet:
    """Leads with all that the API shows of them, in a constant number of queries."""
    return rows.select_related("company", "owner", "campaign", "territory").prefetch_related(
        "products"
    )


def visible_lead(request: Request, lead_id: int) -> Lead:
    """A lead the caller may see, with all that the API shows of it; 404 otherwise."""
    lead = shown(_mine(request, lead_id)).first()
    if lead is None:
        raise Http404(UNSEEN)
    return lead


def check_visible(request: Request, lead_id: int) -> None:
    """404 unless the caller may see the lead."""
    if not _mine(request, lead_id).exists():
        raise Http404(UNSEEN)


def _mine(request: Request, lead_id: int) -> LeadQuerySet:
    return Lead.objects.visible_to(caller(request)).filter(pk=min(lead_id, LARGEST_ID))
