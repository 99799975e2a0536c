"""Visits: each arrival once, with the campaign marks and the referrer it came by."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from leads.models import Visit
from leads.services.tracking.reading import Heard

Way = tuple[UUID, tuple[str, ...]]
SAME_WITHIN = timedelta(minutes=30)  # who loads a page again has not come again


def find_visits(
    heard: Sequence[Heard], belongs: Mapping[UUID, int | None], *, campaigns: Mapping[str, int]
) -> list[Visit]:
    """The arrivals among these reports; one that a remembered visitor made just before is the same."""
    arrived = [h for h in heard if h.arrival]
    last = _last_ways(arrived, belongs)
    visits = []
    for one in arrived:
        if one.arrival is None:
            continue
        if one.visitor_id:
            way = one.visitor_id, one.arrival.way
            before, last[way] = last.get(way), one.at
            if before and one.at - before < SAME_WITHIN:
                continue
        visits.append(_visit(one, belongs, campaigns))
    return visits


def _last_ways(arrived: Sequence[Heard], belongs: Mapping[UUID, int | None]) -> dict[Way, datetime]:
    """When the visitors of these reports came last, by each way."""
    visitors = {h.visitor_id for h in arrived if h.visitor_id}
    if not visitors:
        return {}
    theirs = Q(lead=None, visitor__in=[v for v in visitors if belongs[v] is None])
    theirs |= Q(lead__in={belongs[v] for v in visitors if belongs[v]})
    since = min(h.at for h in arrived) - SAME_WITHIN
    return {
        (visit.visitor_id, way_of(visit)): visit.at
        for visit in Visit.objects.filter(theirs, at__gte=since).order_by("at")
        if visit.visitor_id
    }


def way_of(visit: Visit) -> tuple[str, ...]:
    """What tells one way of coming from another, as `Arrival.way`."""
    return (
        visit.source,
        visit.medium,
        visit.campaign_name,
        visit.term,
        visit.content,
        visit.referrer,
    )


def _visit(heard: Heard, belongs: Mapping[UUID, int | None], campaigns: Mapping[str, int]) -> Visit:
    came = heard.arrival
    assert came is not None
    return Visit(
        lead_id=belongs.get(heard.visitor_id) if heard.visitor_id else None,
        visitor_id=heard.visitor_id,
        site_id=heard.site_id,
        at=heard.at,
        source=came.source,
        medium=came.medium,
        campaign_name=came.campaign,
        campaign_id=campaigns.get(heard.campaign_key),
        term=came.term,
        content=came.content,
        referrer=came.referrer,
        landing_url=came.landing_url,
    )
