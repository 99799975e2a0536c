"""A guest list as a file: sent, looked at, read in."""

import tempfile
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from leadflow.core.errors import DomainError, Invalid
from leads import services as leads
from leads.engine.identity import clean
from leads.forms import GuestColumnsForm, GuestFileForm
from leads.importing.guests import guess_columns
from leads.models import Campaign, GuestFile
from leads.views.access import LARGEST_ID, PageRequest, may
from leads.views.campaigns import asks, get_campaign

SAMPLE = 5


@asks
@may("manage_campaigns")
def send(request: PageRequest, key: str) -> HttpResponse:
    """Send a file; it is looked at before anything happens."""
    campaign = get_campaign(key)
    form = GuestFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            file = _keep(request, campaign, form.cleaned_data["file"])
            return redirect("leads:guest_file", key=key, file_id=file.pk)
        except Invalid as error:
            form.add_error("file", str(error))
    context = {"campaign": campaign, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "leads/guest_file.html", context, status=status)


def _keep(request: PageRequest, campaign: Campaign, sent: UploadedFile) -> GuestFile:
    """Read the file from a folder that goes away; its name tells what kind it is."""
    name = Path(clean(sent.name or "", most=200)).name or "guests.csv"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        with path.open("wb") as kept:
            for block in sent.chunks():
                kept.write(block)
        return leads.keep_guest_file(
            campaign=campaign, path=path, by=request.user, at=timezone.now()
        )


@asks
@may("manage_campaigns")
def look(request: PageRequest, key: str, file_id: int) -> HttpResponse:
    """Say which column is what, look at what would happen, and read the file in."""
    campaign = get_campaign(key)
    file = get_object_or_404(GuestFile, campaign=campaign, pk=min(file_id, LARGEST_ID))
    if file.done_at is not None:
        tally = file.result
        done = {"campaign": campaign, "file": file, "tally": tally, "errors": tally["errors"]}
        return render(request, "leads/guest_file.html", done)
    said = request.POST if request.method == "POST" else request.GET
    guessed = guess_columns(file.header)
    form = GuestColumnsForm(
        said if "default" in said else None, header=file.header, initial=guessed
    )
    columns, state = _columns(form, guessed)
    context: dict[str, Any] = {"campaign": campaign, "file": file, "columns": form}
    context["sample"] = file.rows[:SAMPLE]
    try:
        if request.method == "POST" and request.POST.get("run") and form.is_valid():
            leads.import_guest_list(
                file=file, columns=columns, state=state, by=request.user, at=timezone.now()
            )
            return redirect("leads:guest_file", key=key, file_id=file.pk)
        foreseen = leads.foresee_guest_list(file=file, columns=columns, state=state)
        context |= {"foreseen": foreseen, "errors": foreseen.errors}
    except DomainError as error:
        context["refused"] = str(error)
    return render(request, "leads/guest_file.html", context)


def _columns(form: GuestColumnsForm, guessed: dict[str, str]) -> tuple[dict[str, str], Any]:
    if form.is_bound and form.is_valid():
        return form.columns(), form.cleaned_data["default"]
    return guessed, form.fields["default"].initial
