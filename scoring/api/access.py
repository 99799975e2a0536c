"""Who calls, and the lead they ask about."""

from django.http import Http404
from rest_framework.request import Request

from leadflow.core.models import User
from leads.models import Lead
from leads.queries import follow_merges

LARGEST_ID = 2**63 - 1


def caller(request: Request) -> User:
    """The user whose key or session this is; the permission classes let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def find_lead(request: Request, lead_id: int) -> Lead:
    """A lead that the caller may see, or the one it was merged into; 404 otherwise."""
    number = min(lead_id, LARGEST_ID)
    ids = [number, *follow_merges([number]).values()]
    lead = Lead.objects.visible_to(caller(request)).filter(pk__in=ids).first()
    if lead is None:
        raise Http404("There is no such lead, or it is not yours to see.")
    return lead
