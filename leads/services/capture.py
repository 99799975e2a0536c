"""What browsers report about the pages people look at."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from content.models import Asset
from leadflow.core.errors import Invalid
from leads.engine.identity import clean
from leads.models import Activity, Campaign, Visitor
from leads.services.activities import note_activities

KeyedT = TypeVar("KeyedT", Asset, Campaign)

AUTOMATIC = re.compile(r"bot|crawl|spider|preview|scan|headlesschrome-prefetch|monitor", re.I)
TRACKED = frozenset({Activity.Kind.PAGE_VIEW, Activity.Kind.DOWNLOAD, Activity.Kind.CUSTOM})


@dataclass(frozen=True)
class Beacon:
    """One thing a browser reports; `visitor_id` only where the person agreed to be remembered."""

    kind: str
    url: str
    title: str = ""
    asset_key: str = ""
    visitor_id: UUID | None = None
    source: str = ""
    campaign_key: str = ""
    user_agent: str = ""
    is_prefetch: bool = False

    @property
    def is_automatic(self) -> bool:
        """Whether no person did this: a bot, a scanner, a page fetched ahead."""
        return self.is_prefetch or bool(AUTOMATIC.search(self.user_agent))


@transaction.atomic
def track(*, beacon: Beacon, at: datetime) -> Activity:
    """Store a beacon as an activity of its visitor; raises Invalid for an unknown kind."""
    if beacon.kind not in TRACKED:
        raise Invalid(f"“{beacon.kind[:40]}” is nothing that can be tracked.", field="kind")
    campaign = _by_key(Campaign.objects.all(), beacon.campaign_key)
    visitor = _remember_visitor(beacon, campaign=campaign, at=at)
    activity = Activity.objects.create(
        lead_id=visitor.lead_id if visitor else None,
        visitor=visitor,
        kind=beacon.kind,
        occurred_at=at,
        asset=_by_key(Asset.objects.all(), beacon.asset_key),
        campaign=campaign,
        title=clean(beacon.title, most=200),
        url=clean(beacon.url, most=500),
        properties={"source": clean(beacon.source, most=80)} if beacon.source else {},
        is_automatic=beacon.is_automatic,
    )
    if activity.lead_id and not activity.is_automatic:
        note_activities(lead_ids=[activity.lead_id], at=at)
    return activity


def _by_key(rows: QuerySet[KeyedT], key: str) -> KeyedT | None:
    """The row a key from outside names; a key we do not know names nothing."""
    key = clean(key, most=80)
    return rows.filter(key=key).first() if key else None


def _remember_visitor(beacon: Beacon, *, campaign: Campaign | None, at: datetime) -> Visitor | None:
    """The visitor of a browser that agreed to be remembered.

    Its row is locked: a form that makes it known meanwhile either sees what is stored here, or is
    seen by it.
    """
    if beacon.visitor_id is None:
        return None
    visitor, is_new = Visitor.objects.select_for_update(no_key=True).get_or_create(
        pk=beacon.visitor_id,
        defaults={
            "first_seen_at": at,
            "last_seen_at": at,
            "source": clean(beacon.source, most=80),
            "campaign": campaign,
        },
    )
    if not is_new and visitor.last_seen_at < at:
        Visitor.objects.filter(pk=visitor.pk).update(last_seen_at=at)
    return visitor
