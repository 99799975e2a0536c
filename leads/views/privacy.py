"""Consent written down by hand, everything about a person handed out or erased, and who did so."""

from typing import Any

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from leadflow.core.dialogs import ask, done
from leadflow.core.errors import Invalid
from leadflow.core.tables import Keyset
from leads import queries
from leads import services as leads
from leads.forms.privacy import AddressForm, ConsentForm, EraseForm
from leads.models import Consent, PrivacyRequest
from leads.rendering import build_dossier
from leads.views.access import PageRequest, get_lead, may

KINDS = [("", "All"), *PrivacyRequest.Kind.choices]


@require_http_methods(["GET", "HEAD", "POST"])
@may("edit")
def consent(request: PageRequest, lead_id: int) -> HttpResponse:
    """Write down what somebody said about a purpose."""
    lead = get_lead(request, lead_id)
    purpose = request.GET.get("purpose", Consent.Purpose.MARKETING)
    form = ConsentForm(request.POST or None, initial={"purpose": purpose}, label_suffix="")
    back = reverse("leads:detail", args=[lead.pk])
    if form.is_valid():
        _write_consent(lead.pk, form, request)
        return done(request, "Kept.", to=back)
    words = {
        "title": f"What did {lead.name} say?",
        "subtitle": "Each word stays with its date; the latest one counts.",
        "action": reverse("leads:consent", args=[lead.pk]),
        "submit": "Keep",
        "back": back,
        "wide": True,
    }
    return ask(request, form, words)


def _write_consent(lead_id: int, form: ConsentForm, request: PageRequest) -> None:
    said = form.cleaned_data
    common: dict[str, Any] = {
        "lead_ids": [lead_id],
        "purpose": said["purpose"],
        "source": said["source"].lower(),
        "note": said["note"],
        "by": request.user,
        "at": form.at(timezone.now()),
    }
    if said["answer"] == "given":
        leads.record_consent(**common, wording=said["wording"])
    else:
        leads.withdraw_consent(**common)


@require_POST
@never_cache
@may("export_person")
def export(request: PageRequest, lead_id: int) -> FileResponse:
    """Everything about a person as one file."""
    lead, at = get_lead(request, lead_id), timezone.now()
    leads.note_export(lead_id=lead.pk, by=request.user, at=at)
    file = build_dossier(lead_id=lead.pk, at=at)
    name = f"lead-{lead.pk}-{at:%Y-%m-%d}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


@require_http_methods(["GET", "HEAD", "POST"])
@may("erase")
def erase(request: PageRequest, lead_id: int) -> HttpResponse:
    """Say what goes and what stays, ask for the word, then forget."""
    lead = get_lead(request, lead_id)
    form = EraseForm(request.POST or None, label_suffix="")
    back = reverse("leads:detail", args=[lead.pk])
    if form.is_valid():
        leads.erase_leads(lead_ids=[lead.pk], by=request.user, at=timezone.now())
        return done(request, "Erased. Nothing here tells who this was.", to=back)
    words = {
        "title": f"Erase {lead.name} for good?",
        "lead": lead,
        "counts": queries.count_rows(lead_ids=[lead.pk])[lead.pk],
        "action": reverse("leads:erase", args=[lead.pk]),
        "back": back,
    }
    return ask(request, form, words, template="leads/erase.html")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may("see_privacy")
def overview(request: PageRequest) -> HttpResponse:
    """What was handed out and erased, and whether an address stays silent."""
    form = AddressForm(request.POST or None, label_suffix="")
    silent = _look_up(form) if form.is_valid() else None
    kind = request.GET.get("kind", "")
    requests = queries.list_requests(user=request.user, kind=kind)
    context = {
        "form": form,
        "silent": silent,
        "page": Keyset(requests, ("-id",), request.GET, size=25).page(),
        "kind": kind,
        "kinds": [(key, words, key == kind) for key, words in KINDS],
        "suppressed": queries.count_suppressed(),
    }
    status = 422 if form.errors else 200
    return render(request, "leads/privacy.html", context, status=status)


def _look_up(form: AddressForm) -> list[str] | None:
    try:
        return queries.why_silent(form.cleaned_data["address"])
    except Invalid as error:
        form.add_error("address", str(error))
        return None
