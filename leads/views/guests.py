"""Guest lists of events: seen, marked, printed, handed out as a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from leadflow.core.dialogs import ask, done
from leadflow.core.errors import Conflict, DomainError, Invalid
from leadflow.core.spreadsheets import csv_answer
from leadflow.core.tables import Keyset
from leads import policies, queries
from leads import services as leads
from leads.engine.identity import clean
from leads.forms import GuestForm
from leads.models import Campaign, Guest
from leads.models.campaigns import GuestQuerySet
from leads.queries.campaigns import OVER
from leads.queries.guests import ALONG_NAMES, MISSED
from leads.views.access import LARGEST_ID, PageRequest, may
from leads.views.campaigns import asks, get_campaign

State = Guest.State
FILTERS = ("q", "state")
TONES = {
    State.INVITED: "neutral",
    State.REGISTERED: "info",
    State.ATTENDED: "good",
    State.CANCELLED: "bad",
}
# What can be made of chosen guests: mark, what the button says, what was done, icon
MARKS = (
    (State.ATTENDED.value, "Here", "let in", "check"),
    (State.REGISTERED.value, "Registered", "registered", "clipboard-check"),
    (State.CANCELLED.value, "Cancelled", "cancelled", "x"),
)
MOST_AT_ONCE = 50_000
COLUMNS = (
    "Ticket", "First name", "Last name", "E-mail", "Company", "Phone", "State",
    "Invited", "Registered", "Attended", "Cancelled", "Source", "Note",
)  # fmt: skip


@dataclass(frozen=True)
class Tab:
    """A part of the list: its key in the address, its words, how many, and whether it is shown."""

    key: str
    words: str
    count: int
    is_active: bool


@require_safe
@vary_on_headers("HX-Request")
@may("manage_guests")
def guest_list(request: PageRequest, key: str) -> HttpResponse:
    """Who is on the list and where they stand: those whom the reader may see."""
    campaign = get_campaign(key)
    params = {name: clean(request.GET.get(name, ""), most=200) for name in FILTERS}
    guests = queries.list_guests(campaign=campaign, user=request.user, params=params)
    counts = queries.count_guests(campaign=campaign, user=request.user)
    is_over = queries.campaign_state(campaign, timezone.localdate()) == OVER
    context = {
        "campaign": campaign,
        "page": Keyset(guests, ALONG_NAMES, request.GET).page(),
        "params": params,
        "counts": counts,
        "is_over": is_over,
        "tabs": list(_tabs(counts, params["state"], is_over=is_over)),
        "tones": TONES,
        "marks": MARKS,
        "filter": urlencode({name: value for name, value in params.items() if value}),
        "may_import": policies.permits("manage_campaigns", by=request.user),
    }
    template = "leads/guests.html#results" if request.htmx else "leads/guests.html"
    return render(request, template, context)


def _tabs(counts: Any, shown: str, *, is_over: bool) -> Iterator[Tab]:
    parts = {
        "": ("All", counts.total),
        State.INVITED.value: ("Invited", counts.invited),
        State.REGISTERED.value: ("Registered", counts.registered),
        State.ATTENDED.value: ("Attended", counts.attended),
        State.CANCELLED.value: ("Cancelled", counts.cancelled),
    }
    if is_over:
        del parts[State.REGISTERED.value]
        parts[MISSED] = ("Did not come", counts.registered)
    for name, (words, count) in parts.items():
        yield Tab(name, words, count, name == shown)


@asks
@may("manage_guests")
def add(request: PageRequest, key: str) -> HttpResponse:
    """Write somebody down who registered by word of mouth."""
    campaign = get_campaign(key)
    form = GuestForm(request.POST or None)
    words = {"title": "Add a guest", "submit": "Add to the list", "wide": True}
    words |= {"action": request.path, "back": _back(campaign)}
    words["subtitle"] = "Whoever we know by this address or number is taken from the leads."
    if not form.is_valid():
        return ask(request, form, words)
    try:
        leads.register_by_hand(
            campaign=campaign, person=form.person(), by=request.user, at=timezone.now()
        )
    except DomainError as error:
        return ask(request, form, words, error=error)
    return done(request, "Added to the list as registered.", to=_back(campaign))


@require_POST
@may("manage_guests")
def mark(request: PageRequest, key: str) -> HttpResponse:
    """Mark chosen guests as here, registered or cancelled; the message offers to take it back."""
    campaign, at = get_campaign(key), timezone.now()
    ids = list(_chosen(request, campaign, request.POST).values_list("pk", flat=True)[:MOST_AT_ONCE])
    wanted = request.POST.get("mark", "")
    words = next((done for name, _, done, _ in MARKS if name == wanted), None)
    if words is None:
        raise Invalid("Choose what is to become of the guests.", field="mark")
    count = _mark(campaign, ids, wanted, request, at)
    undo = reverse("leads:take_back_guests", args=[key])
    undo += "?" + urlencode({"mark": wanted, "at": at.isoformat()})
    noun = "guest" if count == 1 else "guests"
    said = f"{count:,} {noun} {words}." if count else "Nothing to change: they stand so already."
    messages.success(request, said, extra_tags=undo if count else "")
    return redirect(_back(campaign, request.POST.get("filter", "")))


def _mark(
    campaign: Campaign, ids: list[int], wanted: str, request: PageRequest, at: datetime
) -> int:
    if wanted == State.ATTENDED:
        return len(leads.admit_guests(guest_ids=ids, by=request.user, at=at))
    if wanted == State.CANCELLED:
        return len(leads.cancel_guests(guest_ids=ids, by=request.user, at=at))
    people = Guest.objects.filter(pk__in=ids).values_list("lead_id", flat=True)
    rows = [(campaign.pk, lead_id, at) for lead_id in people]
    return leads.register_guests(campaign_ids_by_lead=rows, source="by hand")


def _chosen(request: PageRequest, campaign: Campaign, said: QueryDict) -> GuestQuerySet:
    """All that the list shows, or the guests that were ticked; only those the reader may see."""
    if said.get("all"):
        named = QueryDict(said.get("filter", "")[:2_000]).items()
        params = {name: clean(value, most=200) for name, value in named if name in FILTERS}
        return queries.list_guests(campaign=campaign, user=request.user, params=params)
    ticked = ",".join(said.getlist("guest")).split(",")
    ids = [int(text) for text in ticked if text.isdecimal() and int(text) <= LARGEST_ID]
    if not ids:
        raise Invalid("Choose at least one guest.", field="guest")
    return queries.list_guests(campaign=campaign, user=request.user).filter(pk__in=ids)


@require_POST
@may("manage_guests")
def take_back(request: PageRequest, key: str) -> HttpResponse:
    """Undo what was done to guests at one moment; of those the reader may see."""
    campaign = get_campaign(key)
    wanted, at = request.GET.get("mark", ""), _moment(request.GET)
    if wanted not in {name for name, *_ in MARKS}:
        raise Invalid("This cannot be taken back any more. Mark the guests anew.", field="mark")
    guests = queries.list_guests(campaign=campaign, user=request.user)
    ids = list(guests.filter(**{f"{wanted}_at": at}).values_list("pk", flat=True))
    try:
        count = leads.take_back_guests(
            guest_ids=ids, mark=wanted, by=request.user, at=timezone.now()
        )
        messages.success(request, f"Taken back for {count:,}.")
    except Conflict as error:
        messages.error(request, str(error))
    return redirect(_back(campaign))


def _moment(said: Mapping[str, Any]) -> datetime:
    try:
        at = parse_datetime(said.get("at", ""))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Invalid("This cannot be taken back any more. Mark the guests anew.", field="at")
    return at


@asks
@may("manage_guests")
def release(request: PageRequest, key: str) -> HttpResponse:
    """Take chosen guests off the list, after asking."""
    campaign = get_campaign(key)
    said = request.POST if request.method == "POST" else request.GET
    chosen = _chosen(request, campaign, said)
    ids = list(chosen.filter(attended_at=None).values_list("pk", flat=True)[:MOST_AT_ONCE])
    if request.method == "POST":
        count = leads.release_guests(guest_ids=ids, by=request.user, at=timezone.now())
        return done(request, f"{count:,} taken off the list.", to=_back(campaign))
    words = {
        "title": f"Take {len(ids):,} off the list?",
        "subtitle": "They stay leads; their tickets are void. Whoever has attended stays on the list.",
        "submit": "Take off the list",
        "variant": "danger",
        "action": f"{request.path}",
        "back": _back(campaign),
    }
    form = _CarriedForm(initial={name: said.get(name, "") for name in ("filter", "all")})
    form.initial["guest"] = ",".join(said.getlist("guest"))
    return ask(request, form, words)


class _CarriedForm(forms.Form):
    """Which guests were chosen, handed on."""

    guest = forms.CharField(required=False, widget=forms.HiddenInput)
    filter = forms.CharField(required=False, widget=forms.HiddenInput)
    all = forms.CharField(required=False, widget=forms.HiddenInput)


@require_safe
@may("manage_guests")
def download(request: PageRequest, key: str) -> StreamingHttpResponse:
    """The list as the reader sees it, as CSV."""
    campaign = get_campaign(key)
    params = {name: clean(request.GET.get(name, ""), most=200) for name in FILTERS}
    guests = queries.list_guests(campaign=campaign, user=request.user, params=params)
    return csv_answer(_rows(guests), name=f"guests-{campaign.key}.csv")


def _rows(guests: GuestQuerySet) -> Iterator[tuple[Any, ...]]:
    yield COLUMNS
    for guest in guests.order_by(*ALONG_NAMES).iterator(chunk_size=2_000):
        lead = guest.lead
        who = (lead.first_name, lead.last_name, lead.email)
        company = lead.company.name if lead.company else ""
        times = (guest.invited_at, guest.registered_at, guest.attended_at, guest.cancelled_at)
        yield (
            guest.code, *who, company, lead.phone, guest.state.label,
            *(_written(at) for at in times), guest.source, guest.note,
        )  # fmt: skip


def _written(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""


def _back(campaign: Campaign, filters: str = "") -> str:
    """The list as it was."""
    params = QueryDict(filters[:2_000])
    kept = {name: params[name] for name in FILTERS if params.get(name)}
    address = reverse("leads:guests", args=[campaign.key])
    return address + (f"?{urlencode(kept)}" if kept else "")
