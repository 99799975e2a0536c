"""Sites: known by their keys without asking the database each time, and what came from them lately."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from leads.models import RawBeacon, Site, Visit

KNOWN_FOR_SECONDS = 2.0
COUNTED_TO = 10_000
DAY = timedelta(days=1)


@dataclass(frozen=True)
class KnownSite:
    """What a report needs to know of its site."""

    id: int
    name: str
    hosts: frozenset[str]
    may_remember: bool
    is_active: bool


@dataclass(frozen=True)
class SiteRow:
    """A site with the reports of the last day (counted to 10,001) and the time of the newest one."""

    site: Site
    reports: int
    last_at: datetime | None
    last_url: str = ""

    @property
    def count_label(self) -> str:
        """The number of reports in words."""
        return f"{COUNTED_TO:,}+" if self.reports > COUNTED_TO else f"{self.reports:,}"


_known: dict[str, KnownSite] = {}
_known_until = 0.0


def site_by_key(key: str) -> KnownSite | None:
    """The site that a script names; a change elsewhere is seen within two seconds."""
    global _known, _known_until
    if time.monotonic() >= _known_until:
        _known = {site.key: _know(site) for site in Site.objects.all()}
        _known_until = time.monotonic() + KNOWN_FOR_SECONDS
    return _known.get(key)


def forget_sites() -> None:
    """Ask the database next time."""
    global _known_until
    _known_until = 0.0


def _know(site: Site) -> KnownSite:
    return KnownSite(
        id=site.pk,
        name=site.name,
        hosts=frozenset(site.hosts),
        may_remember=site.mode != Site.Mode.NEVER,
        is_active=site.is_active,
    )


def list_sites(*, at: datetime, site_id: int | None = None) -> list[SiteRow]:
    """Every site, or the one given, with what came from it lately; two queries."""
    sites = Site.objects.order_by("-is_active", "name", "pk")
    rows = list(sites if site_id is None else sites.filter(pk=site_id))
    found = _count_reports([site.pk for site in rows], since=at - DAY)
    return [SiteRow(site, *found.get(site.pk, (0, None, ""))) for site in rows]


def _count_reports(
    site_ids: Sequence[int], *, since: datetime
) -> dict[int, tuple[int, datetime | None, str]]:
    """Each site's reports since then and its newest one, by the index activity_of_site."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT site.id, recent.reports, newest.occurred_at, coalesce(newest.url, '')
              FROM unnest(%s::bigint[]) AS site (id)
             CROSS JOIN LATERAL (
                   SELECT count(*) AS reports
                     FROM (SELECT 1 FROM leads_activity
                            WHERE site_id = site.id AND occurred_at >= %s LIMIT %s) AS counted
                   ) AS recent
              LEFT JOIN LATERAL (
                   SELECT occurred_at, url FROM leads_activity
                    WHERE site_id = site.id ORDER BY occurred_at DESC LIMIT 1
                   ) AS newest ON true
            """,
            [list(site_ids), since, COUNTED_TO + 1],
        )
        return {pk: (reports, last, url) for pk, reports, last, url in cursor.fetchall()}


def failed_beacons() -> Sequence[RawBeacon]:
    """Reports that could not be understood, the newest twenty."""
    return list(RawBeacon.objects.filter(state=RawBeacon.State.FAILED).order_by("-id")[:20])


def visits_of(*, lead_id: int, most: int = 10) -> list[Visit]:
    """How a lead came, the newest first."""
    visits = Visit.objects.filter(lead=lead_id).select_related("campaign")
    return list(visits.order_by("-at", "-id")[:most])
