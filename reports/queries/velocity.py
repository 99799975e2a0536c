"""How long leads stay in a stage before they move on, and how many leave the path there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from leadflow.core.models import User
from leadflow.core.shares import share
from reports.queries.history import counts
from reports.queries.path import load_path
from reports.queries.visibility import visible_leads

DAY = 86_400


@dataclass(frozen=True)
class StageTime:
    """Leads that left one stage: onwards with the days they had spent there, or off the path."""

    key: str
    name: str
    abbreviation: str
    moved_on: int = 0
    median_days: float | None = None
    p90_days: float | None = None
    median_business_hours: float | None = None
    left: int = 0
    median_days_left: float | None = None

    @property
    def moved_on_share(self) -> float | None:
        """Of the leads that left the stage, the share that moved on."""
        return share(self.moved_on, self.moved_on + self.left)


@dataclass(frozen=True)
class VelocityReport:
    """The stages of the path with their times."""

    at: datetime
    stages: tuple[StageTime, ...]


def velocity(
    *,
    user: User | None,
    at: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
) -> VelocityReport:
    """Median and 90th percentile of the time in each stage, of changes from `start` to `end`."""
    path = load_path(end)
    visible, params = visible_leads("change.lead_id", user)
    statement = TIMES.format(
        visible=visible,
        counts=counts("change"),
        start="AND change.at >= %(start)s" if start else "",
        end="AND change.at < %(end)s" if end else "",
    )
    own: dict[str, Any] = {"on_path": list(path.places), "start": start, "end": end}
    with connection.cursor() as cursor:
        cursor.execute(statement, own | params)
        rows = {row[0]: row[1:] for row in cursor.fetchall()}
    stages = path.stages[:-1]
    return VelocityReport(
        at=at,
        stages=tuple(
            StageTime(stage.key, stage.name, stage.abbreviation, *rows.get(stage.key, ()))
            for stage in stages
        ),
    )


# A revived lead begins anew: the time it rested before is no step of the path, nor is a move that
# came because a stage was merged into another one, or the row that tells of joined records.
TIMES = f"""
    WITH move AS (
        SELECT change.from_stage AS stage,
               change.to_stage = ANY(%(on_path)s) AS is_on,
               change.seconds / {DAY}.0 AS days,
               change.business_seconds / 3600.0 AS business_hours
          FROM leads_stagechange AS change
         WHERE change.from_stage IS NOT NULL AND change.verb NOT IN ('revive', 'merge', 'combine')
               AND {{visible}} {{start}} {{end}} AND {{counts}}
    )
    SELECT stage,
           count(*) FILTER (WHERE is_on),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FILTER (WHERE is_on),
           percentile_cont(0.9) WITHIN GROUP (ORDER BY days) FILTER (WHERE is_on),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY business_hours) FILTER (WHERE is_on),
           count(*) FILTER (WHERE NOT is_on),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FILTER (WHERE NOT is_on)
      FROM move
     GROUP BY stage
"""
