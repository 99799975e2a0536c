"""Campaigns: planned, changed, put away; and what they cost by month."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from leadflow.core import events
from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import User
from leads import policies
from leads.events import GuestsChanged
from leads.models import Campaign, CampaignCost, Guest

FACTS = frozenset(
    "name kind product_id description owner_id place starts_on ends_on expected_guests".split()
)
RESERVED = frozenset({"new"})  # words of our own addresses
EVENT_SIZE = 5_000


@transaction.atomic
def add_campaign(*, key: str, facts: Mapping[str, Any], by: User) -> Campaign:
    """Plan a campaign; raises Conflict for a key that is taken. The key stays: links bear it."""
    policies.check_may_manage_campaigns(by=by)
    if key in RESERVED:
        raise Invalid(f"“{key}” is a word of ours. Choose another key.", field="key")
    campaign = Campaign(key=key, **_facts(facts))
    _check_days(campaign)
    try:
        with transaction.atomic():
            campaign.save(force_insert=True)
    except IntegrityError:
        words = f"There is a campaign with the key “{key}” already. Choose another."
        raise Conflict(words, field="key") from None
    return campaign


@transaction.atomic
def change_campaign(*, key: str, facts: Mapping[str, Any], by: User, at: datetime) -> Campaign:
    """Write what is known of a campaign anew; all but its key."""
    policies.check_may_manage_campaigns(by=by)
    campaign = Campaign.objects.select_for_update().get(key=key)
    began = campaign.starts_on
    new = _facts(facts)
    for name, value in new.items():
        setattr(campaign, name, value)
    _check_days(campaign)
    campaign.save(update_fields=[*new])
    if campaign.starts_on != began:
        _tell_guests(campaign, at=at)
    return campaign


def _tell_guests(campaign: Campaign, *, at: datetime) -> None:
    """The day has moved for everybody on the list."""
    guests = Guest.objects.filter(campaign=campaign).order_by("lead_id")
    ids = list(guests.values_list("lead_id", flat=True))
    for start in range(0, len(ids), EVENT_SIZE):
        part = tuple(ids[start : start + EVENT_SIZE])
        events.publish(GuestsChanged(at=at, campaign_id=campaign.pk, lead_ids=part))


def _facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name in FACTS}


def _check_days(campaign: Campaign) -> None:
    first, last = campaign.starts_on, campaign.ends_on
    if first and last and last < first:
        raise Invalid("A campaign ends on the day it starts, or later.", field="ends_on")


@transaction.atomic
def archive_campaign(*, key: str, is_archived: bool, by: User) -> bool:
    """Put a campaign away, or bring it back; its leads and costs stay. False when it was so already."""
    policies.check_may_manage_campaigns(by=by)
    found = Campaign.objects.filter(key=key).exclude(is_archived=is_archived)
    return bool(found.update(is_archived=is_archived))


@transaction.atomic
def add_cost(
    *, campaign: Campaign, month: date, planned: Decimal, actual: Decimal | None, by: User
) -> CampaignCost:
    """What a campaign costs in a month; raises Conflict where the month has its row already."""
    policies.check_may_manage_campaigns(by=by)
    cost = CampaignCost(
        campaign=campaign, month=month.replace(day=1), planned=planned, actual=actual
    )
    _save(cost)
    return cost


@transaction.atomic
def change_cost(
    *, cost_id: int, month: date, planned: Decimal, actual: Decimal | None, by: User
) -> CampaignCost:
    """Correct the month or the amounts of a row."""
    policies.check_may_manage_campaigns(by=by)
    cost = CampaignCost.objects.select_for_update().get(pk=cost_id)
    cost.month, cost.planned, cost.actual = month.replace(day=1), planned, actual
    _save(cost)
    return cost


@transaction.atomic
def remove_cost(*, cost_id: int, by: User) -> bool:
    """Take a month out of the costs; False when it was gone already."""
    policies.check_may_manage_campaigns(by=by)
    return bool(CampaignCost.objects.filter(pk=cost_id).delete()[0])


def _save(cost: CampaignCost) -> None:
    if cost.planned < 0 or (cost.actual is not None and cost.actual < 0):
        raise Invalid("An amount is zero or more.", field="planned")
    try:
        with transaction.atomic():
            cost.save()
    except IntegrityError:
        words = f"{cost.month:%B %Y} has its row already. Edit that one."
        raise Conflict(words, field="month") from None
