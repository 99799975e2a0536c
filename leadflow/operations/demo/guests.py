"""The demo's guest lists: a trade show and a webinar that are over, and an open house that comes."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from random import Random

from django.utils import timezone

from leadflow.core.models import User
from leads import services as leads
from leads.models import Campaign, Guest, Lead

SHARE_THAT_CAME = 0.64


def invite_people(*, by: User, today: date, at: datetime, random: Random) -> None:
    """Fill the lists; a second run adds nobody twice."""
    for key in ("plant-fair", "quiet-plant"):
        _hold(Campaign.objects.get(key=key), random)
    starts_on = today + timedelta(days=9)
    house, _ = Campaign.objects.get_or_create(
        key="open-house",
        defaults={
            "name": "Open house: pumps you can touch",
            "kind": Campaign.Kind.SEMINAR,
            "place": "Our works, hall 2",
            "starts_on": starts_on,
            "ends_on": starts_on,
            "expected_guests": 60,
        },
    )
    known = Lead.objects.exclude(owner=None).order_by("-score", "-pk")
    _announce(house, list(known.values_list("pk", flat=True)[:48]), by=by, at=at)


def _hold(event: Campaign, random: Random) -> None:
    """People whom we knew by then registered in the weeks before; most of them came."""
    assert event.starts_on is not None  # events of the demo have their days
    opens_at = timezone.make_aware(datetime.combine(event.starts_on, time(10)))
    known = Lead.objects.filter(created_at__lt=opens_at - timedelta(days=20)).order_by("-pk")[:120]
    rows = [
        (event.pk, lead.pk, opens_at - timedelta(hours=random.randint(20, 400))) for lead in known
    ]
    leads.register_guests(campaign_ids_by_lead=rows, source="form")
    guests = Guest.objects.filter(campaign=event).order_by("pk")
    came = [guest.pk for guest in guests if random.random() < SHARE_THAT_CAME]
    for start in range(0, len(came), 12):
        moment = opens_at + timedelta(minutes=4 * start)
        leads.admit_guests(guest_ids=came[start : start + 12], by=None, at=moment, is_silent=True)


def _announce(event: Campaign, lead_ids: Sequence[int], *, by: User, at: datetime) -> None:
    """Half of those invited have said yes so far."""
    rows = [(event.pk, pk, at - timedelta(days=3)) for pk in lead_ids[::2]]
    leads.register_guests(campaign_ids_by_lead=rows, source="form")
    asked_at = at - timedelta(days=6)
    leads.invite_guests(campaign_id=event.pk, lead_ids=lead_ids, by=by, at=asked_at, source="list")
