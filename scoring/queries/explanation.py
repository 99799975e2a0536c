"""Why a lead has its score: every activity and fact with what it gave, by the statement itself."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from leads.models import Activity, Lead
from scoring.models import RuleSet, ScoreGroup
from scoring.queries.statement import (
    Scope,
    compute_scores,
    current_rules,
    earned_sql,
    fit_points,
)

CONTRIBUTIONS = """
SELECT earned.id, activity.kind, COALESCE(asset.title, activity.title), earned.occurred_at,
       rule.id, rule.label, earned.group_id, earned.points, earned.remaining, earned.is_counted
  FROM earned
  JOIN leads_activity AS activity ON activity.id = earned.id
  JOIN scoring_rule AS rule ON rule.id = earned.rule_id
  LEFT JOIN content_asset AS asset ON asset.id = activity.asset_id
 ORDER BY earned.occurred_at DESC, earned.id DESC, rule.position, rule.id"""


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
class Explanation:
    """A score with everything that made it; the totals are those of the scoring statement."""

    lead_id: int
    at: datetime
    rule_version: int
    engagement: int
    exact_engagement: float
    fit: int
    grade: str
    engagement_cap: int | None
    contributions: tuple[Contribution, ...]
    groups: tuple[GroupTotal, ...]
    facts: tuple[FitPart, ...]

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
        more = {"score": self.score, "lost_to_total_cap": self.lost_to_total_cap, "groups": groups}
        return asdict(self) | more


def explain(lead: Lead, at: datetime, *, rule_set: RuleSet | None = None) -> Explanation:
    """Every contribution to the score of `lead` as of `at`, newest first."""
    rules = rule_set or current_rules()
    scope = Scope(at=at, lead_ids=[lead.pk])
    (score,) = compute_scores(scope, rule_set=rules)
    contributions = _contributions(scope, rules)
    return Explanation(
        lead_id=lead.pk,
        at=at,
        rule_version=rules.number,
        engagement=score.engagement,
        exact_engagement=score.exact,
        fit=score.fit,
        grade=score.grade,
        engagement_cap=rules.engagement_cap,
        contributions=contributions,
        groups=_totals(contributions, rules),
        facts=_facts(lead, rules, at=at),
    )


def _contributions(scope: Scope, rules: RuleSet) -> tuple[Contribution, ...]:
    sql, params = earned_sql(scope, rule_set=rules)
    with connection.cursor() as cursor:
        cursor.execute(sql + CONTRIBUTIONS, params)
        rows = cursor.fetchall()
    kinds = dict(Activity.Kind.choices)
    return tuple(Contribution(row[0], str(kinds.get(row[1], row[1])), *row[2:]) for row in rows)


def _totals(contributions: Sequence[Contribution], rules: RuleSet) -> tuple[GroupTotal, ...]:
    """Adds up what the statement gave per group; the caps are applied as it does."""
    earned: dict[int, float] = {}
    for part in contributions:
        if part.is_counted:
            earned[part.group_id] = earned.get(part.group_id, 0.0) + part.remaining
    groups = ScoreGroup.objects.filter(rule_set=rules, pk__in=earned)
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
    )


def _facts(lead: Lead, rules: RuleSet, *, at: datetime) -> tuple[FitPart, ...]:
    """Fit rules that are true of the lead, asked in one query."""
    fit_rules = list(rules.fit_rules.filter(is_active=True))
    names = {f"rule_{rule.pk}": fit_points(rule, at=at) for rule in fit_rules}
    given = Lead.objects.filter(pk=lead.pk).annotate(**names).values(*names).get() if names else {}
    return tuple(
        FitPart(rule.pk, rule.label, rule.points)
        for rule in fit_rules
        if given[f"rule_{rule.pk}"] != 0
    )
