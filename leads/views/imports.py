"""Importing people from a file: sent, looked at, rehearsed, run behind the page."""

import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leadflow.core.errors import DomainError, Invalid
from leadflow.core.spreadsheets import csv_answer
from leadflow.core.tables import Keyset
from leads import services as leads
from leads.engine.identity import clean
from leads.forms.imports import ImportColumnsForm, ImportFileForm
from leads.importing import read_rows
from leads.models import Import
from leads.views.access import LARGEST_ID, PageRequest, may

SAMPLE = 3
BUSY = (Import.State.QUEUED, Import.State.RUNNING)


@require_http_methods(["GET", "HEAD", "POST"])
@may("import")
def overview(request: PageRequest) -> HttpResponse:
    """Every import so far; a file that is sent is looked at first."""
    form = ImportFileForm(request.POST or None, request.FILES or None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        try:
            run = _keep(request, form.cleaned_data["file"])
            return redirect("leads:import", import_id=run.pk)
        except Invalid as error:
            form.add_error("file", str(error))
    imports = Import.objects.select_related("by")
    page = Keyset(imports, ("-id",), request.GET, size=20).page()
    context = {"form": form, "page": page}
    status = 422 if form.is_bound else 200
    return render(request, "leads/imports.html", context, status=status)


def _keep(request: PageRequest, sent: UploadedFile) -> Import:
    name = Path(clean(sent.name or "", most=200)).name or "people.csv"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        with path.open("wb") as copy:
            for block in sent.chunks():
                copy.write(block)
        return leads.keep_import_file(path=path, name=name, by=request.user, at=timezone.now())


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may("import")
def detail(request: PageRequest, import_id: int) -> HttpResponse:
    """What the columns mean, how far it is, what came of it; asks again while it runs."""
    run = _import_or_404(import_id)
    context: dict[str, Any] = {"run": run, "is_busy": run.state in BUSY}
    status = 200
    if run.kept and run.state not in BUSY:
        columns = _columns(request, run, context)
        if request.method == "POST":
            if columns is not None and _start(request, run, columns):
                return redirect("leads:import", import_id=run.pk)
            status = 422
    elif request.method == "POST":
        return redirect("leads:import", import_id=run.pk)  # it was started before
    template = "leads/import.html" + ("#state" if request.htmx else "")
    return render(request, template, context, status=status)


def _import_or_404(import_id: int) -> Import:
    runs = Import.objects.select_related("by")
    return get_object_or_404(runs, pk=min(import_id, LARGEST_ID))


def _columns(
    request: PageRequest, run: Import, context: dict[str, Any]
) -> ImportColumnsForm | None:
    """The form over the columns beside the first rows; None where the file cannot be read any more."""
    try:
        with leads.open_kept(run) as path:
            header, rows = read_rows(path)
            sample = list(islice((row for row in rows if any(row)), SAMPLE))
    except (FileNotFoundError, Invalid):
        context["refused"] = "The file is not there any more. Send it again."
        return None
    form = ImportColumnsForm(request.POST or None, header=header, mapping=run.mapping)
    cells = [
        [row[place] if place < len(row) else "" for row in sample] for place in range(len(header))
    ]
    context["columns"] = form
    context["lines"] = list(zip(form.columns(), cells, strict=True))
    return form


def _start(request: PageRequest, run: Import, form: ImportColumnsForm) -> bool:
    if not form.is_valid():
        return False
    try:
        leads.start_import(
            import_id=run.pk,
            mapping=form.mapping(),
            is_rehearsal=not request.POST.get("run"),
            by=request.user,
            at=timezone.now(),
        )
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return False
    return True


@require_POST
@may("import")
def drop(request: PageRequest, import_id: int) -> HttpResponse:
    """Put a file away that is not to be imported."""
    run = _import_or_404(import_id)
    leads.drop_import(import_id=run.pk, by=request.user, at=timezone.now())
    return redirect("leads:imports")


@require_safe
@may("import")
def rejected(request: PageRequest, import_id: int) -> HttpResponseBase:
    """The rows that were left out as CSV: why, and what stood in them."""
    run = _import_or_404(import_id)
    return csv_answer(_rejected(run), name=f"import-{run.pk}-left-out.csv")


def _rejected(run: Import) -> Iterator[list[Any]]:
    yield ["Row", "Column", "Why", "What stood there"]
    for error in run.result.get("errors", []):
        yield [error["row"], error["column"], error["message"], *error.get("cells", [])]
