"""The pipeline designer: the path as a picture, and every edit in a dialog."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leadflow.core.dialogs import ask, done
from leadflow.core.errors import Conflict, DomainError
from leads import queries
from leads import services as leads
from leads.forms import (
    DetourForm,
    HandoffForm,
    NewHandoffForm,
    NewStageForm,
    RetireForm,
    StageForm,
)
from leads.models import Handoff, PipelineVersion, Stage
from leads.queries.requirements import REQUIREMENTS
from leads.views.access import PageRequest, may
from leads.views.designs import draw

# Where the words of a service stand in a form that asks in other units
FIELDS = {"respond_within_minutes": "respond_hours", "expire_after_minutes": "expire_hours"}
asks = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@may("design_pipeline")
def pipeline(request: PageRequest) -> HttpResponse:
    """The path, its hand-offs, and what is off it."""
    design = queries.read_design(user=request.user)
    standing = {row.stage.key: row.leads for row in design.stages}
    context = {
        "design": design,
        "chart": draw(design.pipeline, standing),
        "version": PipelineVersion.objects.select_related("author").first(),
        "labels": {key: one.label for key, one in REQUIREMENTS.items()},
        "merging": [row for row in design.unused if row.leads and row.stage.merged_into_id],
    }
    return render(request, "leads/pipeline/path.html", context)


def answer(
    request: PageRequest,
    form: forms.Form,
    words: dict[str, Any],
    save: Callable[[], Any],
    said: str,
) -> HttpResponse:
    """Ask; when the form fits, save and go back; what the service refuses stands at its field."""
    address = words.setdefault("back", reverse("leads:pipeline"))
    newest = str(queries.newest_version())
    words |= {"action": request.path, "seen_version": newest}
    if not form.is_valid():
        return ask(request, form, words)
    try:
        if request.POST.get("seen_version", newest) != newest:
            raise Conflict(
                "Somebody has changed the pipeline since you opened this. Look at it again, and send "
                "it once more if it is still right."
            )
        save()
    except DomainError as error:
        error.field = FIELDS.get(error.field, error.field)
        return ask(request, form, words, error=error)
    return done(request, said, to=address)


@asks
@may("design_pipeline")
def add_stage(request: PageRequest) -> HttpResponse:
    """Put a new stage on the path."""
    before_win = {"after": _before_the_win()}
    form = NewStageForm(request.POST or None, after=_path_choices(), initial=before_win)
    words = {"title": "Add a stage", "submit": "Add the stage", "wide": True}

    def save() -> None:
        leads.add_stage(by=request.user, at=timezone.now(), **form.cleaned_data)

    return answer(request, form, words, save, "The stage is on the path.")


@asks
@may("design_pipeline")
def edit_stage(request: PageRequest, key: str) -> HttpResponse:
    """Change what is known of a stage."""
    used = Stage.objects.filter(retired_at=None).select_related("owning_team")
    stage = get_object_or_404(used, key=key)
    kind = DetourForm if stage.kind == Stage.Kind.DETOUR else StageForm
    form = kind(request.POST or None, initial=kind.values_of(stage))
    words = {"title": f"Stage “{stage}”", "submit": "Save", "wide": kind is StageForm}

    def save() -> None:
        leads.change_stage(key=key, by=request.user, at=timezone.now(), **form.cleaned_data)

    return answer(request, form, words, save, "Saved as a new version.")


@require_POST
@may("design_pipeline")
def shift_stage(request: PageRequest, key: str) -> HttpResponse:
    """One place on, or back; the two sides of a hand-off move as one."""
    get_object_or_404(Stage, key=key)
    steps = -1 if request.POST.get("to") == "back" else 1
    try:
        leads.shift_stage(key=key, steps=steps, by=request.user, at=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("leads:pipeline")


@asks
@may("design_pipeline")
def retire_stage(request: PageRequest, key: str) -> HttpResponse:
    """Take a stage off the path; its leads go on in another one."""
    stage = get_object_or_404(Stage, key=key)
    preview = queries.preview_retirement(stage=stage)
    form = RetireForm(request.POST if request.method == "POST" else None, preview=preview)
    words = {
        "title": f"Take “{stage}” off the path",
        "submit": "Merge and retire" if preview.leads else "Retire",
        "variant": "danger",
        "preview": preview,
        "refused": leads.retirement_refused(key=key),
    }

    def save() -> None:
        at = timezone.now()
        leads.retire_stage(key=key, by=request.user, at=at, **form.cleaned_data)
        leads.move_merged(at=at, most=leads.MERGED_AT_ONCE)

    return answer(request, form, words, save, f"“{stage}” is off the path; its history stays.")


@asks
@may("design_pipeline")
def add_handoff(request: PageRequest) -> HttpResponse:
    """Put a hand-off between two stages."""
    form = NewHandoffForm(request.POST or None, after=_path_choices())
    words = {"title": "Add a hand-off", "submit": "Add the hand-off", "wide": True}

    def save() -> None:
        leads.add_handoff(
            after=form.cleaned_data["after"],
            offered=form.side("offered"),
            accepted=form.side("accepted"),
            by=request.user,
            at=timezone.now(),
            **form.settings(),
        )

    return answer(request, form, words, save, "The hand-off is on the path.")


@asks
@may("design_pipeline")
def edit_handoff(request: PageRequest, key: str) -> HttpResponse:
    """Change the target, the clock, the team, the calendar and the escalation."""
    rows = Handoff.objects.select_related("receiving_team", "calendar")
    handoff = get_object_or_404(rows, key=key)
    form = HandoffForm(request.POST or None, initial=HandoffForm.values_of(handoff))
    words = {"title": f"Hand-off “{handoff}”", "submit": "Save", "wide": True}

    def save() -> None:
        leads.change_handoff(key=key, by=request.user, at=timezone.now(), **form.settings())

    return answer(request, form, words, save, "Saved as a new version.")


@require_POST
@may("design_pipeline")
def switch_handoff(request: PageRequest, key: str) -> HttpResponse:
    """Switch a hand-off on or off."""
    handoff = get_object_or_404(Handoff, key=key)
    is_active = request.POST.get("to") == "on"
    leads.change_handoff(key=key, is_active=is_active, by=request.user, at=timezone.now())
    words = f"“{handoff}” is off; its figures stay."
    if is_active:
        words = f"“{handoff}” is on. A lead definition offers leads; until there is one, people do."
    return done(request, words, to=reverse("leads:pipeline"))


def _before_the_win() -> str:
    """The last stage before leads are won: where most new stages belong."""
    now = queries.load_pipeline()
    return now.path[now.place[now.won_stage()] - 1]


def _path_choices() -> list[tuple[str, str]]:
    """Stages behind which something can be put: not between the sides of a hand-off."""
    now = queries.load_pipeline()
    return [(key, now.name(key)) for key in now.path if not now.awaits_answer(key)]
