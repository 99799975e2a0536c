"""Taking back the last change of a lead, from its record or from the queue."""

import json

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from handoff.views.answers import PageRequest, too_late
from leadflow.core.dialogs import done
from leadflow.core.errors import Conflict, NotAllowed
from leadflow.core.models import User
from leadflow.core.views import toast
from leads import queries
from leads import services as leads
from leads.models import Lead, StageChange

MOST_DIGITS = 18


@require_POST
def take_back(request: PageRequest, lead_id: int) -> HttpResponse:
    """Undo the change that ?change= names; a second click on the same change does nothing."""
    change, at = _change_or_404(request, lead_id), timezone.now()
    if sentence := queries.take_back_refused(change, by=request.user, at=at):
        raise NotAllowed(sentence)
    try:
        leads.take_back(change_ids=[change.pk], by=request.user, at=at).or_raise()
    except Conflict as error:
        return too_late(request, error)
    words = f"Taken back: {change.lead.name} is in “{change.from_stage}” again."
    if request.htmx and "queue" in request.GET:
        response = HttpResponse(headers={"HX-Trigger": json.dumps({"queue-changed": True})})
        return toast(response, words)
    return done(request, words, to=_back_to(request, lead_id))


def take_back_address(lead_id: int, user: User, *, queue: bool = False) -> str:
    """Where a POST takes back what `user` has just done to a lead; empty where they may not."""
    lead = Lead(pk=lead_id)
    change = queries.change_to_take_back(lead=lead, user=user, at=timezone.now())
    if change is None or change.by_id != user.pk:
        return ""
    address = reverse("handoff:take_back", args=[lead_id])
    return f"{address}?change={change.pk}" + ("&queue=1" if queue else "")


def _change_or_404(request: PageRequest, lead_id: int) -> StageChange:
    """A change of a lead that the reader may see, or of one that they took out of their own sight."""
    sent = request.GET.get("change", "")
    if not sent.isdecimal() or len(sent) > MOST_DIGITS:
        raise Http404
    changes = StageChange.objects.select_related("by", "lead", "from_stage", "to_stage")
    change = get_object_or_404(changes, pk=int(sent), lead=lead_id)
    seen = Lead.objects.visible_to(request.user).filter(pk=lead_id)
    if change.by_id != request.user.pk and not seen.exists():
        raise Http404
    return change


def _back_to(request: PageRequest, lead_id: int) -> str:
    if "queue" in request.GET:
        return reverse("handoff:queue")
    return reverse("leads:detail", args=[lead_id])
