"""The list of likely duplicates: who may be one person with whom, and why we think so."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from leadflow.core.dialogs import done
from leadflow.core.tables import Keyset
from leadflow.core.views import toast
from leads import queries
from leads import services as leads
from leads.engine.identity import clean
from leads.models import Stage
from leads.views.access import LARGEST_ID, PageRequest, may

PER_PAGE = 25


@require_safe
@vary_on_headers("HX-Request")
@may("merge")
def pair_list(request: PageRequest) -> HttpResponse:
    """Pairs to look at, the most alike first; through htmx the pairs alone."""
    template = "leads/duplicates.html" + ("#results" if request.htmx else "")
    return render(request, template, _pairs(request))


@require_safe
@may("merge")
def search_state(request: PageRequest) -> HttpResponse:
    """How far the look through everybody has come; the page asks again while it runs."""
    context = {"search": queries.newest_search()}
    return render(request, "leads/duplicates.html#search", context)


@require_POST
@may("merge")
def search(request: PageRequest) -> HttpResponse:
    """Look through everybody."""
    leads.search_everybody(by=request.user, at=timezone.now())
    return redirect("leads:duplicates")


@require_POST
@may("merge")
def dismiss(request: PageRequest, pair_id: int) -> HttpResponse:
    """They are two people."""
    pair = leads.dismiss_pair(pair_id=min(pair_id, LARGEST_ID), by=request.user, at=timezone.now())
    words = f"{pair.first.name} and {pair.second.name} are two people."
    undo = reverse("leads:reopen_duplicate", args=[pair.pk])
    if request.htmx:
        answer = render(request, "leads/duplicates.html#results", _pairs(request))
        return toast(answer, words, action_label="Undo", action_url=undo)
    messages.success(request, words, extra_tags=undo)
    return redirect("leads:duplicates")


@require_POST
@may("merge")
def reopen(request: PageRequest, pair_id: int) -> HttpResponse:
    """They may be one person after all."""
    leads.reopen_pair(pair_id=min(pair_id, LARGEST_ID), by=request.user, at=timezone.now())
    return done(request, "The pair is back.", to=reverse("leads:duplicates"))


def _pairs(request: PageRequest) -> dict[str, Any]:
    reason = clean(request.GET.get("reason", ""), most=20)
    pairs = queries.list_pairs(user=request.user, reason=reason)
    page = Keyset(pairs, ("-likeness", "-id"), request.GET, size=PER_PAGE).page()
    return {
        "page": page,
        "rows": [(pair, queries.describe_reasons(pair.reasons)) for pair in page],
        "reason": reason,
        "reasons": queries.DUPLICATE_REASONS,
        "stages": Stage.objects.in_bulk(),
        "search": queries.newest_search(),
    }
