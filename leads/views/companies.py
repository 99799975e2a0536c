"""Companies and the people who work there."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from leadflow.core.tables import Keyset
from leads import queries
from leads.engine.identity import clean
from leads.models import Stage
from leads.views.access import LARGEST_ID, PageRequest


@require_safe
@vary_on_headers("HX-Request")
def company_list(request: PageRequest) -> HttpResponse:
    """Companies of the leads the reader may see."""
    q = clean(request.GET.get("q", ""), most=200)
    companies = queries.list_companies(user=request.user, q=q)
    page = Keyset(companies, ("name", "id"), request.GET).page()
    template = "leads/companies.html#results" if request.htmx else "leads/companies.html"
    return render(request, template, {"page": page, "q": q})


@require_safe
def company_detail(request: PageRequest, company_id: int) -> HttpResponse:
    """A company with those of its people whom the reader may see."""
    companies = queries.list_companies(user=request.user)
    company = get_object_or_404(companies, pk=min(company_id, LARGEST_ID))
    people = queries.list_leads(user=request.user, params={"company": str(company.pk)})
    page = Keyset(people, queries.sort_keys({}), request.GET).page()
    context = {"company": company, "page": page, "stages": Stage.objects.in_bulk()}
    return render(request, "leads/company.html", context)
