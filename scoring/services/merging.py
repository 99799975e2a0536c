"""What becomes of points when two records are made one."""

from datetime import datetime

from leadflow.core.parts import MergeRule
from scoring.models import LeadPoints


def drop_points(kept_id: int, gone_id: int, at: datetime) -> None:
    """Points of both records begin from nothing: the event of the merge has them worked out anew.

    No turn is taken: whoever scores one of them at this moment waits for its row, or is waited for.
    """
    LeadPoints.objects.filter(lead__in=[kept_id, gone_id]).delete()


JOIN = MergeRule(("scoring.points",), drop_points)
