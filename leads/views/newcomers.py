"""Somebody new, written down by hand."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from leadflow.core.dialogs import done
from leadflow.core.errors import Conflict, DomainError
from leadflow.core.models import Role
from leads import services as leads
from leads.forms.lists import NewLeadForm
from leads.models import Lead
from leads.views.access import PageRequest, may


@require_http_methods(["GET", "HEAD", "POST"])
@may("edit")
def new_lead(request: PageRequest) -> HttpResponse:
    """Ask who it is; whoever is known already is named at the field."""
    form = NewLeadForm(request.POST or None, initial={"persona": "unknown"})
    if form.is_valid() and (lead_id := _add(request, form)):
        return done(request, "The lead is there.", to=reverse("leads:detail", args=[lead_id]))
    status = 422 if form.is_bound else 200
    return render(request, "leads/new.html", {"form": form}, status=status)


def _add(request: PageRequest, form: NewLeadForm) -> int | None:
    """Create the lead; None when the form needs another look. What a rep adds is theirs."""
    facts = {name: value for name, value in form.cleaned_data.items() if value != ""}
    company, products = facts.pop("company", ""), facts.pop("products")
    if request.user.role == Role.REP:
        facts["owner_id"] = request.user.pk
    person = leads.Person(facts=facts, company_name=company, product_keys=products)
    try:
        return leads.add_lead(person=person, by=request.user, at=timezone.now())
    except DomainError as error:
        known = _known(request, facts) if isinstance(error, Conflict) else None
        words = (
            format_html(
                '{} <a href="{}">{}</a>',
                str(error),
                reverse("leads:detail", args=[known.pk]),
                known,
            )
            if known
            else str(error)
        )
        form.add_error(error.field if error.field in form.fields else None, words)
        return None


def _known(request: PageRequest, facts: dict[str, str]) -> Lead | None:
    """Who has this address, where the reader may see them."""
    return Lead.objects.visible_to(request.user).filter(email=facts.get("email") or None).first()
