"""Campaigns: why leads came, what it cost, and what came of it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from leadflow.core import charts
from leadflow.core.dialogs import ask, done
from leadflow.core.errors import DomainError, Invalid
from leadflow.core.tables import Keyset
from leads import queries
from leads import services as leads
from leads.engine.identity import clean
from leads.forms import CampaignForm
from leads.models import Campaign, CampaignCost
from leads.queries.campaigns import STATES
from leads.views.access import PageRequest, may

FILTERS = ("q", "kind", "state")
STATE_TONES = {"running": "good", "planned": "info", "over": "neutral", "archived": "neutral"}
STATE_WORDS = dict(STATES)
MEDIUMS = ("email", "social", "cpc", "banner", "print", "referral", "qr")
asks = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True)
class Row:
    """A campaign as the list shows it."""

    campaign: Campaign
    state: str
    tone: str
    leads: int


@require_safe
@vary_on_headers("HX-Request")
@may("manage_campaigns")
def campaign_list(request: PageRequest) -> HttpResponse:
    """Every campaign with its leads and its costs: searched and filtered by the query string."""
    today = timezone.localdate()
    params = {name: clean(request.GET.get(name, ""), most=200) for name in FILTERS}
    campaigns = queries.list_campaigns(params=params, today=today)
    page = Keyset(campaigns, queries.NEWEST_FIRST, request.GET).page()
    counts = queries.count_brought(user=request.user, campaigns=page)
    context = {
        "page": page,
        "rows": [_row(one, counts.get(one.pk, 0), today) for one in page],
        "totals": queries.total_campaigns(user=request.user, campaigns=campaigns),
        "params": params,
        "is_narrowed": any(params.values()),
        "kinds": Campaign.Kind.choices,
        "states": _states(today),
    }
    template = "leads/campaigns.html#results" if request.htmx else "leads/campaigns.html"
    return render(request, template, context)


def _row(campaign: Campaign, count: int, today: date) -> Row:
    state = queries.campaign_state(campaign, today)
    return Row(campaign, STATE_WORDS[state], STATE_TONES[state], count)


def _states(today: date) -> list[tuple[str, str]]:
    counts = queries.count_states(today=today)
    return [(key, f"{words} ({counts[key]:,})") for key, words in STATES]


@require_safe
@vary_on_headers("HX-Request")
@may("manage_campaigns")
def campaign_detail(request: PageRequest, key: str) -> HttpResponse:
    """One campaign: facts, costs, what it brought, and the address to hand out."""
    campaign = get_campaign(key)
    context = {"campaign": campaign, **_address(request, campaign)}
    if request.htmx:
        return render(request, "leads/campaign.html#address", context)
    state = queries.campaign_state(campaign, timezone.localdate())
    brought = queries.read_brought(campaign=campaign, user=request.user)
    costs = queries.read_costs(campaign)
    forms = queries.list_forms().filter(campaign=campaign)[:50]
    context |= {
        "state": STATE_WORDS[state],
        "state_tone": STATE_TONES[state],
        "brought": brought,
        "per_lead": _share(costs, brought.leads),
        "stages_chart": _stages_chart(campaign, brought),
        "costs": costs,
        "costs_chart": _costs_chart(costs),
        "forms": forms,
        "arrivals": queries.list_arrivals(campaign),
        "guests": queries.count_guests(campaign=campaign, user=request.user),
        "list": reverse("leads:list"),
    }
    return render(request, "leads/campaign.html", context)


def get_campaign(key: str) -> Campaign:
    """A campaign by its key; 404 otherwise."""
    return get_object_or_404(Campaign.objects.select_related("product", "owner"), key=key)


def _share(costs: queries.Costs, leads: int) -> tuple[Any, Any]:
    """What a lead was to cost, and what it did; None without leads."""
    return (costs.planned / leads, costs.actual / leads) if leads else (None, None)


def _address(request: PageRequest, campaign: Campaign) -> dict[str, Any]:
    """The address to hand out, of what was typed; or why it cannot be made."""
    said = {
        name: clean(request.GET.get(name, ""), most=2_000) for name in ("url", "source", "medium")
    }
    tagged, trouble = "", ""
    if said["url"]:
        try:
            tagged = queries.tag_address(
                said["url"],
                campaign=campaign.key,
                source=said["source"][:80],
                medium=said["medium"][:80],
            )
        except Invalid as error:
            trouble = str(error)
    return {"said": said, "tagged": tagged, "trouble": trouble, "mediums": MEDIUMS}


def _stages_chart(campaign: Campaign, brought: queries.Brought) -> charts.Plot | None:
    """Where those it brought stand now; each bar leads to them."""
    if not brought.stages:
        return None
    found = f"{reverse('leads:list')}?campaign={campaign.key}&stage="
    points = [
        charts.Point(stage.abbreviation, count, found + stage.key, f"{stage.name}: {count:,} leads")
        for stage, count in brought.stages
    ]
    return charts.bars([charts.Series("Leads", points)], height=160)


def _costs_chart(costs: queries.Costs) -> charts.Plot | None:
    """Planned and spent, for every month from the first to the last."""
    if not costs.months:
        return None
    by_month = {cost.month: cost for cost in costs.months}
    months = _months(costs.months[0].month, costs.months[-1].month)
    rows = [(month, by_month.get(month)) for month in months]
    planned = [_point(month, months[0], cost.planned if cost else 0) for month, cost in rows]
    spent = [_point(month, months[0], cost.actual if cost else None) for month, cost in rows]
    series = [charts.Series("Planned", planned, "muted"), charts.Series("Spent", spent, "1")]
    return charts.bars(series, height=160)


def _point(month: date, first: date, amount: Any) -> charts.Point:
    label = f"{month:%b %y}" if month == first or month.month == 1 else f"{month:%b}"
    return charts.Point(label, None if amount is None else float(amount))


def _months(first: date, last: date) -> list[date]:
    """The first days of the months between two of them; at most ten years."""
    count = min((last.year - first.year) * 12 + last.month - first.month, 119)
    start = first.year * 12 + first.month - 1
    return [date((start + i) // 12, (start + i) % 12 + 1, 1) for i in range(count + 1)]


@asks
@may("manage_campaigns")
def add(request: PageRequest) -> HttpResponse:
    """Plan a campaign."""
    form = CampaignForm(request.POST or None, is_new=True, initial={"owner": request.user.pk})
    back = reverse("leads:campaigns")
    words = {"title": "New campaign", "submit": "Add the campaign", "wide": True}
    words |= {"action": request.path, "back": back}
    if not form.is_valid():
        return ask(request, form, words)
    try:
        made = leads.add_campaign(key=form.cleaned_data["key"], facts=form.facts(), by=request.user)
    except DomainError as error:
        return ask(request, form, words, error=error)
    return done(request, f"“{made}” is planned.", to=reverse("leads:campaign", args=[made.key]))


@asks
@may("manage_campaigns")
def edit(request: PageRequest, key: str) -> HttpResponse:
    """Change what is known of a campaign."""
    campaign = get_campaign(key)
    form = CampaignForm(
        request.POST or None, is_new=False, initial=CampaignForm.values_of(campaign)
    )
    back = reverse("leads:campaign", args=[key])
    words = {"title": f"Edit {campaign}", "submit": "Save", "wide": True}
    words |= {"action": request.path, "back": back}
    if not form.is_valid():
        return ask(request, form, words)
    try:
        leads.change_campaign(key=key, facts=form.facts(), by=request.user, at=timezone.now())
    except DomainError as error:
        return ask(request, form, words, error=error)
    return done(request, "Saved.", to=back)


@require_POST
@may("manage_campaigns")
def archive(request: PageRequest, key: str) -> HttpResponse:
    """Put a campaign away, or bring it back."""
    campaign = get_campaign(key)
    is_archived = request.POST.get("to") != "back"
    leads.archive_campaign(key=key, is_archived=is_archived, by=request.user)
    words = "is archived: it stays in reports and is offered nowhere" if is_archived else "is back"
    address = reverse("leads:campaign", args=[key])
    return done(request, f"“{campaign}” {words}.", to=address)


def get_cost(key: str, cost_id: int) -> CampaignCost:
    """A month of a campaign's costs; 404 otherwise."""
    return get_object_or_404(
        CampaignCost.objects.select_related("campaign"),
        campaign__key=key,
        pk=min(cost_id, 2**63 - 1),
    )
