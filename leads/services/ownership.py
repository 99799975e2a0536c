"""Who works on a lead: the routing of a higher app decides, this writes it down."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from leadflow.core import bulk
from leadflow.core.models import User
from leads.models import Lead, Offer


@transaction.atomic
def assign_offers(*, assignees: Mapping[int, tuple[int, str]], at: datetime) -> list[Offer]:
    """Give pending offers to people: offer id → (user id, the reason why); returns those assigned."""
    offers = list(
        Offer.objects.pending().select_for_update().filter(pk__in=list(assignees)).order_by("pk")
    )
    for offer in offers:
        offer.assignee_id, offer.assigned_because = assignees[offer.pk]
    bulk.update_columns(offers, ["assignee_id", "assigned_because"])
    return offers


@transaction.atomic
def assign_owner(*, lead_ids: Collection[int], owner: User | None, at: datetime) -> int:
    """Make `owner` responsible for leads; returns how many changed hands."""
    leads = Lead.objects.filter(pk__in=list(lead_ids)).order_by("pk").select_for_update()
    ids = [lead.pk for lead in leads if lead.owner_id != (owner.pk if owner else None)]
    return Lead.objects.filter(pk__in=ids).update(owner=owner)
