"""The funnel: how many leads reached each stage, by when their cycle began."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from leadflow.core.models import User
from leadflow.core.shares import percent, share
from reports.queries.dimensions import LEAD_DIMENSIONS, Dimension, Group, Value, dimension
from reports.queries.history import counts
from reports.queries.path import Path, load_path
from reports.queries.visibility import visible_leads


@dataclass(frozen=True)
class StageCount:
    """Leads that reached one stage: entered it or a later one on the path in that cycle."""

    key: str
    name: str
    abbreviation: str
    leads: int
    from_previous: float | None
    from_first: float | None


@dataclass(frozen=True)
class Reached:
    """The funnel of some leads: how many came to each stage, to the first offer and to a win."""

    stages: tuple[StageCount, ...]
    offered: int
    won: int

    @property
    def won_percent(self) -> float | None:
        """Customers ÷ leads that came as far as the first offer, in per cent."""
        return percent(self.won, self.offered)


@dataclass(frozen=True)
class FunnelGroup(Reached):
    """The funnel of one value of a dimension."""

    group: Group


@dataclass(frozen=True)
class FunnelReport:
    """The whole funnel and its groups, largest first (months in their order)."""

    at: datetime
    by: Dimension | None
    path: Path
    overall: Reached
    groups: tuple[FunnelGroup, ...]


# (value of the dimension, place on the path) → leads that got exactly so far
Counts = Mapping[Value, Mapping[int, int]]


def funnel(
    *,
    user: User | None,
    at: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
    by: str | None = None,
    zone: str = "UTC",
) -> FunnelReport:
    """The funnel of leads whose cycle began from `start` to before `end`, along the path of then.

    A lead counts once, at its furthest; detours are not reached. `by` is a key of LEAD_DIMENSIONS
    (Invalid otherwise); months are those of `zone`.
    """
    split = dimension(by, LEAD_DIMENSIONS)
    path = load_path(end)
    ask = _Question(path=path, user=user, start=start, end=end, zone=zone)
    found = _count(ask, split)
    totals = _merge(found) if split is None or split.is_exclusive else _merge(_count(ask, None))
    words = split.groups(list(found)) if split else {}
    groups = [
        FunnelGroup(group=words[value], **_reached(path, furthest))
        for value, furthest in found.items()
        if split
    ]
    return FunnelReport(
        at=at,
        by=split,
        path=path,
        overall=Reached(**_reached(path, totals)),
        groups=tuple(_in_order(groups, split)),
    )


@dataclass(frozen=True)
class _Question:
    path: Path
    user: User | None
    start: datetime | None
    end: datetime | None
    zone: str


COUNT = """
    WITH places (stage, place) AS (
        SELECT * FROM unnest(%(stages)s::text[], %(places)s::int[])
    ),
    entry AS (  -- the cycles that began in the period
        SELECT lead_id, cycle, at
          FROM leads_stagechange AS change
         WHERE (from_stage IS NULL OR verb = 'revive') {within} AND {visible} AND {counts}
    ),
    -- How far each lead got in them; detours have no place, and who was moved because a stage was
    -- merged into another one, or whose
    -- records were, did not get further by it.
    furthest AS (
        SELECT {column} AS value, entry.lead_id, max(places.place) AS place
          FROM entry
          JOIN leads_stagechange AS change USING (lead_id, cycle)
          JOIN places ON places.stage = change.to_stage
          {joins}
         WHERE change.verb NOT IN ('merge', 'combine') AND {counts}
         GROUP BY value, entry.lead_id
    )
    SELECT value, place, count(*) FROM furthest GROUP BY value, place ORDER BY value
"""


def _count(ask: _Question, split: Dimension | None) -> Counts:
    visible, visible_params = visible_leads("lead_id", ask.user)
    statement = COUNT.format(
        visible=visible,
        counts=counts("change"),
        column=_column(split),
        joins=_joins(split),
        within=_within(ask),
    )
    params: dict[str, Any] = {
        "stages": list(ask.path.places),
        "places": list(ask.path.places.values()),
        "start": ask.start,
        "end": ask.end,
        "zone": ask.zone,
    }
    found: dict[Value, dict[int, int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(statement, params | visible_params)
        for value, place, leads in cursor.fetchall():
            found[value][place] = leads
    return found


def _column(split: Dimension | None) -> str:
    return split.column if split else "NULL::int"


def _joins(split: Dimension | None) -> str:
    if split is None or not split.is_of_lead:
        return ""
    return f"JOIN leads_lead AS lead ON lead.id = entry.lead_id {split.join}"


def _within(ask: _Question) -> str:
    start = "AND at >= %(start)s" if ask.start else ""
    end = "AND at < %(end)s" if ask.end else ""
    return f"{start} {end}"


def _merge(counts: Counts) -> dict[int, int]:
    totals: dict[int, int] = defaultdict(int)
    for reached in counts.values():
        for place, leads in reached.items():
            totals[place] += leads
    return totals


def _reached(path: Path, furthest: Mapping[int, int]) -> dict[str, Any]:
    """The fields of Reached, from how many leads got exactly how far."""
    reached = [
        sum(leads for place, leads in furthest.items() if place >= at_least)
        for at_least in range(len(path.stages))
    ]
    by_key = {stage.key: leads for stage, leads in zip(path.stages, reached, strict=True)}
    return {
        "stages": tuple(_stage_counts(path, reached)),
        "offered": by_key[path.offered],
        "won": by_key[path.won],
    }


def _stage_counts(path: Path, reached: Sequence[int]) -> list[StageCount]:
    return [
        StageCount(
            key=stage.key,
            name=stage.name,
            abbreviation=stage.abbreviation,
            leads=leads,
            from_previous=share(leads, reached[place - 1]) if place else None,
            from_first=share(leads, reached[0]),
        )
        for place, (stage, leads) in enumerate(zip(path.stages, reached, strict=True))
    ]


def _in_order(groups: list[FunnelGroup], split: Dimension | None) -> list[FunnelGroup]:
    if split and split.is_ordered:
        return groups  # by value already
    return sorted(groups, key=lambda one: (-one.offered, -one.stages[0].leads, one.group.label))
