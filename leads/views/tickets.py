"""Tickets of guests, to print."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from leadflow.core.tables import Keyset
from leads import queries
from leads.models import Guest
from leads.queries.guests import ALONG_NAMES
from leads.views.access import LARGEST_ID, PageRequest, may
from leads.views.campaigns import get_campaign

MOST_TICKETS = 500


@require_safe
@may("manage_guests")
def ticket(request: PageRequest, key: str, guest_id: int) -> HttpResponse:
    """One guest's ticket, to print."""
    campaign = get_campaign(key)
    guests = queries.list_guests(campaign=campaign, user=request.user)
    guest = get_object_or_404(guests, pk=min(guest_id, LARGEST_ID))
    context = {"campaign": campaign, "tickets": [_ticket(guest)], "more": ""}
    return render(request, "leads/tickets.html", context)


@require_safe
@may("manage_guests")
def ticket_sheet(request: PageRequest, key: str) -> HttpResponse:
    """Tickets of everybody who is expected, to print; five hundred at a time."""
    campaign = get_campaign(key)
    guests = queries.list_guests(campaign=campaign, user=request.user)
    expected = guests.filter(cancelled_at=None, registered_at__isnull=False)
    page = Keyset(expected, ALONG_NAMES, request.GET, size=MOST_TICKETS).page()
    context = {
        "campaign": campaign,
        "tickets": [_ticket(guest) for guest in page],
        "more": page.next_url,
    }
    return render(request, "leads/tickets.html", context)


@dataclass(frozen=True)
class Ticket:
    """A guest's ticket, ready to print."""

    name: str
    company: str
    code: str
    picture: str


def _ticket(guest: Guest) -> Ticket:
    company = guest.lead.company.name if guest.lead.company else ""
    code = queries.spaced(guest.code)
    return Ticket(guest.lead.name, company, code, queries.ticket_svg(guest.code))
