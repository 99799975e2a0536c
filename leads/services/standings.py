"""Where locked leads stand, and the lines of history that their moves will make."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import starmap
from typing import NamedTuple

from leadflow.core import bulk
from leadflow.core.business_time import WorkingWeek, worked_until
from leadflow.core.models import User
from leads.models import Lead, StageChange
from leads.queries.calendars import default_week
from leads.services.acts import Act, Change

COLUMNS = ("pk", "stage", "stage_since", "cycle", "owner_id", "erased_at")


class Standing(NamedTuple):
    """Where a locked lead stands."""

    lead_id: int
    stage: str
    since: datetime
    cycle: int
    owner_id: int | None
    erased_at: datetime | None = None


class Target(NamedTuple):
    """Where a verb leads from one stage, and how many cycles further that is."""

    stage: str
    cycles: int = 0


def lock_leads(lead_ids: Collection[int], *, by: User | None = None) -> list[Standing]:
    """Lock leads in id order, those that `by` may see; returns where each stands."""
    leads = Lead.objects.filter(pk__any=frozenset(lead_ids))
    if by is not None:
        seen = Lead.objects.visible_to(by).filter(pk__any=frozenset(lead_ids))
        leads = leads.filter(pk__in=seen.values("pk"))
    rows = leads.select_for_update(no_key=True, of=("self",)).order_by("pk")
    return list(starmap(Standing, rows.values_list(*COLUMNS)))


def describe_moves(
    standings: Sequence[Standing], targets: Mapping[str, Target | None], *, act: Act
) -> list[Change]:
    """History rows with the time spent in the stage that was left; stages without target are skipped."""
    worked = _Worked(default_week())
    changes = []
    for one, change_id in zip(standings, bulk.take_ids(StageChange, len(standings)), strict=True):
        if (target := targets[one.stage]) is None:
            continue
        at = act.at_by_lead.get(one.lead_id, act.at)
        changes.append(
            Change(
                one.lead_id,
                change_id,
                one.stage,
                target.stage,
                at,
                one.cycle + target.cycles,
                max(0, int((at - one.since).total_seconds())),
                max(0, round(worked[at] - worked[one.since])),
                one.owner_id,
            )
        )
    return changes


class _Worked(dict[datetime, float]):
    """Working seconds up to a moment; most leads of a batch share theirs."""

    def __init__(self, week: WorkingWeek) -> None:
        super().__init__()
        self.week = week

    def __missing__(self, moment: datetime) -> float:
        self[moment] = worked_until(moment, self.week)
        return self[moment]
