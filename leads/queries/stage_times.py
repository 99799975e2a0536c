"""How long leads stood where: one row per lead, cycle and stage, from the history that counts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from leadflow.core.business_time import business_seconds
from leads.models import Lead, Stage
from leads.queries.calendars import default_week


@dataclass(frozen=True)
class StageTime:
    """All stays of a lead in one stage in one cycle; a stay that goes on counts up to now."""

    lead_id: int
    cycle: int
    stage: str
    first_entered_at: datetime
    last_entered_at: datetime
    exits: int
    seconds: int
    business_seconds: int
    is_running: bool


def stage_times(*, lead_ids: Collection[int], at: datetime) -> list[StageTime]:
    """Stays of leads in the order in which they began; what was taken back has never been.

    Seconds are calendar time, business seconds those of the default calendar.
    """
    week = default_week()

    def running(since: datetime | None) -> int:
        return max(0, round(business_seconds(since, at, week))) if since else 0

    def ended(since: datetime | None, merged_at: datetime | None) -> int:
        return max(0, round(business_seconds(since, merged_at, week))) if since and merged_at else 0

    rows = [
        (*place, worked + running(since) + ended(last, merged_at), since is not None)
        for *place, worked, since, last, merged_at in _sum_stays(lead_ids, at)
    ]
    return [StageTime(*row) for row in rows]


@dataclass(frozen=True)
class Stay:
    """A line of the picture: `width` in per cent of the longest; `cycle` where there are several."""

    time: StageTime
    stage: Stage
    width: str
    cycle: int | None

    @property
    def work_hours(self) -> int | None:
        """Working hours, where it was more than one."""
        hours = round(self.time.business_seconds / 3600)
        return hours if hours > 1 else None


def stays_of(lead: Lead, *, at: datetime) -> list[Stay]:
    """Where one lead stood for how long, as its record page draws it."""
    times = stage_times(lead_ids=[lead.pk], at=at)
    stages = Stage.objects.in_bulk([time.stage for time in times])
    longest = max((time.seconds for time in times), default=0) or 1
    has_cycles = len({time.cycle for time in times}) > 1
    return [
        Stay(
            time=time,
            stage=stages[time.stage],
            width=f"{max(100 * time.seconds / longest, 1):.2f}",
            cycle=time.cycle if has_cycles else None,
        )
        for time in times
    ]


def _sum_stays(lead_ids: Collection[int], at: datetime) -> list[tuple[Any, ...]]:
    """Counts on the unique index change_of_lead: only the history of these leads is read.

    Each record that was merged into a lead has a history of its own, which began by entering and ended
    with the merge: entries number them, for cycles stay apart.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH line AS (
                SELECT change.*, count(*) FILTER (WHERE from_stage IS NULL)
                           OVER (PARTITION BY change.lead_id ORDER BY change.cycle) AS record
                  FROM leads_stagechange AS change
                 WHERE change.lead_id = ANY(%(ids)s) AND change.corrects IS NULL
                   AND change.verb <> 'combine'
                   AND NOT EXISTS (
                       SELECT FROM leads_stagechange AS answer WHERE answer.corrects = change.id
                       )
            ), stay AS (
                SELECT lead_id, id, cycle, to_stage AS stage, at AS entered_at,
                       lead(id) OVER following AS left_by, lead(at) OVER following AS left_at,
                       lead(business_seconds) OVER following AS worked,
                       CASE WHEN record < max(record) OVER (PARTITION BY lead_id) THEN (
                           SELECT combined.at FROM leads_stagechange AS combined
                            WHERE combined.lead_id = line.lead_id AND combined.verb = 'combine'
                              AND combined.id > line.id
                            ORDER BY combined.id LIMIT 1
                       ) END AS merged_at
                  FROM line
                WINDOW following AS (PARTITION BY lead_id, record ORDER BY id)
            )
            SELECT lead_id, cycle, stage, min(entered_at), max(entered_at), count(left_by),
                   sum(greatest(0, floor(extract(
                       epoch FROM coalesce(left_at, merged_at, %(at)s) - entered_at
                   ))))::bigint,
                   coalesce(sum(worked), 0)::bigint,
                   max(entered_at) FILTER (WHERE left_by IS NULL AND merged_at IS NULL),
                   max(entered_at) FILTER (WHERE left_by IS NULL AND merged_at IS NOT NULL),
                   max(merged_at) FILTER (WHERE left_by IS NULL)
              FROM stay
             GROUP BY lead_id, cycle, stage
             ORDER BY lead_id, min(id)
            """,
            {"ids": sorted(set(lead_ids)), "at": at},
        )
        return cursor.fetchall()
