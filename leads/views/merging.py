"""Merging two records: find the other one, compare them, decide, and undo it."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from leadflow.core.dialogs import done
from leadflow.core.errors import DomainError
from leadflow.core.models import User
from leadflow.core.tables import Keyset
from leads import policies, queries
from leads import services as leads
from leads.engine.identity import clean
from leads.models import Lead, Stage
from leads.views.access import LARGEST_ID, PageRequest, get_lead, may

MOST_FOUND = 20


@require_safe
@vary_on_headers("HX-Request")
@may("merge")
def merge_with(request: PageRequest, lead_id: int) -> HttpResponse:
    """Look for the other record of a person."""
    lead = get_lead(request, lead_id)
    q = clean(request.GET.get("q", ""), most=200)
    found = queries.find_leads(user=request.user, q=q).filter(erased_at=None).exclude(pk=lead.pk)
    context = {
        "lead": lead,
        "q": q,
        "found": list(found.select_related("company")[:MOST_FOUND]) if q else [],
        "likely": _likely(lead, request.user),
        "stages": Stage.objects.in_bulk(),
    }
    template = "leads/merge_with.html" + ("#results" if request.htmx else "")
    return render(request, template, context)


@require_http_methods(["GET", "HEAD", "POST"])
@may("merge")
def merge(request: PageRequest, lead_id: int, gone_id: int) -> HttpResponse:
    """Two records side by side; a POST makes them one."""
    kept, gone = get_lead(request, lead_id), get_lead(request, gone_id)
    if kept.pk == gone.pk:  # they have been merged meanwhile
        return redirect("leads:detail", lead_id=kept.pk)
    if request.method != "POST":
        return _compare(request, kept, gone)
    chosen = {
        name: request.POST[f"fact_{name}"] for name in queries.FACTS if _is_said(request, name)
    }
    try:
        merged = leads.merge_leads(
            kept_id=kept.pk, gone_id=gone.pk, facts=chosen, by=request.user, at=timezone.now()
        )
    except DomainError as error:
        return _compare(request, kept, gone, error=error)
    return done(
        request,
        f"{gone.name} and {kept.name} are one record now.",
        to=reverse("leads:detail", args=[kept.pk]),
        take_back=reverse("leads:undo_merge", args=[merged.pk]),
    )


def _is_said(request: PageRequest, name: str) -> bool:
    return f"fact_{name}" in request.POST


def _compare(
    request: PageRequest, kept: Lead, gone: Lead, *, error: DomainError | None = None
) -> HttpResponse:
    comparison = queries.compare_leads(kept=kept, gone=gone)
    pair = queries.find_pair(kept, gone)
    context = {
        "comparison": comparison,
        "kept": kept,
        "gone": gone,
        "differing": [row for row in comparison.facts if row.differs],
        "same": [row for row in comparison.facts if not row.differs and row.kept],
        "pair": pair,
        "reasons": queries.describe_reasons(pair.reasons) if pair else [],
        "stages": Stage.objects.in_bulk(),
        "error": str(error or ""),
    }
    return render(request, "leads/merge.html", context, status=error.status if error else 200)


@require_safe
@may("merge")
def merge_list(request: PageRequest) -> HttpResponse:
    """Records that were merged, newest first."""
    page = Keyset(queries.list_merges(user=request.user), ("-id",), request.GET, size=25).page()
    rows = [(merge, not policies.undo_merge_refused(merge, by=request.user)) for merge in page]
    return render(request, "leads/merges.html", {"page": page, "rows": rows})


@require_POST
@may("merge")
def undo(request: PageRequest, merge_id: int) -> HttpResponse:
    """Make one record two again."""
    merge = leads.undo_merge(merge_id=min(merge_id, LARGEST_ID), by=request.user, at=timezone.now())
    return done(
        request,
        "They are two records again, as they were.",
        to=reverse("leads:detail", args=[merge.gone_id]),
    )


def _likely(lead: Lead, user: User) -> list[dict[str, Any]]:
    """The likely duplicates of a lead with the reasons, seen from that lead."""
    return [
        {
            "other": pair.second if pair.first_id == lead.pk else pair.first,
            "percent": pair.likeness,
            "reasons": queries.describe_reasons(pair.reasons),
        }
        for pair in queries.pairs_of(lead, user=user)
    ]


def load_duplicates(lead: Lead, user: User) -> Mapping[str, Any] | None:
    """The box of the record page for likely duplicates; None where there is nothing to say."""
    if not policies.permits("merge", by=user) or lead.erased_at is not None:
        return None
    likely = _likely(lead, user)
    return {"likely": likely} if likely else None


def load_merges(lead: Lead, user: User) -> Mapping[str, Any] | None:
    """The box of the record page for records that were merged into this one."""
    if not policies.permits("merge", by=user):
        return None
    merges = queries.list_merges(user=user).filter(kept=lead, undone_at=None)[:3]
    rows = [(merge, not policies.undo_merge_refused(merge, by=user)) for merge in merges]
    return {"merges": rows} if rows else None
