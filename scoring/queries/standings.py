"""Points that are kept: which rows have to be written, and what the lead rows should show."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from scoring.queries import fading
from scoring.queries.plans import Plan
from scoring.queries.scope import Scope
from scoring.queries.statement import fresh_sql

Snapshot = tuple[int, int, int, str]  # lead, engagement, fit, grade

LATELY = timedelta(days=30)

# Less than this is what doubles lose on their way, not a point that somebody earned.
NOISE = "0.000001"

KEEP = """,
changed AS (
    SELECT fresh.*
      FROM fresh
      LEFT JOIN scoring_leadpoints AS kept
        ON kept.lead_id = fresh.lead_id AND kept.rule_set_id = %s AND {which}
     WHERE kept.lead_id IS NULL OR kept.fit <> fresh.fit{moved}
),
written AS (
    INSERT INTO scoring_leadpoints AS kept (lead_id, rule_set_id, at, fading, lasting, fit)
    SELECT lead_id, %s, at, fading, lasting, fit FROM changed ORDER BY lead_id
        ON CONFLICT (lead_id, rule_set_id) DO UPDATE
       SET at = excluded.at, fading = excluded.fading, lasting = excluded.lasting,
           fit = excluded.fit
)"""

# What each rule gave lately, noted on the part of the round that looked at it.
NOTE = """,
noted AS (
    UPDATE scoring_roundpart AS part
       SET given = COALESCE((
           SELECT jsonb_object_agg(rule_id, jsonb_build_array(times, points))
             FROM (SELECT rule_id, count(*) AS times, sum(points) AS points
                     FROM earned WHERE is_counted AND occurred_at > %s GROUP BY rule_id) AS lately
           ), '{{}}')
     WHERE part.id = %s
)"""

NOTHING = """
SELECT 0, 0, 0, '' WHERE FALSE"""

# Whoever was erased keeps the score they had: figures are as they were.
# OFFSET 0 keeps the figures from being worked out once for each place that names them.
SHOW = """
SELECT lead_id, engagement, fit, {grade} AS grade
  FROM (SELECT points.lead_id, {engagement} AS engagement, points.fit,
               lead.engagement AS old_engagement, lead.fit AS old_fit, lead.grade AS old_grade
          FROM {points} AS points
          JOIN leads_lead AS lead ON lead.id = points.lead_id AND lead.erased_at IS NULL{where}
        OFFSET 0) AS shown
 WHERE (engagement, fit, {grade}) IS DISTINCT FROM (old_engagement, old_fit, old_grade)
 ORDER BY lead_id"""


def keep_sql(
    scope: Scope, plan: Plan, *, part_id: int | None = None, shows: bool = True
) -> tuple[str, list[Any]]:
    """The statement that keeps what activities and facts have changed.

    Its rows tell, of leads that show something else, what they should show; there are none without
    `shows`. The part of a round gets a note of what each rule gave lately.
    """
    version = plan.rule_set.pk
    sql, params = fresh_sql(scope, plan)
    which, same = scope.which("kept.lead_id")
    moved = "".join(_moved(number, plan) for number in _numbers(plan))
    sql += KEEP.format(moved=moved, which=which)
    params = [*params, version, *same, version]
    if part_id is not None:
        sql, params = sql + NOTE.format(), [*params, scope.at - LATELY, part_id]
    if not shows:
        return sql + NOTHING, params
    which, leads = scope.which("lead.id")
    show = _show(plan, points="fresh", at="points.at", where=f" WHERE {which}")
    return sql + show, [*params, *leads]


def read_snapshots(scope: Scope, *, plan: Plan) -> list[Snapshot]:
    """What the leads that show something else should show by the points kept, faded until now."""
    which, leads = scope.which("points.lead_id")
    among, same = scope.which("lead.id")
    sql = _show(
        plan,
        points="(SELECT %s::timestamptz AS at) AS now CROSS JOIN scoring_leadpoints",
        at="GREATEST(now.at, points.at, lead.scored_at)",
        where=f" WHERE points.rule_set_id = %s AND {which} AND {among}",
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [scope.at, plan.rule_set.pk, *leads, *same])
        return cursor.fetchall()


def overtaken_leads(*, plan: Plan, since: datetime, at: datetime) -> list[int]:
    """Leads with an activity that was recorded ahead of its time, which has come since."""
    sql = """
        SELECT DISTINCT activity.lead_id
          FROM leads_activity AS activity
          LEFT JOIN scoring_leadpoints AS points
            ON points.lead_id = activity.lead_id AND points.rule_set_id = %s
         WHERE activity.lead_id IS NOT NULL AND NOT activity.is_automatic
           AND activity.occurred_at > %s AND activity.occurred_at <= %s
           AND activity.recorded_at < activity.occurred_at
           AND (points.at IS NULL OR points.at < activity.occurred_at)
         ORDER BY activity.lead_id"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [plan.rule_set.pk, since, at])
        return [row[0] for row in cursor.fetchall()]


def _numbers(plan: Plan) -> range:
    return range(1, len(plan.groups) + 1)


def _moved(number: int, plan: Plan) -> str:
    """Whether the points of one group are other than those kept and faded since."""
    left = fading.share_left(plan.groups[number - 1], fading.seconds_between("kept.at", "fresh.at"))
    return f"""
        OR abs(kept.fading[{number}] * {left} - fresh.fading[{number}]) > {NOISE}
        OR abs(kept.lasting[{number}] - fresh.lasting[{number}]) > {NOISE}"""


def _show(plan: Plan, *, points: str, at: str, where: str = "") -> str:
    exact = fading.exact_engagement(plan, row="points", at=at)
    return SHOW.format(
        points=points,
        engagement=fading.rounded(exact),
        grade=fading.grade(plan, engagement="engagement", fit="fit"),
        where=where,
    )
