"""The queue: what waits for an answer, and the answers."""

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from handoff import policies, queries, services
from handoff.forms import ActForm
from handoff.queries import Queue
from handoff.views.answers import PageRequest, too_late
from handoff.views.corrections import take_back_address
from leadflow.core.dialogs import ask, done, go_to
from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import Team
from leadflow.core.views import toast
from leads.models import Offer

VIEWS = ("mine", "open", "team")
MOST, STEP = 500, 100
NOTICES = 5


@require_safe
@never_cache
def queue(request: PageRequest) -> HttpResponse:
    """What waits, most urgent first; the page asks every few seconds whether something changed."""
    policies.check_may_see_queue(request.user)
    if request.htmx and "seen" in request.GET:
        if request.GET["seen"] == queries.fingerprint(request.user, **_chosen(request)):
            return HttpResponse(status=204)
        return render(request, "handoff/queue.html#list", _context(request))
    return render(request, "handoff/queue.html", _context(request))


def _chosen(request: PageRequest) -> dict[str, Any]:
    """The view, team and length that the address asks for; what makes no sense is the default."""
    params = request.GET
    view, most, team = params.get("view", ""), params.get("most", ""), params.get("team", "")
    return {
        "view": view if view in VIEWS else "",
        "team": Team.objects.filter(key=team).first() if team else None,
        "most": min(int(most), MOST) if most.isdecimal() and int(most) else STEP,
    }


@dataclass(frozen=True)
class Tab:
    """A view of the queue to choose."""

    view: str
    words: str
    count: int
    is_active: bool


def _tabs(queue: Queue, whole: str) -> list[Tab]:
    words = {"mine": "Yours", "open": "Nobody’s yet", "team": whole}
    return [Tab(view, name, queue.counts[view], view == queue.view) for view, name in words.items()]


def _context(request: PageRequest) -> dict[str, Any]:
    user, at, chosen = request.user, timezone.now(), _chosen(request)
    found = queries.queue_for(user, at, **chosen)
    oversees = user.role in policies.OVERSEERS
    whole = (chosen["team"] or "All teams") if oversees else (user.team or "Team")
    notices = list(queries.unread_notices(user)[: NOTICES + 1])
    return {
        "now": at,
        "fingerprint": queries.fingerprint(user, **chosen),
        "queue": found,
        "tabs": _tabs(found, str(whole)),
        "team": chosen["team"],
        "teams": queries.teams_that_receive(user),
        "notices": notices[:NOTICES],
        "more_notices": len(notices) > NOTICES,
        "in_hand": list(queries.leads_in_hand(user)[:8]),
        "next_most": min(chosen["most"] + STEP, MOST) if chosen["most"] < MOST else None,
    }


@require_POST
def accept(request: PageRequest, offer_id: int) -> HttpResponse:
    """Take an offered lead."""
    offer = _offer_or_404(request, offer_id)
    try:
        services.accept_offers(offer_ids=[offer.pk], by=request.user, at=timezone.now()).or_raise()
    except Invalid:  # accepting asks for something here: the page of the act has its fields
        return go_to(request, reverse("handoff:act", args=[offer.lead_id, "accept"]))
    except Conflict as error:
        return too_late(request, error)
    return _show_queue(request, f"{offer.lead.name} is yours now.", undo_of=offer)


@require_http_methods(["GET", "HEAD", "POST"])
def reject(request: PageRequest, offer_id: int) -> HttpResponse:
    """Give an offered lead back, with a coded reason."""
    offer = _offer_or_404(request, offer_id)
    policies.check_may_decide(offer, by=request.user)
    words = _words_of_rejection(request, offer)
    if request.method != "POST":
        if offer.outcome != Offer.Outcome.PENDING:
            who = offer.decided_by or "Somebody"
            return too_late(request, Conflict(f"{who} answered for {offer.lead.name} already."))
        return ask(request, ActForm(move=queries.rejection()), words)
    form = ActForm(request.POST, move=queries.rejection())
    if not form.is_valid():
        return ask(request, form, words)
    try:
        services.reject_offers(
            offer_ids=[offer.pk], by=request.user, at=timezone.now(), **form.said()
        ).or_raise()
    except Invalid as error:
        return ask(request, form, words, error=error)
    except Conflict as error:
        return too_late(request, error)
    return _show_queue(request, f"{offer.lead.name} goes back to marketing.", undo_of=offer)


def _words_of_rejection(request: PageRequest, offer: Offer) -> dict[str, Any]:
    return {
        "title": f"Give {offer.lead.name} back",
        "subtitle": "Marketing learns from the reason, and nurture takes the lead up again.",
        "action": f"{reverse('handoff:reject', args=[offer.pk])}?{request.GET.urlencode()}",
        "back": _queue_address(request),
        "submit": "Reject",
        "variant": "danger",
    }


@require_POST
def take(request: PageRequest, offer_id: int) -> HttpResponse:
    """Pull an offer nobody has to oneself."""
    offer = _offer_or_404(request, offer_id)
    try:
        services.take_offers(offer_ids=[offer.pk], by=request.user, at=timezone.now()).or_raise()
    except Conflict as error:
        return too_late(request, error)
    return _show_queue(request, f"{offer.lead.name} waits in your queue now.")


@require_POST
def read_notices(request: PageRequest) -> HttpResponse:
    """Put away what has been read."""
    policies.check_may_see_queue(request.user)
    services.put_notices_away(by=request.user, at=timezone.now())
    return _show_queue(request, "Put away.")


def _offer_or_404(request: PageRequest, offer_id: int) -> Offer:
    policies.check_may_see_queue(request.user)
    offers = Offer.objects.visible_to(request.user).select_related("lead", "team")
    return get_object_or_404(offers, pk=offer_id)


def _queue_address(request: PageRequest) -> str:
    query = request.GET.urlencode()
    return reverse("handoff:queue") + (f"?{query}" if query else "")


def _show_queue(
    request: PageRequest, message: str, *, undo_of: Offer | None = None
) -> HttpResponse:
    """The queue as it is after an act: swapped in place, or loaded as a page."""
    undo = take_back_address(undo_of.lead_id, request.user, queue=True) if undo_of else ""
    if not request.htmx:
        return done(request, message, to=_queue_address(request), take_back=undo)
    response = render(request, "handoff/queue.html#list", _context(request))
    response["HX-Retarget"] = "#queue"
    response["HX-Reswap"] = "outerHTML"
    response["HX-Trigger"] = json.dumps({"close-dialog": True})
    return toast(response, message, action_label="Take back", action_url=undo)
