"""Who calls, and what they may see."""

from django.http import Http404
from rest_framework.request import Request

from leadflow.core.models import User
from leads.models import Lead
from leads.models.people import LeadQuerySet
from leads.queries import follow_merges

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


def check_visible(request: Request, lead_id: int) -> int:
    """The number of a lead the caller may see, or of the one it was merged into; 404 otherwise."""
    found = _mine(request, lead_id).values_list("pk", flat=True).first()
    if found is None:
        raise Http404(UNSEEN)
    return found


def _mine(request: Request, lead_id: int) -> LeadQuerySet:
    """The lead, or the one it was merged into."""
    mine, number = Lead.objects.visible_to(caller(request)), min(lead_id, LARGEST_ID)
    found = mine.filter(pk=number)
    homes = {} if found.exists() else follow_merges([number])
    return mine.filter(pk=homes[number]) if homes else found
