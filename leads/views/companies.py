"""Companies and the people who work there."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from leadflow.core.dialogs import ask, done
from leadflow.core.errors import DomainError
from leadflow.core.parts import company_panels
from leadflow.core.tables import Keyset
from leads import policies, queries
from leads import services as leads
from leads.engine.identity import clean
from leads.forms import CompanyForm
from leads.models import Company, CompanyMerge, Stage
from leads.views.access import LARGEST_ID, PageRequest, may
from leads.views.boxes import boxes

FILTERS = ("q", "industry", "country", "size")
ALONG_NAMES = ("folded",)
MOST_FOUND = 8
MOST_COUNTED = 1_000  # each costs a look at its people


@require_safe
@vary_on_headers("HX-Request")
def company_list(request: PageRequest) -> HttpResponse:
    """Companies the reader may see: searched and filtered by the query string."""
    params = {name: clean(request.GET.get(name, ""), most=200) for name in FILTERS}
    companies = queries.list_companies(user=request.user, params=params)
    page = Keyset(companies, ALONG_NAMES, request.GET, cap=MOST_COUNTED).page()
    context = {
        "page": page,
        "people": queries.count_people(user=request.user, companies=page),
        "params": params,
        "is_narrowed": any(params.values()),
        "choices": {} if request.htmx else queries.company_choices(),
    }
    template = "leads/companies.html#results" if request.htmx else "leads/companies.html"
    return render(request, template, context)


def _company_or_404(request: PageRequest, company_id: int) -> Company:
    companies = queries.list_companies(user=request.user)
    return get_object_or_404(companies, pk=min(company_id, LARGEST_ID))


@require_safe
@vary_on_headers("HX-Request")
def company_detail(request: PageRequest, company_id: int) -> HttpResponse:
    """A company with those of its people whom the reader may see, or with what they did."""
    try:
        company = _company_or_404(request, company_id)
    except Http404:
        if kept_id := queries.find_kept_company(min(company_id, LARGEST_ID)):
            return redirect("leads:company", company_id=kept_id)
        raise
    shows_story = request.GET.get("part") == "story"
    part = _story(request, company) if shows_story else _people(request, company)
    if request.htmx and request.GET.get("before") and shows_story:
        return render(request, "leads/company.html#entries", {"company": company, **part})
    context = {
        "company": company,
        "merges": company.merges.filter(undone_at=None).select_related("by")[:20],
        "may_merge": policies.permits("merge_companies", by=request.user),
        "may_edit": policies.permits("edit", by=request.user),
        "shows_story": shows_story,
        "shows_people": not shows_story,
        "panels": boxes(company_panels, company, request, side="right"),
        **part,
    }
    return render(request, "leads/company.html", context)


def _people(request: PageRequest, company: Company) -> dict[str, Any]:
    people = queries.list_leads(user=request.user, params={"company": str(company.pk)})
    page = Keyset(people, queries.sort_keys({}), request.GET).page()
    return {"page": page, "stages": Stage.objects.in_bulk()}


def _story(request: PageRequest, company: Company) -> dict[str, Any]:
    before = queries.Position.read(request.GET.get("before", ""))
    story = queries.read_company_story(company=company, user=request.user, before=before)
    return {"story": story.entries, "next": story.next, "is_further": before is not None}


@require_http_methods(["GET", "HEAD", "POST"])
@may("edit")
def edit(request: PageRequest, company_id: int) -> HttpResponse:
    """Correct what is known of a company."""
    company = _company_or_404(request, company_id)
    form = CompanyForm(request.POST or None, initial=CompanyForm.values_of(company))
    back = reverse("leads:company", args=[company.pk])
    words = {"title": f"Edit {company}", "submit": "Save", "action": request.path, "back": back}
    if not form.is_valid():
        return ask(request, form, words)
    try:
        leads.change_company(
            company_id=company.pk, facts=form.cleaned_data, by=request.user, at=timezone.now()
        )
    except DomainError as error:
        return ask(request, form, words, error=error)
    return done(request, "Saved.", to=back)


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@may("merge_companies")
def merge(request: PageRequest, company_id: int) -> HttpResponse:
    """Choose the company that is to become part of this one, look at what happens, and do it."""
    kept = _company_or_404(request, company_id)
    other = _other(request, kept, request.POST if request.method == "POST" else request.GET)
    if request.method == "POST" and other is not None:
        return _do_merge(request, kept, other)
    q = clean(request.GET.get("q", ""), most=200) or _first_word(kept)
    found = queries.list_companies(user=request.user, params={"q": q}).exclude(pk=kept.pk)
    others = list(found.order_by(*ALONG_NAMES)[:MOST_FOUND])
    both = [kept, *([other] if other else others)]
    context = {
        "company": kept,
        "other": other,
        "others": others,
        "q": q,
        "people": queries.count_people(user=request.user, companies=both),
        "facts": _compare(kept, other) if other else [],
    }
    template = "leads/company_merge.html" + ("#results" if request.htmx else "")
    return render(request, template, context)


def _other(request: PageRequest, kept: Company, said: Mapping[str, Any]) -> Company | None:
    text = str(said.get("other", ""))
    if not text.isdecimal() or int(text) == kept.pk:
        return None
    return _company_or_404(request, int(text))


def _first_word(company: Company) -> str:
    return company.name.split()[0] if company.name.split() else ""


def _compare(kept: Company, gone: Company) -> list[tuple[str, Any, Any, bool]]:
    """Each fact as (label, of the one kept, of the other, whether the other's is taken over)."""
    rows = []
    for name in ("domain", "industry", "employees", "country"):
        mine, theirs = getattr(kept, name), getattr(gone, name)
        rows.append(
            (name.capitalize(), mine, theirs, mine in ("", None) and theirs not in ("", None))
        )
    return rows


def _do_merge(request: PageRequest, kept: Company, gone: Company) -> HttpResponse:
    made = leads.merge_companies(
        kept_id=kept.pk, gone_id=gone.pk, by=request.user, at=timezone.now()
    )
    message = f"“{gone}” is part of “{kept}” now."
    undo = reverse("leads:part_companies", args=[kept.pk, made.pk])
    return done(request, message, to=reverse("leads:company", args=[kept.pk]), take_back=undo)


@require_POST
@may("merge_companies")
def part(request: PageRequest, company_id: int, merge_id: int) -> HttpResponse:
    """Undo a merge."""
    company = _company_or_404(request, company_id)
    made = get_object_or_404(CompanyMerge, kept=company, pk=min(merge_id, LARGEST_ID))
    try:
        fresh = leads.part_companies(merge_id=made.pk, by=request.user, at=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("leads:company", company_id=company.pk)
    messages.success(request, f"“{fresh}” is a company of its own again.")
    return redirect("leads:company", company_id=fresh.pk)
