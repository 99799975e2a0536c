"""The work on one lead: the verbs, and the calls."""

import secrets
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from handoff import policies, queries, services
from handoff.forms import ActForm, CallForm
from handoff.queries import Move
from handoff.views.answers import PageRequest, too_late
from handoff.views.corrections import take_back_address
from leadflow.core.dialogs import ask, done
from leadflow.core.errors import Conflict, Invalid
from leads.models import Lead

DONE = {
    "accept": "{lead} is yours now.",
    "reject": "{lead} goes back to marketing.",
    "offer": "{lead} was offered.",
    "advance": "{lead} has moved on.",
    "win": "{lead} is a customer now.",
    "lose": "{lead} is marked as lost.",
    "recycle": "{lead} goes back to nurture.",
    "disqualify": "{lead} is off the path.",
    "revive": "{lead} begins again.",
}


def lead_or_404(request: PageRequest, lead_id: int) -> Lead:
    """A lead that the reader may see and that can still be worked on."""
    leads = Lead.objects.visible_to(request.user).filter(erased_at=None)
    return get_object_or_404(leads, pk=lead_id)


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: PageRequest, lead_id: int, verb: str) -> HttpResponse:
    """Run one verb; what it asks for is asked in a dialog, or on a page of its own."""
    lead = lead_or_404(request, lead_id)
    if verb not in DONE:
        raise Http404
    policies.check_may_run(verb, by=request.user)
    move = queries.move_named(verb, lead, request.user)
    if request.method != "POST":
        if not move.is_possible:
            raise Conflict(f"{lead.name} has moved on: this is not possible any more.")
        return ask(request, ActForm(move=move), _words_of(move, lead))
    return _run(request, lead, move)


def _run(request: PageRequest, lead: Lead, move: Move) -> HttpResponse:
    form = ActForm(request.POST, move=move)
    sent = request.POST.get("seen_change", "")
    seen = int(sent) if sent.isdecimal() else None
    if not form.is_valid() and seen in {None, lead.last_change}:
        return ask(request, form, _words_of(move, lead))
    step = services.Step(move.verb, seen, form.said() if form.is_valid() else {})
    try:
        services.act(lead=lead, step=step, by=request.user, at=timezone.now())
    except Invalid as error:
        return ask(request, form, _words_of(move, lead), error=error)
    except Conflict as error:
        return too_late(request, error)
    words = DONE[move.verb].format(lead=lead.name)
    undo = take_back_address(lead.pk, request.user)
    return done(request, words, to=_record_address(lead), take_back=undo)


def _words_of(move: Move, lead: Lead) -> dict[str, Any]:
    return {
        "title": f"{move.label.rstrip('…')}: {lead.name}",
        "action": reverse("handoff:act", args=[lead.pk, move.verb]),
        "back": _record_address(lead),
        "submit": move.label.rstrip("…"),
        "variant": "danger" if move.verb in {"reject", "lose", "disqualify"} else "primary",
        "seen_change": lead.last_change,
    }


def _record_address(lead: Lead) -> str:
    return reverse("leads:detail", args=[lead.pk])


@require_http_methods(["GET", "HEAD", "POST"])
def call(request: PageRequest, lead_id: int) -> HttpResponse:
    """Log a call and how it went."""
    lead = lead_or_404(request, lead_id)
    policies.check_may(
        "call", by=request.user, words="Calls are logged by sales and customer care."
    )
    back = reverse("handoff:queue") if "queue" in request.GET else _record_address(lead)
    words = {
        "title": f"Call {lead.name}",
        "subtitle": lead.phone,
        "phone": lead.phone,
        "action": request.get_full_path(),
        "back": back,
        "submit": "Log the call",
    }
    if request.method != "POST":
        return ask(request, CallForm(initial={"token": secrets.randbits(52) + 1}), words)
    form = CallForm(request.POST)
    if not form.is_valid():
        return ask(request, form, words)
    services.log_call(lead=lead, by=request.user, at=timezone.now(), **form.cleaned_data)
    return done(request, f"Your call with {lead.name} is on the record.", to=back)
