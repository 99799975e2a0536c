"""segment_follow, segment_time, segment_fill: how fast segments follow, and how fast they are filled."""

import time
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from leadflow.core import outbox
from leadflow.core.models import Role, User
from leads import services as leads
from leads.models import Activity, Lead, Segment, SegmentMember
from tests.bench.crowd import gather
from tests.bench.figures import benchmark, report

RUNS = 9
WARM: dict[str, Any] = {
    "all": [
        {"field": "activities", "op": "at_least", "value": 2, "kinds": ["download"], "days": 30},
        {"field": "country", "op": "eq", "value": "DE"},
        {"not": {"field": "tag", "op": "has", "value": "tag19"}},
    ]
}
# What a company would have beside the one that is watched: all of them have to follow
OTHERS: dict[str, Any] = {
    "Everybody": {"all": []},
    "New this month": {"field": "created", "op": "last_days", "value": 30},
    "Gone quiet": {"field": "last_activity", "op": "older_days", "value": 90},
    "Active": {"field": "activities", "op": "at_least", "value": 1, "days": 14},
    "Engaged": {"field": "score", "op": "gte", "value": 40},
    "Germans": {"field": "country", "op": "eq", "value": "DE"},
    "Unowned": {"field": "owner", "op": "unknown"},
    "Large companies": {"field": "employees", "op": "gte", "value": 200},
    "In the stage for long": {"field": "stage_since", "op": "older_days", "value": 60},
}


# Four activities a lead in the last four hundred days, more of them lately
_ACTIVITIES = """
INSERT INTO leads_activity (lead_id, kind, occurred_at, recorded_at, title, url, properties,
                            source_kind, is_automatic)
SELECT lead.id, CASE WHEN turn = 0 THEN 'download' ELSE 'page_view' END,
       %(at)s - random() ^ 2 * interval '400 days', %(at)s, '', '', '{}', '', FALSE
  FROM leads_lead AS lead, generate_series(0, 3) AS turn
"""
_LATEST = """
UPDATE leads_lead AS lead SET last_activity_at = latest.at
  FROM (SELECT lead_id, max(occurred_at) AS at FROM leads_activity GROUP BY lead_id) AS latest
 WHERE latest.lead_id = lead.id
"""


def _gather(count: int, *, at: datetime) -> None:
    """Leads with what they did."""
    gather(count, at=at)
    with connection.cursor() as cursor:
        cursor.execute(_ACTIVITIES, {"at": at})
        cursor.execute(_LATEST)
        for table in ("leads_lead", "leads_stagechange"):  # the crowd has brought its own numbers
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT max(id) FROM {table}))",
                [table],
            )
        cursor.execute("VACUUM ANALYZE")


@benchmark
def segment_follow(count: int) -> None:
    """Seconds until a change of one lead shows in a segment of so many leads, nine others following too."""
    _gather(count, at=timezone.now())
    by = User.objects.create_user("bench@example.com", "x", name="Bench", role=Role.ADMIN)
    rates = _fill_segments(count, by=by)
    watched = Segment.objects.get(name="Warm")
    everybody = Segment.objects.get(name="Everybody")
    if everybody.size != count:
        raise RuntimeError(f"only {everybody.size} of {count} are in")
    values = [_seconds_to_show(watched, pk) for pk in _outside(watched)]
    report("segment_follow", values, unit="s", goal=2, better="lower")
    report(
        "segment_time",
        [_seconds_of_time(turn) for turn in range(3)],
        unit="s",
        goal=2,
        better="lower",
    )
    report("segment_fill", rates, unit="leads/s", goal=20_000)


def _fill_segments(count: int, *, by: User) -> list[float]:
    """Leads per second that each of the segments looked at while it was filled."""
    rates = []
    for name, condition in {**OTHERS, "Warm": WARM}.items():
        at = timezone.now()
        leads.create_segment(name=name, condition=condition, by=by, at=at)
        started = time.perf_counter()
        while leads.fill_segments(at=at):
            pass
        rates.append(count / (time.perf_counter() - started))
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE core_delivery, core_outboxevent")
        cursor.execute("VACUUM ANALYZE")
    return rates


def _outside(segment: Segment) -> list[int]:
    """Germans who are not in it yet, from all over the table."""
    members = SegmentMember.objects.filter(segment=segment).values("lead")
    found = Lead.objects.filter(country="DE").exclude(pk__in=members).order_by("pk")
    ids = list(found.values_list("pk", flat=True))
    return ids[:: max(1, len(ids) // RUNS)][:RUNS]


def _seconds_to_show(segment: Segment, lead_id: int) -> float:
    """From the moment somebody downloads something until they are in."""
    at = timezone.now()
    done = [Activity(lead_id=lead_id, kind="download", occurred_at=at) for _ in range(2)]
    started = time.perf_counter()
    leads.record_activities(activities=done, at=at)
    while not SegmentMember.objects.filter(segment=segment, lead=lead_id).exists():
        if not outbox.deliver_due(at=timezone.now(), most=1):
            raise RuntimeError("it never showed")
    return time.perf_counter() - started


def _seconds_of_time(turn: int) -> float:
    """The sweep of time over one minute, for all ten segments."""
    at = timezone.now() + timedelta(minutes=turn + 1)
    started = time.perf_counter()
    leads.follow_time(at=at)
    return time.perf_counter() - started
