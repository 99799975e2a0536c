"""The points score as it was at other moments, lead by lead: what predictions are compared with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scoring.queries.plans import current_rules, load_plan
from scoring.queries.scope import Scope
from scoring.queries.statement import compute_scores


@dataclass(frozen=True)
class PastScope(Scope):
    """Leads, each as of a moment of its own; `at` lies before all of them."""

    moments: Mapping[int, datetime] = field(default_factory=dict)

    def later(self, rule_set_id: int) -> tuple[str, list[Any]]:
        """Rows `(lead_id, at)`: the moment of every lead."""
        sql = "SELECT * FROM unnest(%s::bigint[], %s::timestamptz[]) AS seen (lead_id, at)"
        return sql, [list(self.moments), list(self.moments.values())]


def scores_then(moments: Mapping[int, datetime]) -> dict[int, int]:
    """Scores of leads at their moments by the rules in use. Facts are as they stand today.

    Facts have no date: the points are given what was found out later, too.
    """
    if not moments:
        return {}
    scope = PastScope(at=min(moments.values()), lead_ids=list(moments), moments=moments)
    plan = load_plan(current_rules())
    return {score.lead_id: score.score for score in compute_scores(scope, plan=plan)}
