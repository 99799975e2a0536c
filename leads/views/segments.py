"""Segments: the list, one of them with its growth, and the page where they are written."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leadflow.core import charts
from leadflow.core.dialogs import done
from leadflow.core.errors import DomainError, Invalid
from leads import policies, queries
from leads import services as leads
from leads.engine.identity import clean
from leads.forms import SegmentForm
from leads.forms.conditions import Builder
from leads.models import Lead, Segment
from leads.queries.segments import read_condition
from leads.views.access import PageRequest, may
from leads.views.conditions import LONGEST, find

asks = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def segment_list(request: PageRequest) -> HttpResponse:
    """Segments in use, and those put away."""
    context = {
        "rows": queries.list_segments(user=request.user),
        "archived": Segment.objects.exclude(archived_at=None).order_by("-archived_at"),
        "may_manage": policies.permits("manage_segments", by=request.user),
    }
    return render(request, "leads/segments/list.html", context)


@require_safe
def segment_detail(request: PageRequest, key: str) -> HttpResponse:
    """One segment: its condition in words, how many are in it, and how it grew."""
    segment = get_object_or_404(Segment.objects.select_related("by"), key=key)
    at = timezone.now()
    days = queries.growth(segment, at=at)
    context: dict[str, Any] = {
        "segment": segment,
        "size_label": queries.size_label(segment, user=request.user),
        "sentence": queries.describe(segment.condition),
        "fault": _fault(segment),
        "uses": queries.uses_of(key),
        "days": days[::-1],
        "chart": charts.bars(_series(days), height=120),
        "entered": sum(day.entered for day in days),
        "left": sum(day.left for day in days),
        "progress": _progress(segment),
        "may_manage": policies.permits("manage_segments", by=request.user),
    }
    template = "leads/segments/detail.html" + ("#state" if request.htmx else "")
    return render(request, template, context)


def _series(days: list[queries.Growth]) -> list[charts.Series]:
    labels = [f"{day.day.day} {day.day:%b}" for day in days]
    came = [charts.Point(label, day.entered) for label, day in zip(labels, days, strict=True)]
    went = [charts.Point(label, day.left) for label, day in zip(labels, days, strict=True)]
    return [charts.Series("Came in", came), charts.Series("Fell out", went, "6")]


def _fault(segment: Segment) -> str:
    """Why a segment cannot be followed any more; empty when it can."""
    try:
        queries.compile_condition(segment.condition)
    except Invalid as error:
        return str(error)
    return ""


def _progress(segment: Segment) -> int | None:
    """Per cent of the leads that have been looked at; None when all have."""
    if segment.state == Segment.State.READY:
        return None
    last = Lead.objects.order_by("-pk").values_list("pk", flat=True).first() or 1
    return min(99, 100 * segment.filled_to // last)


@asks
@may("manage_segments")
def new_segment(request: PageRequest) -> HttpResponse:
    """Write a segment, from scratch or from what the list of leads is narrowed by."""
    where = clean(request.GET.get("where", ""), most=LONGEST)
    builder = Builder.of(read_condition(where)) if where.startswith("{") else Builder.blank()

    def save(form: SegmentForm, condition: Any) -> Segment:
        return leads.create_segment(
            condition=condition, by=request.user, at=timezone.now(), **form.cleaned_data
        )

    said = "The segment is being filled. From then on leads come and go by themselves."
    return _write(request, SegmentForm, builder, save, said, {"title": "New segment"})


@asks
@may("manage_segments")
def edit_segment(request: PageRequest, key: str) -> HttpResponse:
    """Change a segment; with another condition it is brought up to date in the background."""
    segment = get_object_or_404(Segment.objects.active(), key=key)
    initial = {"name": segment.name, "description": segment.description}

    def make(data: Any = None) -> SegmentForm:
        return SegmentForm(data, initial=initial)

    def save(form: SegmentForm, condition: Any) -> Segment:
        return leads.change_segment(
            key=key, condition=condition, by=request.user, at=timezone.now(), **form.cleaned_data
        )

    words = {"title": f"Edit “{segment}”", "segment": segment}
    return _write(request, make, Builder.of(segment.condition), save, "Saved.", words)


def _write(
    request: PageRequest, make: Any, builder: Builder, save: Any, said: str, words: dict[str, Any]
) -> HttpResponse:
    """Show the form, do what a button of the builder asks for, or save; faults stand where they are."""
    if request.method != "POST":
        return _show(request, make(), builder, words)
    builder = Builder.read(request.POST)
    form = make(request.POST)
    if builder.edit(request.POST.get("do", "")[:100]):
        form = make()
        form.initial = {name: request.POST.get(name, "") for name in form.fields}
        return _show(request, form, builder, words)
    if (segment := _save(form, builder, save)) is None:
        return _show(request, form, builder, words, status=400)
    return done(request, said, to=reverse("leads:segment", args=[segment.key]))


def _save(form: SegmentForm, builder: Builder, save: Any) -> Segment | None:
    """The segment that was written; None when something has to be put right first."""
    try:
        condition = builder.condition()
    except Invalid as error:
        builder.error, condition = str(error), None
    if not form.is_valid() or condition is None:
        return None
    try:
        segment: Segment = save(form, condition)
    except DomainError as error:
        if error.field in form.fields:
            form.add_error(error.field, str(error))
        else:
            builder.error = str(error)
        return None
    return segment


def _show(
    request: PageRequest,
    form: SegmentForm,
    builder: Builder,
    words: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    context = {"form": form, "builder": builder, "found": find(builder, user=request.user), **words}
    return render(request, "leads/segments/edit.html", context, status=status)


@require_POST
@may("manage_segments")
def archive(request: PageRequest, key: str) -> HttpResponse:
    """Put a segment away."""
    get_object_or_404(Segment, key=key)
    return _put(request, leads.archive_segment, key, "Archived. It is followed no more.")


@require_POST
@may("manage_segments")
def restore(request: PageRequest, key: str) -> HttpResponse:
    """Take a segment back into use."""
    get_object_or_404(Segment, key=key)
    return _put(request, leads.restore_segment, key, "Back in use. It is brought up to date now.")


def _put(request: PageRequest, act: Any, key: str, said: str) -> HttpResponse:
    try:
        act(key=key, by=request.user, at=timezone.now())
        messages.success(request, said)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("leads:segment", key=key)
