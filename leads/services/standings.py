"""Where locked leads stand, and the lines of history that their moves will make."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from leadflow.core import bulk
from leadflow.core.business_time import worked_until
from leadflow.core.models import User
from leads.models import Lead, StageChange
from leads.services.acts import Act, Change
from leads.services.history import default_week

COLUMNS = ("pk", "stage", "stage_since", "cycle", "owner_id")


class Standing(NamedTuple):
    """Where a locked lead stands."""

    lead_id: int
    stage: str
    since: datetime
    cycle: int
    owner_id: int | None


class Target(NamedTuple):
    """Where a verb leads from one stage, and how many cycles further that is."""

    stage: str
    cycles: int = 0


def lock_leads(lead_ids: Collection[int], *, by: User | None = None) -> list[Standing]:
    """Lock leads in id order, those that `by` may see; returns where each stands."""
    leads = Lead.objects.filter(pk__in=list(lead_ids))
    if by is not None:
        leads = leads.filter(
            pk__in=Lead.objects.visible_to(by).filter(pk__in=list(lead_ids)).values("pk")
        )
    rows = leads.select_for_update(no_key=True, of=("self",)).order_by("pk")
    return [Standing(*row) for row in rows.values_list(*COLUMNS)]


def describe_moves(
    standings: Sequence[Standing], targets: Mapping[str, Target | None], *, act: Act
) -> list[Change]:
    """History rows with the time spent in the stage that was left; stages without target are skipped."""
    week = default_week()
    worked = {act.at: worked_until(act.at, week)}
    changes = []
    for one, change_id in zip(standings, bulk.take_ids(StageChange, len(standings)), strict=True):
        target, at = targets[one.stage], act.time_of(one.lead_id)
        if target is None:
            continue
        for moment in (at, one.since):
            if moment not in worked:
                worked[moment] = worked_until(moment, week)
        changes.append(
            Change(
                lead_id=one.lead_id,
                id=change_id,
                from_stage=one.stage,
                to_stage=target.stage,
                at=at,
                cycle=one.cycle + target.cycles,
                seconds=max(0, int((at - one.since).total_seconds())),
                business_seconds=max(0, round(worked[at] - worked[one.since])),
                owner_before=one.owner_id,
            )
        )
    return changes
