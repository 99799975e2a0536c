"""Campaigns: which there are, what they cost, and what they brought."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, DateField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from leadflow.core.models import User
from leads.models import Campaign, CampaignCost, Lead, Opportunity, Stage, Visit
from leads.queries.lists import list_leads
from leads.queries.params import Params
from leads.queries.pipeline import load_pipeline

RUNNING, PLANNED, OVER, ARCHIVED = "running", "planned", "over", "archived"
STATES = ((RUNNING, "Running"), (PLANNED, "Planned"), (OVER, "Over"), (ARCHIVED, "Archived"))
NEWEST_FIRST = ("-begins_on", "-id")
LONG_AGO = date(1900, 1, 1)
MOST_SOURCES = 12


def list_campaigns(*, params: Params | None = None, today: date) -> QuerySet[Campaign]:
    """Campaigns that the list page asks for, with `planned` and `actual` cost and `begins_on`.

    Those that are archived are left out unless they are asked for.
    """
    params = params or {}
    costs = CampaignCost.objects.filter(campaign=OuterRef("pk")).order_by().values("campaign")
    found = _in_state(params.get("state", ""), today)
    if kind := params.get("kind", ""):
        found &= Q(kind=kind)
    for word in params.get("q", "")[:200].split():
        found &= Q(name__icontains=word) | Q(key__icontains=word) | Q(place__icontains=word)
    return (
        Campaign.objects.filter(found)
        .annotate(
            planned=Subquery(costs.annotate(sum=Sum("planned")).values("sum")),
            actual=Subquery(costs.annotate(sum=Sum("actual")).values("sum")),
            begins_on=Coalesce("starts_on", Value(LONG_AGO), output_field=DateField()),
        )
        .select_related("product", "owner")
    )


def _in_state(state: str, today: date) -> Q:
    """Campaigns in a state on a day; one without dates runs until it is archived."""
    later, over = Q(starts_on__gt=today), Q(ends_on__lt=today)
    return {
        PLANNED: Q(is_archived=False) & later,
        OVER: Q(is_archived=False) & over,
        RUNNING: Q(is_archived=False) & ~later & ~over,
        ARCHIVED: Q(is_archived=True),
    }.get(state, Q(is_archived=False))


def campaign_state(campaign: Campaign, today: date) -> str:
    """Planned, running, over or archived, on a day."""
    if campaign.is_archived:
        return ARCHIVED
    if campaign.starts_on and campaign.starts_on > today:
        return PLANNED
    return OVER if campaign.ends_on and campaign.ends_on < today else RUNNING


def count_states(*, today: date) -> dict[str, int]:
    """How many campaigns are in each state."""
    counts = {state: Count("pk", filter=_in_state(state, today)) for state, _ in STATES}
    return Campaign.objects.aggregate(**counts)


def count_brought(*, user: User, campaigns: Iterable[Campaign]) -> dict[int, int]:
    """How many leads that `user` may see each campaign brought; those without any are left out."""
    brought = Lead.objects.visible_to(user).filter(campaign__in=[one.pk for one in campaigns])
    return dict(brought.order_by().values_list("campaign").annotate(Count("pk")))


@dataclass(frozen=True)
class Totals:
    """Campaigns taken together: the leads they brought, and the money."""

    campaigns: int
    leads: int
    planned: Decimal
    actual: Decimal


def total_campaigns(*, user: User, campaigns: QuerySet[Campaign]) -> Totals:
    """The campaigns of a list as one."""
    ids = Campaign.objects.filter(pk__in=campaigns.order_by().values("pk")).values("pk")
    costs = CampaignCost.objects.filter(campaign__in=ids)
    money = costs.aggregate(planned=Sum("planned"), actual=Sum("actual"))
    return Totals(
        campaigns=ids.count(),
        leads=Lead.objects.visible_to(user).filter(campaign__in=ids).count(),
        planned=money["planned"] or Decimal(0),
        actual=money["actual"] or Decimal(0),
    )


@dataclass(frozen=True)
class Costs:
    """What a campaign costs: its months, and all of them together."""

    months: Sequence[CampaignCost]
    planned: Decimal
    actual: Decimal

    @property
    def difference(self) -> Decimal:
        """Spent beyond the plan of the months that are settled; negative is saved."""
        settled = [cost for cost in self.months if cost.actual is not None]
        return self.actual - sum((cost.planned for cost in settled), Decimal(0))

    @property
    def saved(self) -> Decimal:
        """What the settled months cost less than planned."""
        return -self.difference


def read_costs(campaign: Campaign) -> Costs:
    """The costs of a campaign by month."""
    months = list(campaign.costs.order_by("month"))
    return Costs(
        months=months,
        planned=sum((cost.planned for cost in months), Decimal(0)),
        actual=sum((cost.actual for cost in months if cost.actual is not None), Decimal(0)),
    )


@dataclass(frozen=True)
class Brought:
    """What a campaign brought. Each count is one of a list of leads.

    `leads` came by it first, `touched` came by it at some time; `won` holds (currency, amount) of the
    deals of those that it brought.
    """

    leads: int
    touched: int
    customers: int
    won_stage: str
    deals: int
    won: list[tuple[str, Decimal]]
    stages: list[tuple[Stage, int]]


def read_brought(*, campaign: Campaign, user: User) -> Brought:
    """What a campaign brought, of the leads that `user` may see; a constant number of queries."""
    brought = Lead.objects.visible_to(user).filter(campaign=campaign).order_by()
    counts = dict(brought.values_list("stage").annotate(Count("pk")))
    stages = Stage.objects.in_bulk(counts)
    deals = Opportunity.objects.visible_to(user).filter(lead__campaign=campaign, state="won")
    money = list(
        deals.order_by("currency").values_list("currency").annotate(Sum("amount"), Count("pk"))
    )
    won_stage = load_pipeline().won_stage()
    reached = {"campaign": campaign.key, "reached": won_stage}
    return Brought(
        leads=sum(counts.values()),
        touched=list_leads(user=user, params={"touched": campaign.key}).count(),
        customers=list_leads(user=user, params=reached).count(),
        won_stage=won_stage,
        deals=sum(count for _, _, count in money),
        won=[(currency, amount) for currency, amount, _ in money],
        stages=sorted(
            ((stages[key], count) for key, count in counts.items()),
            key=lambda pair: pair[0].position,
        ),
    )


@dataclass(frozen=True)
class Arrivals:
    """How many visits came to a campaign from one source and medium."""

    source: str
    medium: str
    visits: int


def list_arrivals(campaign: Campaign) -> list[Arrivals]:
    """Where the visits of a campaign came from so far, the most frequent first."""
    visits = Visit.objects.filter(campaign=campaign).order_by()
    rows = visits.values_list("source", "medium").annotate(visits=Count("pk"))
    return [Arrivals(*row) for row in rows.order_by("-visits", "source", "medium")[:MOST_SOURCES]]


def event_choices(*, today: date) -> list[tuple[str, str]]:
    """Events that people can be invited to, as (key, name)."""
    events = Campaign.objects.filter(
        Q(kind__in=Campaign.EVENTS) | Q(guests__isnull=False), is_archived=False
    ).exclude(ends_on__lt=today)
    return [(one.key, one.name) for one in events.distinct().order_by("starts_on", "name")]
