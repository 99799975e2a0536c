"""The scoring statement: from activities and facts to points by group; nothing else computes them.

Order: limits per rule (the earliest count) → fade → sum → group cap → total cap. Penalties do not
fade. Points are worked out by group, kept, and read at a moment; caps are applied when they are read.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Value
from django.db.models.expressions import Combinable

from leads.models import Lead
from scoring.queries import fading
from scoring.queries.earned import earned_sql
from scoring.queries.plans import Plan, fit_points
from scoring.queries.scope import Scope

# One row per lead in scope, shaped like the rows that are kept.
FRESH = """,
summed AS (
    SELECT lead_id, max(at) AS at{sums}
      FROM earned WHERE is_counted GROUP BY lead_id
),
fitting AS ({fit}),
fresh AS (
    SELECT fitting.id AS lead_id, COALESCE(later.at, %s::timestamptz) AS at,
           ARRAY[{fading}]::double precision[] AS fading,
           ARRAY[{lasting}]::double precision[] AS lasting, fitting.points AS fit
      FROM fitting
      LEFT JOIN summed ON summed.lead_id = fitting.id
      LEFT JOIN later ON later.lead_id = fitting.id
)"""

SCORES = """,
scored AS (SELECT lead_id, {exact} AS exact, fit FROM fresh AS points)
SELECT lead_id, exact, {engagement}, fit, {grade} FROM scored ORDER BY lead_id"""


@dataclass(frozen=True)
class Score:
    """What the statement says of one lead; `exact` is the engagement before rounding."""

    lead_id: int
    exact: float
    engagement: int
    fit: int
    grade: str

    @property
    def score(self) -> int:
        """Engagement and fit together."""
        return self.engagement + self.fit


def compute_scores(scope: Scope, *, plan: Plan) -> list[Score]:
    """Scores of the leads in `scope` under one version, in id order; nothing is written."""
    if scope.is_empty:
        return []
    sql, params = fresh_sql(scope, plan)
    engagement = fading.rounded("exact")
    sql += SCORES.format(
        exact=fading.exact_engagement(plan, row="points", at="points.at"),
        engagement=engagement,
        grade=fading.grade(plan, engagement=engagement, fit="fit"),
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [Score(*row) for row in cursor.fetchall()]


def fresh_sql(scope: Scope, plan: Plan) -> tuple[str, list[Any]]:
    """The statement up to `fresh`: points by group of every lead in scope, from its activities."""
    sql, params = earned_sql(scope, plan)
    numbers = range(1, len(plan.groups) + 1)
    sql += FRESH.format(
        sums="".join(_sums(number, group.pk) for number, group in enumerate(plan.groups, 1)),
        fit=_fit_sql(scope, plan),
        fading=", ".join(f"COALESCE(summed.fading_{n}, 0)" for n in numbers),
        lasting=", ".join(f"COALESCE(summed.lasting_{n}, 0)" for n in numbers),
    )
    return sql, [*params, scope.at]


def _sums(number: int, group_id: int) -> str:
    return f""",
           sum(remaining) FILTER (
               WHERE group_id = {group_id} AND half_life IS NOT NULL) AS fading_{number},
           sum(remaining) FILTER (
               WHERE group_id = {group_id} AND half_life IS NULL) AS lasting_{number}"""


def _fit_sql(scope: Scope, plan: Plan) -> str:
    """`(id, points)` for the leads in scope: the fit rules as conditional sums, made by the ORM."""
    points: Combinable = Value(0)
    for rule in plan.fit_rules:
        points = points + fit_points(rule, at=scope.at)
    wanted = Lead.objects.filter(pk__in=list(scope.lead_ids or []))
    if scope.lead_ids is None:
        wanted = Lead.objects.filter(pk__range=(scope.first_id, scope.last_id))
    rows = wanted.order_by().annotate(points=points).values_list("id", "points")
    sql, params = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        text: str = cursor.mogrify(sql, params).decode()
    return "SELECT made.* FROM (" + text.replace("%", "%%") + ") AS made (id, points)"
