"""The door of an event on a tablet: scan a ticket, or find a name, or write somebody down.

Whoever stands there sees only the people they may see as leads; a ticket shows the name that is
printed on it, whoever it belongs to.
"""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from leadflow.core.errors import Conflict, DomainError
from leads import queries
from leads import services as leads
from leads.engine.identity import clean
from leads.forms import WalkInForm
from leads.models import Campaign, Guest, Lead
from leads.views.access import LARGEST_ID, PageRequest, may
from leads.views.campaigns import get_campaign

LONGEST_WAIT = timedelta(days=1)


@require_safe
@may("manage_guests")
def event_list(request: PageRequest) -> HttpResponse:
    """Events that run now or soon, each with its door."""
    events = queries.list_events(today=timezone.localdate())
    return render(request, "leads/events.html", {"events": events})


@require_safe
@never_cache
@may("manage_guests")
def kiosk(request: PageRequest, key: str) -> HttpResponse:
    """One field that waits for a ticket or a name."""
    return _answer(request, get_campaign(key), {})


@require_POST
@may("manage_guests")
def scan(request: PageRequest, key: str) -> HttpResponse:
    """A ticket lets its guest in; anything else finds people."""
    campaign = get_campaign(key)
    text = clean(request.POST.get("q", ""), most=200)
    if code := queries.read_code(text):
        return _answer(request, campaign, _admit_by_code(request, campaign, code))
    if not text:
        return _answer(request, campaign, {})
    matches = queries.match_people(campaign=campaign, user=request.user, q=text)
    found: dict[str, Any] = {"q": text, "matches": matches}
    if not matches:
        found["form"] = WalkInForm(initial=_guess(text))
    return _answer(request, campaign, found)


def _admit_by_code(request: PageRequest, campaign: Campaign, code: str) -> dict[str, Any]:
    guest = queries.find_guest_by_code(code)
    if guest is None:
        return {"unknown": queries.spaced(code)}
    if guest.campaign_id != campaign.pk:
        return {"elsewhere": guest.campaign.name, "unknown": queries.spaced(code)}
    return _admit(request, guest)


def _admit(request: PageRequest, guest: Guest) -> dict[str, Any]:
    """Let somebody in and say so; whoever is here already is greeted with since when."""
    at = timezone.now()
    came_at = at - _waited(request)
    fresh = leads.admit_guests(guest_ids=[guest.pk], by=request.user, at=at, came_at=came_at)
    return _greeting(request, guest, is_new=bool(fresh))


def _waited(request: PageRequest) -> timedelta:
    """How long a ticket waited in the browser while the network was away."""
    text = request.POST.get("waited", "")
    seconds = int(text) if text.isdecimal() and len(text) < 7 else 0
    return min(timedelta(seconds=seconds), LONGEST_WAIT)


def _greeting(request: PageRequest, guest: Guest, *, is_new: bool) -> dict[str, Any]:
    guest.refresh_from_db(fields=["attended_at"])
    is_visible = Lead.objects.visible_to(request.user).filter(pk=guest.lead_id).exists()
    company = guest.lead.company.name if guest.lead.company else ""
    return {
        "guest": guest,
        "name": guest.lead.name if is_visible else _name_on_ticket(guest),
        "company": company if is_visible else "",
        "is_visible": is_visible,
        "is_new": is_new,
        "since": guest.attended_at,
    }


def _name_on_ticket(guest: Guest) -> str:
    """The name alone: an address would tell more than the ticket does."""
    return f"{guest.lead.first_name} {guest.lead.last_name}".strip() or "Guest"


@require_POST
@may("manage_guests")
def admit(request: PageRequest, key: str) -> HttpResponse:
    """Let in somebody who was found by name: a guest, or a lead that is on no list yet."""
    campaign = get_campaign(key)
    if guest_id := _number(request.POST.get("guest", "")):
        guests = queries.list_guests(campaign=campaign, user=request.user)
        return _answer(request, campaign, _admit(request, get_object_or_404(guests, pk=guest_id)))
    people = Lead.objects.visible_to(request.user).filter(erased_at=None)
    lead = get_object_or_404(people, pk=_number(request.POST.get("lead", "")))
    guest = leads.put_on_list(
        campaign=campaign, lead_id=lead.pk, by=request.user, at=timezone.now()
    )
    return _answer(request, campaign, _admit(request, guest))


def _number(text: str) -> int:
    return min(int(text), LARGEST_ID) if text.isdecimal() and len(text) < 30 else 0


@require_POST
@may("manage_guests")
def walk_in(request: PageRequest, key: str) -> HttpResponse:
    """Write somebody down who is on no list, and let them in."""
    campaign = get_campaign(key)
    if "first_name" not in request.POST:  # the button “New guest”: an empty form
        return _answer(request, campaign, {"form": WalkInForm()})
    form = WalkInForm(request.POST)
    if not form.is_valid():
        return _answer(request, campaign, {"form": form}, status=422)
    try:
        guest, is_new = leads.welcome(
            campaign=campaign, person=form.person(), by=request.user, at=timezone.now()
        )
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return _answer(request, campaign, {"form": form}, status=422)
    greeting = _greeting(request, guest, is_new=is_new)
    if not greeting["is_visible"]:  # known, but not to the reader: say what they typed, no more
        greeting["name"] = form.written_name()
    return _answer(request, campaign, greeting)


@require_POST
@may("manage_guests")
def take_back(request: PageRequest, key: str) -> HttpResponse:
    """The one who was just let in was somebody else."""
    campaign = get_campaign(key)
    guest = queries.find_guest_by_code(queries.read_code(request.POST.get("code", "")))
    if guest is None or guest.campaign_id != campaign.pk:
        return _answer(request, campaign, {"unknown": "this ticket"})
    try:
        leads.take_back_guests(
            guest_ids=[guest.pk], mark="attended", by=request.user, at=timezone.now()
        )
    except Conflict as error:
        return _answer(request, campaign, {"refused": str(error)})
    return _answer(
        request, campaign, {"taken_back": _greeting(request, guest, is_new=False)["name"]}
    )


def _guess(text: str) -> dict[str, str]:
    """What was typed, where it belongs in the form."""
    if "@" in text:
        return {"email": text}
    if text[:1] in "+0" and any(char.isdecimal() for char in text):
        return {"phone": text}
    first, _, last = text.rpartition(" ")
    return {"first_name": first, "last_name": last} if first else {"first_name": last}


def _answer(
    request: PageRequest, campaign: Campaign, found: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """The page, or through htmx the part below the field."""
    here, expected = queries.count_heads(campaign)
    today = f"{timezone.localdate()}"
    context = {"campaign": campaign, "here": here, "expected": expected, "today": today, **found}
    template = "leads/kiosk.html" + ("#answer" if request.htmx else "")
    return render(request, template, context, status=status)
