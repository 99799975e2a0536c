"""Programs: the list, the timeline with its steps, and who is in them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from leadflow.core.errors import Invalid
from leadflow.core.tables import Keyset
from leads import queries as leads
from nurture import queries, services
from nurture.forms import DayForm, SlotForm
from nurture.models import Enrollment, Program, Step
from nurture.views.access import PageRequest


@require_safe
@permission_required("nurture.see", raise_exception=True)
def programs(request: PageRequest) -> HttpResponse:
    """All programs with their figures."""
    return render(
        request, "nurture/programs.html", {"programs": queries.programs_overview(user=request.user)}
    )


@require_safe
@permission_required("nurture.see", raise_exception=True)
def program(request: PageRequest, program_id: int) -> HttpResponse:
    """One program: timeline, steps, gaps, and the people in it."""
    found = get_object_or_404(Program, pk=program_id)
    return render(request, "nurture/program.html", _program_context(request, found))


def _program_context(request: PageRequest, found: Program, **extra: Any) -> dict[str, Any]:
    rows = queries.step_rows(program=found, user=request.user)
    products, gaps = queries.gaps(rows)
    people = queries.people_in(program=found, user=request.user)
    return {
        "program": found,
        "overview": queries.programs_overview(user=request.user, program_id=found.pk)[0],
        "entry_in_words": leads.describe(found.entry),
        "rows": rows,
        "lanes": queries.steps_timeline(rows),
        "products": products,
        "gaps": gaps,
        "people": Keyset(people, ("-id",), request.GET, size=10).page(),
        "slot_form": SlotForm(program=found),
        "now": timezone.now(),
        **extra,
    }


@require_POST
@permission_required("nurture.design", raise_exception=True)
def move_step(request: PageRequest, program_id: int, step_id: int) -> HttpResponse:
    """Give a step another day."""
    step = get_object_or_404(Step, pk=step_id, program=program_id)
    form = DayForm(request.POST)
    if not form.is_valid():
        extra = {
            "wrong_step": step.pk,
            "wrong_day": request.POST.get("day", ""),
            "day_errors": form.errors["day"],
        }
        context = _program_context(request, step.program, **extra)
        return render(request, "nurture/program.html", context, status=422)
    services.move_step(
        step_id=step.pk, day=form.cleaned_data["day"], by=request.user, at=timezone.now()
    )
    messages.success(
        request, f"“{step.name}” goes out on day {form.cleaned_data['day']} from now on."
    )
    return redirect(f"{reverse('nurture:program', args=[program_id])}#step-{step.pk}")


@require_POST
@permission_required("nurture.design", raise_exception=True)
def fill_slot(request: PageRequest, program_id: int) -> HttpResponse:
    """Choose content for a step, a product and a persona."""
    found = get_object_or_404(Program, pk=program_id)
    form = SlotForm(request.POST, program=found)
    if form.is_valid():
        try:
            _fill(form.cleaned_data, by=request.user)
        except Invalid as error:
            form.add_error(error.field or None, str(error))
    if form.errors:
        return render(
            request,
            "nurture/program.html",
            _program_context(request, found, slot_form=form),
            status=422,
        )
    messages.success(request, "The step uses this content from now on.")
    return redirect(f"{reverse('nurture:program', args=[program_id])}#content")


def _fill(chosen: dict[str, Any], *, by: Any) -> None:
    services.fill_slot(
        step_id=chosen["step"].pk,
        asset_id=chosen["asset"].pk,
        product_id=chosen["product"].pk if chosen["product"] else None,
        persona=chosen["persona"],
        by=by,
        at=timezone.now(),
    )


@require_POST
@permission_required("nurture.design", raise_exception=True)
def switch(request: PageRequest, program_id: int) -> HttpResponse:
    """Switch a program on or off."""
    found = services.switch_program(
        program_id=get_object_or_404(Program, pk=program_id).pk,
        is_active=request.POST.get("to") == "on",
        by=request.user,
        at=timezone.now(),
    )
    words = "runs" if found.is_active else "is switched off; nobody enters it and no step is taken"
    messages.success(request, f"“{found.name}” {words}.")
    return redirect("nurture:program", found.pk)


STEERING = {"pause": services.pause, "resume": services.resume, "stop": services.stop}
SAID = {"pause": "Paused.", "resume": "It goes on.", "stop": "Stopped; nothing more goes out."}


@require_POST
@permission_required("nurture.steer", raise_exception=True)
def steer(request: PageRequest, enrollment_id: int, verb: str) -> HttpResponse:
    """Pause, resume or stop a program for one lead."""
    get_object_or_404(Enrollment.objects.visible_to(request.user), pk=enrollment_id)
    STEERING[verb](enrollment_ids=[enrollment_id], by=request.user, at=timezone.now())
    messages.success(request, SAID[verb])
    return redirect(_way_back(request))


def _way_back(request: PageRequest) -> str:
    came_from = request.POST.get("next") or request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(came_from, allowed_hosts={request.get_host()})
    return came_from if came_from and ours else "/"
