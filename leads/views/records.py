"""The record page of a lead: facts, story, what can be done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from leadflow.core.errors import Conflict
from leadflow.core.models import User
from leadflow.core.parts import LeadAction, lead_actions, lead_panels
from leadflow.core.views import toast
from leads import queries
from leads import services as leads
from leads.forms import FactsForm, NoteForm
from leads.models import Activity, Lead
from leads.views.access import PageRequest, get_lead, may
from leads.views.boxes import boxes

STRETCH = 30  # entries of the story; more come as one scrolls


@dataclass(frozen=True)
class Day:
    """The entries of one day; `label` is "" where the day goes on from the page before."""

    label: str
    entries: list[queries.TimelineEntry]


@dataclass(frozen=True)
class Tab:
    """A part of the story to choose."""

    words: str
    address: str
    is_active: bool


@require_safe
@vary_on_headers("HX-Request")
def detail(request: PageRequest, lead_id: int) -> HttpResponse:
    """One lead; through htmx the next stretch of the story alone."""
    lead = get_lead(request, lead_id, even_erased=True)
    if lead.pk != lead_id:  # it was merged into another record
        return redirect("leads:detail", lead_id=lead.pk)
    if lead.erased_at is not None:
        return render(request, "leads/erased.html", _remains(lead))
    story = _story(request, lead)
    if request.htmx and not request.htmx.history_restore_request:
        name = "entries" if request.GET.get("before") else "story"
        return render(request, f"leads/detail.html#{name}", {"lead": lead, **story})
    return render(request, "leads/detail.html", _record(request, lead) | story)


@require_POST
@may("edit")
def note(request: PageRequest, lead_id: int) -> HttpResponse:
    """Write a note or a call into the story."""
    lead = get_lead(request, lead_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _answer_note(request, lead, form, status=422)
    at = timezone.now()
    text = form.cleaned_data["text"]
    said = Activity(
        lead=lead,
        kind=form.cleaned_data["kind"],
        occurred_at=at,
        by=request.user,
        title=text.splitlines()[0][:200],
        properties={"text": text},
    )
    leads.record_activities(activities=[said], at=at)
    if not request.htmx:
        return redirect("leads:detail", lead_id=lead.pk)
    return toast(_answer_note(request, lead, NoteForm()), "Kept.")


@require_http_methods(["GET", "HEAD", "POST"])
@may("edit")
def edit(request: PageRequest, lead_id: int) -> HttpResponse:
    """Correct what is known of a person."""
    lead = get_lead(request, lead_id)
    form = FactsForm(request.POST or None, initial=FactsForm.values_of(lead))
    if request.method == "POST" and form.is_valid() and _correct(request, lead, form):
        messages.success(request, "Saved.")
        return redirect("leads:detail", lead_id=lead.pk)
    status = 422 if form.is_bound else 200
    return render(request, "leads/edit.html", {"lead": lead, "form": form}, status=status)


def _correct(request: PageRequest, lead: Lead, form: FactsForm) -> bool:
    """Save the form's facts; a taken address is an error at its field."""
    facts = dict(form.cleaned_data)
    company, products = facts.pop("company"), facts.pop("products")
    if not company:
        facts["company_id"] = None
    person = leads.Person(facts=facts, company_name=company, product_keys=products)
    try:
        leads.correct_facts(lead_id=lead.pk, person=person, by=request.user, at=timezone.now())
    except Conflict as error:
        form.add_error(error.field, str(error))
        return False
    return True


def _answer_note(
    request: PageRequest, lead: Lead, form: NoteForm, *, status: int = 200
) -> HttpResponse:
    if request.htmx:
        context = {"lead": lead, "note_form": form, **_story(request, lead)}
        return render(request, "leads/detail.html#centre", context, status=status)
    context = _record(request, lead) | _story(request, lead) | {"note_form": form}
    return render(request, "leads/detail.html", context, status=status)


def _remains(lead: Lead) -> dict[str, Any]:
    """What is left of somebody who was erased."""
    return {
        "lead": lead,
        "standing": queries.standing(lead=lead),
        "stays": queries.stays_of(lead, at=timezone.now()),
        "erasure": lead.privacy_requests.filter(kind="erasure").select_related("by").first(),
    }


def _record(request: PageRequest, lead: Lead) -> dict[str, Any]:
    """Everything around the story."""
    stays = queries.stays_of(lead, at=timezone.now())
    shows_all = bool(request.GET.get("times"))
    return {
        "lead": lead,
        "standing": queries.standing(lead=lead),
        "stays": [one for one in stays if shows_all or one.time.cycle == lead.cycle],
        "shows_times": shows_all,
        "has_more_times": not shows_all and any(one.time.cycle != lead.cycle for one in stays),
        "products": list(lead.products.all()),
        "opportunities": list(lead.opportunities.all()[:5]),
        "note_form": NoteForm(),
        "actions": _actions(lead, request.user),
        "panels": boxes(lead_panels, lead, request, side="right"),
        "fact_panels": boxes(lead_panels, lead, request, side="left"),
    }


def _story(request: PageRequest, lead: Lead) -> dict[str, Any]:
    part = request.GET.get("part", "")
    with_machines = bool(request.GET.get("machines"))
    before = queries.Position.read(request.GET.get("before", ""))
    page = queries.read_timeline(lead=lead, part=part, before=before, with_machines=with_machines)
    goes_on = timezone.localdate(before.at) if before and request.htmx else None
    return {
        "days": list(_by_day(page.entries, goes_on)),
        "next": page.next,
        "tabs": _tabs(lead, part, with_machines=with_machines),
        "machines": Tab(
            "Machines are shown too" if with_machines else "Show machines too",
            _story_address(lead, part, with_machines=not with_machines),
            with_machines,
        ),
        "is_further": before is not None,
    }


def _tabs(lead: Lead, part: str, *, with_machines: bool) -> list[Tab]:
    return [
        Tab(words, _story_address(lead, key, with_machines=with_machines), key == part)
        for key, words, _ in queries.PARTS
    ]


def _story_address(lead: Lead, part: str, *, with_machines: bool) -> str:
    said = {"part": part, "machines": "1" if with_machines else ""}
    asked = urlencode({name: value for name, value in said.items() if value})
    return reverse("leads:detail", args=[lead.pk]) + (f"?{asked}" if asked else "")


def _by_day(entries: Iterable[queries.TimelineEntry], goes_on: date | None) -> Iterable[Day]:
    for day, group in groupby(entries, key=lambda entry: timezone.localdate(entry.at)):
        yield Day("" if day == goes_on else _day_label(day), list(group))


def _day_label(day: date) -> str:
    today = timezone.localdate()
    written = date_format(day, "l j F" if day.year == today.year else "j F Y")
    return {0: "Today", 1: "Yesterday"}.get((today - day).days, written)


def _actions(lead: Lead, user: User) -> list[LeadAction]:
    """What this reader may do with this lead beyond the buttons of the page."""
    if lead.erased_at is not None:
        return []
    mine = (one for one in lead_actions.values() if user.has_perm(one.permission))
    return sorted((one for one in mine if one.fits(lead)), key=lambda one: one.order)
