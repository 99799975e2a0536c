"""Where a lead belongs: its owner, its tags, the segments it is in."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from leadflow.core.dialogs import ask, done
from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads import policies, queries
from leads import services as leads
from leads.engine.identity import clean
from leads.forms.lists import NOBODY, OwnerForm
from leads.models import Lead, SegmentMember
from leads.views.access import PageRequest, get_lead, may

LONGEST = 200
MOST_SEGMENTS = 50


@require_http_methods(["GET", "HEAD", "POST"])
@may("assign")
def owner(request: PageRequest, lead_id: int) -> HttpResponse:
    """Give the lead to somebody else, or to nobody."""
    lead = get_lead(request, lead_id)
    form = OwnerForm(request.POST or None, initial={"owner": lead.owner_id or NOBODY})
    back = reverse("leads:detail", args=[lead.pk])
    if form.is_valid():
        leads.assign_owner(lead_ids=[lead.pk], owner=form.chosen, at=timezone.now())
        return done(request, f"{form.chosen or 'Nobody'} owns the lead now.", to=back)
    words = {
        "title": f"Who owns {lead.name}?",
        "action": reverse("leads:owner", args=[lead.pk]),
        "submit": "Give",
        "back": back,
    }
    return ask(request, form, words)


@require_POST
@may("tag")
def tag(request: PageRequest, lead_id: int) -> HttpResponse:
    """Put tags on the lead (`name`, several between commas), or take one off (`remove`)."""
    lead = get_lead(request, lead_id)
    error = ""
    try:
        _change_tags(request, lead)
    except Invalid as refused:
        error = str(refused)
    if request.htmx:
        context = {"lead": lead, "error": error, **load_tags(lead, request.user)}
        return render(request, "leads/panels/tags.html", context, status=422 if error else 200)
    if error:
        messages.error(request, error)
    return redirect("leads:detail", lead_id=lead.pk)


def _change_tags(request: PageRequest, lead: Lead) -> None:
    at = timezone.now()
    if key := clean(request.POST.get("remove", ""), most=LONGEST):
        leads.untag_leads(lead_ids=[lead.pk], keys=[key], by=request.user, at=at)
        return
    said = clean(request.POST.get("name", ""), most=LONGEST)
    names = [name.strip() for name in said.split(",") if name.strip()]
    if not names:
        raise Invalid("Write a word to tag the lead with.", field="name")
    leads.tag_leads(lead_ids=[lead.pk], names=names, by=request.user, at=at)


def load_tags(lead: Lead, user: User) -> Mapping[str, Any]:
    """The tags of a lead, and those there are, for whoever may tag."""
    may_tag = policies.permits("tag", by=user)
    return {
        "tags": list(lead.tags.all()),
        "known_tags": [name for _, name in queries.tag_choices()] if may_tag else [],
        "may_tag": may_tag,
    }


def load_segments(lead: Lead, user: User) -> Mapping[str, Any] | None:
    """The segments a lead is in; no box for none."""
    mine = SegmentMember.objects.filter(lead=lead, segment__archived_at=None)
    found = list(mine.select_related("segment").order_by("segment__name")[:MOST_SEGMENTS])
    return {"memberships": found} if found else None
