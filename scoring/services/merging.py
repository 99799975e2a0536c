"""What becomes of points when two records are made one."""

from datetime import datetime

from leadflow.core.parts import MergeRule
from scoring.models import FactDates, LeadPoints, SimulatedCycle


def drop_points(kept_id: int, gone_id: int, at: datetime) -> None:
    """Points of both records begin from nothing: the event of the merge has them worked out anew.

    Facts that the kept record takes over are new to it; replays forget the record that goes.
    No turn is taken: whoever scores one of them at this moment waits for its row, or is waited for.
    """
    LeadPoints.objects.filter(lead__in=[kept_id, gone_id]).delete()
    FactDates.objects.filter(lead=gone_id).delete()
    SimulatedCycle.objects.filter(lead=gone_id).delete()


JOIN = MergeRule(("scoring.points", "scoring.fact_dates", "scoring.simulated"), drop_points)
