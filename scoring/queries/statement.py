"""The scoring statement: activities × rules is a join; nothing else computes a score.

Order: limits per rule (the earliest count) → fade → sum → group cap → total cap. Penalties do not
fade.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Case, IntegerField, Value, When
from django.db.models.expressions import Combinable

from leads import queries as leads
from leads.models import Lead
from scoring.models import FitRule, RuleSet


@dataclass(frozen=True)
class Scope:
    """Which leads (ids, or a range of ids) are scored as of when.

    `never_back` scores a lead no earlier than it was scored before: an event that comes late must
    not undo a newer one. `since` leaves out what a lead did until then, as if it began that moment.
    """

    at: datetime
    lead_ids: Collection[int] | None = None
    first_id: int = 0
    last_id: int = 0
    never_back: bool = False
    only_engaged: bool = False
    since: Mapping[int, datetime] | None = None

    def sql(self) -> tuple[str, list[Any]]:
        """The rows of `scope (id, at)`, with `since` where it is given."""
        moment = "GREATEST(%s::timestamptz, scored_at)" if self.never_back else "%s::timestamptz"
        which, params = self.which("id")
        more = " AND engagement <> 0" if self.only_engaged else ""
        if self.since is None:
            sql = f"SELECT id, {moment} AS at FROM leads_lead WHERE {which}{more}"
            return sql, [self.at, *params]
        begun = "unnest(%s::bigint[], %s::timestamptz[]) AS begun (id, since)"
        sql = f"SELECT id, {moment} AS at, since FROM leads_lead JOIN {begun} USING (id)"
        starts = [list(self.since), list(self.since.values())]
        return f"{sql} WHERE {which}{more}", [self.at, *starts, *params]

    def which(self, column: str) -> tuple[str, list[Any]]:
        """The same leads as a test of `column`: tables with an index on it are not read through."""
        if self.lead_ids is None:
            return f"{column} BETWEEN %s AND %s", [self.first_id, self.last_id]
        return f"{column} = ANY(%s)", [sorted(self.lead_ids)]


# What each activity earns: one row per activity and rule that asks for it.
EARNED = """
WITH scope AS MATERIALIZED ({scope}),
rule AS MATERIALIZED (
    SELECT rule.id, rule.kind, rule.asset_id, rule.asset_kind, rule.campaign_id, rule.product_id,
           rule.group_id, rule.points::double precision AS points,
           CASE "limit" WHEN 'none' THEN NULL WHEN 'once' THEN 1 ELSE limit_count END AS most,
           "limit" = 'daily' AS is_daily,
           CASE WHEN rule.points >= 0
                THEN score_group.half_life_days * 86400.0::double precision END AS half_life,
           rule.asset_id IS NOT NULL OR rule.asset_kind <> '' OR rule.product_id IS NOT NULL
               AS asks_for_asset
      FROM scoring_rule AS rule
      JOIN scoring_scoregroup AS score_group ON score_group.id = rule.group_id
     WHERE rule.rule_set_id = %s AND rule.is_active
),
rule_of_asset AS MATERIALIZED (
    SELECT rule.*, asset.id AS on_asset
      FROM rule
      JOIN content_asset AS asset
        ON (rule.asset_id IS NULL OR asset.id = rule.asset_id)
       AND (rule.asset_kind = '' OR asset.kind = rule.asset_kind)
       AND (rule.product_id IS NULL OR EXISTS (
               SELECT FROM content_asset_products AS link
                WHERE link.asset_id = asset.id AND link.product_id = rule.product_id))
     WHERE rule.asks_for_asset
),
done AS MATERIALIZED (
    SELECT activity.id, activity.lead_id, activity.kind, activity.asset_id, activity.campaign_id,
           activity.occurred_at, scope.at
      FROM leads_activity AS activity
      JOIN scope ON scope.id = activity.lead_id
     WHERE {activities} AND NOT activity.is_automatic AND activity.occurred_at <= scope.at
),
matched AS (
    SELECT done.id, done.lead_id, done.occurred_at, done.at, rule.id AS rule_id, rule.group_id,
           rule.points, rule.half_life, rule.most, rule.is_daily
      FROM done
      JOIN rule ON rule.kind = done.kind AND NOT rule.asks_for_asset
       AND (rule.campaign_id IS NULL OR rule.campaign_id = done.campaign_id)
     UNION ALL
    SELECT done.id, done.lead_id, done.occurred_at, done.at, rule.id, rule.group_id,
           rule.points, rule.half_life, rule.most, rule.is_daily
      FROM done
      JOIN rule_of_asset AS rule ON rule.kind = done.kind AND rule.on_asset = done.asset_id
       AND (rule.campaign_id IS NULL OR rule.campaign_id = done.campaign_id)
),
counted AS (
    SELECT id, lead_id, occurred_at, at, rule_id, group_id, points, half_life,
           TRUE AS is_counted
      FROM matched WHERE most IS NULL
     UNION ALL
    SELECT id, lead_id, occurred_at, at, rule_id, group_id, points, half_life,
           row_number() OVER (
               PARTITION BY lead_id, rule_id,
                   CASE WHEN is_daily THEN (occurred_at AT TIME ZONE 'UTC')::date END
               ORDER BY occurred_at, id
           ) <= most
      FROM matched WHERE most IS NOT NULL
),
earned AS (
    -- The exponent stops at −1000: a double cannot go further down, and nothing is left by then.
    SELECT id, lead_id, occurred_at, rule_id, group_id, points, is_counted,
           CASE WHEN NOT is_counted THEN 0
                WHEN half_life IS NULL THEN points
                ELSE points * power(
                    2::double precision,
                    -LEAST(date_part('epoch', at - occurred_at) / half_life, 1000))
            END AS remaining
      FROM counted
)"""

SCORES = """,
in_group AS (
    SELECT lead_id, group_id, sum(remaining) AS points
      FROM earned WHERE is_counted GROUP BY lead_id, group_id
),
engaged AS (
    SELECT in_group.lead_id,
           LEAST(sum(LEAST(in_group.points, score_group.cap)), %s::double precision) AS points
      FROM in_group JOIN scoring_scoregroup AS score_group ON score_group.id = in_group.group_id
     GROUP BY in_group.lead_id
),
fitting AS ({fit}),
totals AS (
    SELECT scope.id, COALESCE(engaged.points, 0) AS exact,
           round(COALESCE(engaged.points, 0))::int AS engagement, fitting.points AS fit
      FROM scope
      JOIN fitting ON fitting.id = scope.id
      LEFT JOIN engaged ON engaged.lead_id = scope.id
)
SELECT id, exact, engagement, fit,
       CASE WHEN fit >= %s THEN 'A' WHEN fit >= %s THEN 'B' ELSE 'C' END
    || CASE WHEN engagement >= %s THEN '1' WHEN engagement >= %s THEN '2' ELSE '3' END AS grade
  FROM totals ORDER BY id"""


@dataclass(frozen=True)
class Score:
    """What the statement says of one lead; `exact` is the engagement before rounding."""

    lead_id: int
    exact: float
    engagement: int
    fit: int
    grade: str


def current_rules() -> RuleSet:
    """The rule set in use; raises RuleSet.DoesNotExist before the first is installed."""
    return RuleSet.objects.get(state=RuleSet.State.PUBLISHED)


def compute_scores(scope: Scope, *, rule_set: RuleSet) -> list[Score]:
    """Scores of the leads in `scope` under one rule set, in id order; nothing is written."""
    sql, params = earned_sql(scope, rule_set=rule_set)
    bands = [rule_set.fit_a_from, rule_set.fit_b_from]
    bands += [rule_set.engagement_1_from, rule_set.engagement_2_from]
    with connection.cursor() as cursor:
        sql += SCORES.format(fit=_fit_sql(scope, rule_set, cursor=cursor))
        cursor.execute(sql, [*params, rule_set.engagement_cap, *bands])
        return [Score(*row) for row in cursor.fetchall()]


def earned_sql(scope: Scope, *, rule_set: RuleSet) -> tuple[str, list[Any]]:
    """The shared beginning of the statement, up to `earned`: one row per activity and rule."""
    rows, params = scope.sql()
    activities, which = scope.which("activity.lead_id")
    if scope.since is not None:
        activities += " AND activity.occurred_at > scope.since"
    sql = EARNED.format(scope=rows, activities=activities)
    return sql, [*params, rule_set.pk, *which]


def _fit_sql(scope: Scope, rule_set: RuleSet, *, cursor: Any) -> str:
    """`(id, points)` for the leads in scope: the fit rules as conditional sums, made by the ORM."""
    points: Combinable = Value(0)
    for rule in rule_set.fit_rules.filter(is_active=True):
        points = points + fit_points(rule, at=scope.at)
    wanted = Lead.objects.filter(pk__in=list(scope.lead_ids or []))
    if scope.lead_ids is None:
        wanted = Lead.objects.filter(pk__range=(scope.first_id, scope.last_id))
    rows = wanted.order_by().annotate(points=points).values_list("id", "points")
    sql, params = rows.query.sql_with_params()
    text: str = cursor.mogrify(sql, params).decode()
    return "SELECT made.* FROM (" + text.replace("%", "%%") + ") AS made (id, points)"


def fit_points(rule: FitRule, *, at: datetime) -> Combinable:
    """The points a fit rule gives a lead: all or nothing."""
    condition = leads.compile_condition(rule.condition, at=at)
    if not condition:  # the condition that is always true
        return Value(rule.points)
    return Case(
        When(condition, then=Value(rule.points)), default=Value(0), output_field=IntegerField()
    )
