"""Who works on a lead: the routing of a higher app decides, this writes it down."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from leadflow.core import bulk, events
from leadflow.core.models import User
from leads.events import OwnersChanged
from leads.models import Lead, Offer

EVENT_SIZE = 5_000


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
    changed = Lead.objects.filter(pk__in=ids).update(owner=owner)
    _tell(ids, at=at)
    return changed


@transaction.atomic
def note_team_change(*, user_id: int, at: datetime) -> int:
    """Tell that the owner of leads works in another team now; returns how many leads that are."""
    ids = list(Lead.objects.filter(owner=user_id).order_by("pk").values_list("pk", flat=True))
    _tell(ids, at=at)
    return len(ids)


def _tell(lead_ids: Sequence[int], *, at: datetime) -> None:
    for start in range(0, len(lead_ids), EVENT_SIZE):
        part = tuple(lead_ids[start : start + EVENT_SIZE])
        events.publish(OwnersChanged(at=at, lead_ids=part))
