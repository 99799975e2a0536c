"""Tasks: calls, letters and follow-ups with a deadline."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from handoff import queries, services
from handoff.forms import TaskForm
from handoff.views.answers import PageRequest, too_late
from leadflow.core.dialogs import ask, done
from leadflow.core.errors import Conflict, Invalid
from nurture import services as nurture
from nurture.models import Task

VIEWS = ("mine", "all")


@require_safe
def tasks(request: PageRequest) -> HttpResponse:
    """Open tasks: overdue, today, later."""
    return render(request, "handoff/tasks.html", _context(request))


def _context(request: PageRequest) -> dict[str, Any]:
    at, view = timezone.now(), request.GET.get("view", "")
    found = queries.tasks_for(request.user, at, view=view if view in VIEWS else "")
    is_all = found.view == "all"
    return {
        "list": found,
        "now": at,
        "is_all": is_all,
        "is_mine": not is_all,
        "columns": 6 if is_all else 5,
        "oversees": request.user.has_perm("handoff.oversee"),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def finish_task(request: PageRequest, task_id: int) -> HttpResponse:
    """Say what came of a task."""
    visible = Task.objects.visible_to(request.user).select_related("lead")
    task = get_object_or_404(visible, pk=task_id)
    back = reverse("handoff:tasks") + (f"?{request.GET.urlencode()}" if request.GET else "")
    words = {
        "title": task.title,
        "subtitle": task.lead.name,
        "phone": task.lead.phone if task.kind == Task.Kind.CALL else "",
        "action": request.get_full_path(),
        "back": back,
        "submit": "Done",
        "points": nurture.talking_points(tasks=[task]).get(task.pk, ""),
    }
    if request.method != "POST":
        return ask(request, TaskForm(), words)
    form = TaskForm(request.POST)
    if not form.is_valid():
        return ask(request, form, words)
    try:
        services.finish_task(
            task_id=task.pk, by=request.user, at=timezone.now(), **form.cleaned_data
        )
    except Invalid as error:
        return ask(request, form, words, error=error)
    except Conflict as error:
        return too_late(request, error)
    return done(request, f"Done: {task.title}.", to=back)
