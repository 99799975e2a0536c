"""Why a lead has its score: every activity and fact with what it gave, by the statement itself."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from leads.models import Activity, Lead
from scoring.models import ScoreGroup
from scoring.queries import fading
from scoring.queries.earned import earned_sql
from scoring.queries.interest import INTERESTS, Interest, knowing_products
from scoring.queries.plans import Plan, current_rules, fit_points, load_plan
from scoring.queries.scope import Scope
from scoring.queries.statement import fresh_sql

AHEAD = (7, 30)  # days
INTERESTS_SHOWN = 3

CONTRIBUTIONS = """
SELECT earned.id, activity.kind, COALESCE(asset.title, activity.title), earned.occurred_at,
       rule.id, rule.label, earned.group_id, earned.points, earned.remaining, earned.is_counted
  FROM earned
  JOIN leads_activity AS activity ON activity.id = earned.id
  JOIN scoring_rule AS rule ON rule.id = earned.rule_id
  LEFT JOIN content_asset AS asset ON asset.id = activity.asset_id
 ORDER BY earned.occurred_at DESC, earned.id DESC, rule.position, rule.id
 LIMIT %s OFFSET %s"""

# What a score is made of, in one statement: what each rule gave, the score now and in some days, and
# which products it was about.
MADE_OF = """,
rule_total AS (
    SELECT rule.id AS rule_id, rule.label AS rule, earned.group_id,
           count(*) FILTER (WHERE is_counted) AS counted,
           count(*) FILTER (WHERE NOT is_counted) AS left_out,
           COALESCE(sum(earned.points) FILTER (WHERE is_counted), 0) AS points,
           sum(earned.remaining) AS remaining
      FROM earned
      JOIN scoring_rule AS rule ON rule.id = earned.rule_id
     GROUP BY rule.id, rule.label, earned.group_id
),
outlook AS (
    SELECT ahead.days, {exact} AS exact, {engagement} AS engagement, points.fit, {grade} AS grade
      FROM fresh AS points
     CROSS JOIN unnest(%s::int[]) AS ahead (days)
)
SELECT (SELECT json_agg(outlook ORDER BY days) FROM outlook),
       (SELECT COALESCE(json_agg(rule_total ORDER BY remaining DESC, rule_id), '[]')
          FROM rule_total),
       (SELECT COALESCE(json_agg(json_build_array(product_id, product, points, times)
                                 ORDER BY place), '[]') FROM interest)"""


@dataclass(frozen=True)
class Contribution:
    """What one activity gave under one rule: `points` at first, `remaining` now.

    `is_counted` is false where the limit of the rule left it out.
    """

    activity_id: int
    kind: str
    title: str
    occurred_at: datetime
    rule_id: int
    rule: str
    group_id: int
    points: float
    remaining: float
    is_counted: bool


@dataclass(frozen=True)
class RuleTotal:
    """What one rule gave a lead: `counted` activities, and those its limit left out."""

    rule_id: int
    rule: str
    group_id: int
    counted: int
    left_out: int
    points: float
    remaining: float


@dataclass(frozen=True)
class GroupTotal:
    """What a group of rules adds up to, and what its cap took away."""

    id: int
    name: str
    half_life_days: int | None
    cap: int | None
    earned: float
    counts: float

    @property
    def lost_to_cap(self) -> float:
        """Points above the cap."""
        return self.earned - self.counts


@dataclass(frozen=True)
class FitPart:
    """A fact that gave points."""

    rule_id: int
    label: str
    points: int


@dataclass(frozen=True)
class Outlook:
    """The score after some days in which nothing happens; `exact` is engagement before rounding."""

    days: int
    exact: float
    engagement: int
    fit: int
    grade: str

    @property
    def score(self) -> int:
        """Engagement and fit together."""
        return self.engagement + self.fit


@dataclass(frozen=True)
class Explanation:
    """A score with everything that made it; the totals are those of the scoring statement.

    `contributions` are the newest of `contribution_count`.
    """

    lead_id: int
    at: datetime
    rule_version: int
    engagement: int
    exact_engagement: float
    fit: int
    grade: str
    engagement_cap: int | None
    contributions: tuple[Contribution, ...]
    contribution_count: int
    rules: tuple[RuleTotal, ...]
    groups: tuple[GroupTotal, ...]
    facts: tuple[FitPart, ...]
    ahead: tuple[Outlook, ...]
    interests: tuple[Interest, ...]

    @property
    def score(self) -> int:
        """Engagement and fit together."""
        return self.engagement + self.fit

    @property
    def lost_to_total_cap(self) -> float:
        """Points above the cap on all engagement."""
        return sum(group.counts for group in self.groups) - self.exact_engagement

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, for JSON."""
        groups = [asdict(group) | {"lost_to_cap": group.lost_to_cap} for group in self.groups]
        ahead = [asdict(then) | {"score": then.score} for then in self.ahead]
        more = {"score": self.score, "lost_to_total_cap": self.lost_to_total_cap}
        return asdict(self) | more | {"groups": groups, "ahead": ahead}


def explain(
    lead: Lead,
    at: datetime,
    *,
    plan: Plan | None = None,
    most: int | None = None,
    after: int = 0,
) -> Explanation:
    """Every contribution to the score of `lead` as of `at`, newest first, `most` of them at most.

    `after` leaves out so many of the newest: the pages of a long list.
    """
    plan = plan or load_plan(current_rules())
    scope = Scope(at=at, lead_ids=[lead.pk])
    (score, *ahead), rules, interests = _made_of(scope, plan)
    return Explanation(
        lead_id=lead.pk,
        at=at,
        rule_version=plan.rule_set.number,
        engagement=score.engagement,
        exact_engagement=score.exact,
        fit=score.fit,
        grade=score.grade,
        engagement_cap=plan.rule_set.engagement_cap,
        contributions=_contributions(scope, plan, most, after) if most != 0 else (),
        contribution_count=sum(total.counted + total.left_out for total in rules),
        rules=rules,
        groups=_group_totals(rules, plan.groups),
        facts=_facts(lead, plan, at=at),
        ahead=tuple(ahead),
        interests=interests,
    )


def _made_of(
    scope: Scope, plan: Plan
) -> tuple[tuple[Outlook, ...], tuple[RuleTotal, ...], tuple[Interest, ...]]:
    """The score of the one lead in `scope` now and in some days; what rules gave; its interests."""
    sql, params = fresh_sql(scope, knowing_products(plan))
    then = "points.at + ahead.days * interval '24 hours'"
    exact = fading.exact_engagement(plan, row="points", at=then)
    engagement = fading.rounded(exact)
    grade = fading.grade(plan, engagement=engagement, fit="points.fit")
    sql += INTERESTS + MADE_OF.format(exact=exact, engagement=engagement, grade=grade)
    ((outlook, totals, interests),) = _read(sql, [*params, INTERESTS_SHOWN, [0, *AHEAD]])
    return (
        tuple(Outlook(**then) for then in outlook),
        tuple(RuleTotal(**total) for total in totals),
        tuple(Interest(*one) for one in interests),
    )


def _contributions(
    scope: Scope, plan: Plan, most: int | None, after: int
) -> tuple[Contribution, ...]:
    sql, params = earned_sql(scope, plan)
    rows = _read(sql + CONTRIBUTIONS, [*params, most, after])
    kinds = dict(Activity.Kind.choices)
    return tuple(Contribution(row[0], str(kinds.get(row[1], row[1])), *row[2:]) for row in rows)


def _group_totals(
    rules: Sequence[RuleTotal], groups: Sequence[ScoreGroup]
) -> tuple[GroupTotal, ...]:
    """Adds up what the statement gave per rule; the caps are applied as it does."""
    earned: dict[int, float] = {}
    for total in rules:
        if total.counted:
            earned[total.group_id] = earned.get(total.group_id, 0.0) + total.remaining
    return tuple(
        GroupTotal(
            id=group.pk,
            name=group.name,
            half_life_days=group.half_life_days,
            cap=group.cap,
            earned=earned[group.pk],
            counts=min(earned[group.pk], group.cap if group.cap is not None else earned[group.pk]),
        )
        for group in groups
        if group.pk in earned
    )


def _facts(lead: Lead, plan: Plan, *, at: datetime) -> tuple[FitPart, ...]:
    """Fit rules that are true of the lead, asked in one query."""
    names = {f"rule_{rule.pk}": fit_points(rule, at=at) for rule in plan.fit_rules}
    given = Lead.objects.filter(pk=lead.pk).annotate(**names).values(*names).get() if names else {}
    return tuple(
        FitPart(rule.pk, rule.label, rule.points)
        for rule in plan.fit_rules
        if given[f"rule_{rule.pk}"] != 0
    )


def _read(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()
