"""The builder of conditions: its rows are edited piece by piece, and it tells whom it finds."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads import policies, queries
from leads.engine.identity import clean
from leads.forms.conditions import Builder
from leads.queries.segments import read_condition, sees_everybody
from leads.views.access import PageRequest

LONGEST = 10_000
CHANGED = "condition-changed"


@dataclass(frozen=True)
class Found:
    """Whom a condition finds, or why that cannot be told."""

    preview: queries.Preview | None = None
    sentence: str = ""
    left_out: int = 0
    fault: str = ""
    is_all: bool = False  # the reader sees every lead there is


def find(builder: Builder, *, user: User) -> Found:
    """Whom the finished rows find; the faults of the others are left alone."""
    faults = {row.path: row.error for row in builder.root.rows()}
    try:
        condition, left_out = builder.finished()
        if left_out and condition == {"all": []}:
            return Found(fault="Choose what to ask, and you see whom it finds.")
        preview = queries.preview(condition, user=user, at=timezone.now())
        sentence = queries.describe(condition, words=builder.words)
        return Found(preview, sentence, left_out, is_all=sees_everybody(user))
    except Invalid as error:
        return Found(fault=str(error))
    finally:
        for row in builder.root.rows():
            row.error = faults[row.path]


@require_POST
def edit(request: PageRequest) -> HttpResponse:
    """The builder after a button was pressed or another field was chosen."""
    builder = Builder.pressed(request.POST)
    builder.edit(request.POST.get("do", "")[:100])
    answer = render(request, "leads/conditions/builder.html", {"builder": builder})
    return trigger_client_event(answer, CHANGED, after="settle")


@require_POST
def preview(request: PageRequest) -> HttpResponse:
    """Whom the condition finds as it stands now."""
    found = find(Builder.read(request.POST), user=request.user)
    return render(request, "components/conditions/found.html", {"found": found})


@require_http_methods(["GET", "HEAD", "POST"])
def filter_leads(request: PageRequest) -> HttpResponse:
    """Build a condition for the list of leads; sending it goes there."""
    if request.method != "POST":
        builder = _builder_of(clean(request.GET.get("where", ""), most=LONGEST))
        return _show(request, builder)
    builder = Builder.read(request.POST)
    if builder.edit(request.POST.get("do", "")[:100]):
        return _show(request, builder)
    try:
        where = queries.write_condition(builder.condition())
    except Invalid as error:
        builder.error = str(error)
        return _show(request, builder, status=400)
    page = "leads:new_segment" if request.POST.get("save") else "leads:list"
    return redirect(f"{reverse(page)}?{urlencode({'where': where})}")


def _builder_of(where: str) -> Builder:
    """The builder of what the list is narrowed by now; a segment is asked for by its name."""
    if not where:
        return Builder.blank()
    if not where.startswith("{"):
        return Builder.of({"field": "segment", "op": "has", "value": where[:60]})
    return Builder.of(read_condition(where))


def _show(request: PageRequest, builder: Builder, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "builder": builder,
        "found": find(builder, user=request.user),
        "may_save": policies.permits("manage_segments", by=request.user),
    }
    return render(request, "leads/conditions/filter.html", context, status=status)
