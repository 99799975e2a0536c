"""Reports of browsers: stored as they came, a moment later made visitors, activities and visits."""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import OperationalError, transaction

from content.models import Asset
from leadflow.core import bulk, nudges
from leadflow.core.intake import Intake
from leads.models import Activity, Campaign, RawBeacon, Site
from leads.services.activities import note_activities
from leads.services.tracking.reading import IDENTIFY, Heard, read_beacon
from leads.services.tracking.visitors import Belongs, meet_visitors
from leads.services.tracking.visits import find_visits

logger = logging.getLogger(__name__)

BATCH = 1_000
MOST_BATCHES = 20  # of one run: the other sweeps want their turn
_intake = Intake(RawBeacon)


def receive_beacon(*, said: Mapping[str, Any], headers: Mapping[str, Any], at: datetime) -> None:
    """Keep a report as it came; when this returns, nothing can lose it.

    `headers`: agent, purpose, site (id), visitor (only where remembering was agreed to).
    """
    _intake.put(RawBeacon(said=said, headers=headers, received_at=at))
    nudges.nudge("process_beacons")


def process_beacons(*, at: datetime) -> int:
    """Understand waiting reports, the oldest first; returns how many were taken."""
    taken = 0
    for _ in range(MOST_BATCHES):
        batch = _process_batch(at=at)
        taken += batch
        if not batch:
            break
    return taken


def reprocess_beacons(*, at: datetime) -> int:
    """Try failed reports again; returns how many of them could now be understood."""
    failed = RawBeacon.objects.filter(state=RawBeacon.State.FAILED)
    ids = list(failed.order_by("id").values_list("pk", flat=True)[: BATCH * MOST_BATCHES])
    RawBeacon.objects.filter(pk__in=ids).update(state=RawBeacon.State.RECEIVED, error="")
    process_beacons(at=at)
    return len(ids) - RawBeacon.objects.filter(pk__in=ids).count()


@transaction.atomic
def _process_batch(*, at: datetime) -> int:
    """Take a batch and leave what is made of it, in one transaction: never half, never twice."""
    waiting = RawBeacon.objects.select_for_update(skip_locked=True)
    raws = list(waiting.filter(state=RawBeacon.State.RECEIVED).order_by("id")[:BATCH])
    return _understand_parts(raws, at=at) if raws else 0


def _understand_parts(raws: Sequence[RawBeacon], *, at: datetime) -> int:
    """All at once; when something breaks, by halves, until what is broken stands alone.

    Trouble of the database (a deadlock, a lock held for too long) is no fault of theirs: it is
    raised, and they wait for the next sweep.
    """
    try:
        with transaction.atomic():
            return _understand(raws, at=at)
    except OperationalError:
        raise
    except Exception as error:
        if len(raws) == 1:
            logger.exception("report %s could not be understood", raws[0].pk)
            raws[0].state, raws[0].error = RawBeacon.State.FAILED, str(error)[:2000]
            raws[0].save(update_fields=["state", "error"])
            return 1
        middle = len(raws) // 2
        return sum(_understand_parts(part, at=at) for part in (raws[:middle], raws[middle:]))


def _understand(raws: Sequence[RawBeacon], *, at: datetime) -> int:
    rows = list(Site.objects.values_list("pk", "hosts", "mode"))
    sites = {pk: mode != Site.Mode.NEVER for pk, _, mode in rows}
    inside = {host for _, hosts, _ in rows for host in hosts}
    heard = [read_beacon(raw, sites=sites, inside=inside) for raw in raws]
    campaigns = _ids_of(Campaign, {h.campaign_key for h in heard})
    belongs = meet_visitors(heard, campaigns=campaigns, at=at)
    heard = [h for h in heard if h.visitor_id is None or h.visitor_id in belongs]
    _record(heard, belongs, campaigns)
    RawBeacon.objects.filter(pk__in=[h.raw_id for h in heard]).delete()
    note_activities(lead_ids=_active(heard, belongs), at=at)
    return len(heard)


def _record(heard: Sequence[Heard], belongs: Belongs, campaigns: Mapping[str, int]) -> None:
    assets = _ids_of(Asset, {h.asset_key for h in heard})
    bulk.copy_instances(
        [
            _activity(h, belongs, campaigns=campaigns, assets=assets)
            for h in heard
            if h.kind != IDENTIFY
        ]
    )
    bulk.copy_instances(find_visits(heard, belongs, campaigns=campaigns))


def _activity(
    heard: Heard, belongs: Belongs, *, campaigns: Mapping[str, int], assets: Mapping[str, int]
) -> Activity:
    return Activity(
        lead_id=belongs.get(heard.visitor_id) if heard.visitor_id else None,
        visitor_id=heard.visitor_id,
        site_id=heard.site_id,
        kind=heard.kind,
        occurred_at=heard.at,
        asset_id=assets.get(heard.asset_key),
        campaign_id=campaigns.get(heard.campaign_key),
        title=heard.title,
        url=heard.url,
        properties=heard.properties,
        is_automatic=heard.machine is not None,
    )


def _active(heard: Sequence[Heard], belongs: Belongs) -> set[int]:
    """The leads that did something themselves."""
    people = (
        belongs[h.visitor_id]
        for h in heard
        if h.visitor_id and h.machine is None and h.kind != IDENTIFY
    )
    return {lead_id for lead_id in people if lead_id is not None}


def _ids_of(model: type[Asset] | type[Campaign], keys: Collection[str]) -> dict[str, int]:
    """The rows that keys from outside name; a key we do not know names nothing."""
    wanted = {key for key in keys if key}
    return dict(model._default_manager.filter(key__in=wanted).values_list("key", "pk"))
