"""What a campaign costs by month: added, corrected, taken out."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from leadflow.core.dialogs import ask, done
from leadflow.core.errors import DomainError
from leads import services as leads
from leads.forms import CostForm
from leads.views.access import PageRequest, may
from leads.views.campaigns import asks, get_campaign, get_cost


@asks
@may("manage_campaigns")
def add(request: PageRequest, key: str) -> HttpResponse:
    """Write down what a campaign costs in one more month."""
    campaign = get_campaign(key)
    this_month = f"{timezone.localdate():%Y-%m}"
    form = CostForm(request.POST or None, initial={"month": this_month})
    words = _words(request, key, title="Add a month", submit="Add")
    if not form.is_valid():
        return ask(request, form, words)
    try:
        cost = leads.add_cost(campaign=campaign, by=request.user, **form.cleaned_data)
    except DomainError as error:
        return ask(request, form, words, error=error)
    return done(request, f"{cost.month:%B %Y} is added.", to=words["back"])


@asks
@may("manage_campaigns")
def edit(request: PageRequest, key: str, cost_id: int) -> HttpResponse:
    """Correct a month."""
    cost = get_cost(key, cost_id)
    form = CostForm(request.POST or None, initial=CostForm.values_of(cost))
    words = _words(request, key, title=f"Costs in {cost.month:%B %Y}", submit="Save")
    if not form.is_valid():
        return ask(request, form, words)
    try:
        leads.change_cost(cost_id=cost.pk, by=request.user, **form.cleaned_data)
    except DomainError as error:
        return ask(request, form, words, error=error)
    return done(request, "Saved.", to=words["back"])


@asks
@may("manage_campaigns")
def remove(request: PageRequest, key: str, cost_id: int) -> HttpResponse:
    """Take a month out, after asking."""
    cost = get_cost(key, cost_id)
    month = f"{cost.month:%B %Y}"
    words = _words(request, key, title=f"Remove {month}?", submit="Remove", variant="danger")
    words["subtitle"] = "What was planned and spent in this month leaves every total."
    if request.method != "POST":
        return ask(request, forms.Form(), words)
    leads.remove_cost(cost_id=cost.pk, by=request.user)
    return done(request, f"{month} is removed.", to=words["back"])


def _words(request: PageRequest, key: str, **words: Any) -> dict[str, Any]:
    back = reverse("leads:campaign", args=[key]) + "#costs"
    return {"action": request.path, "back": back, **words}
