"""The rule set in use as its page shows it, and what each rule gave lately."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Prefetch, QuerySet

from leads import queries as leads
from leads.models import Lead
from scoring.models import FitRule, Rule, RuleSet, ScoreGroup
from scoring.queries.statement import Scope, earned_sql

LATELY = timedelta(days=30)

GIVEN = """
SELECT rule_id, count(*), sum(points)
  FROM earned WHERE is_counted AND occurred_at > %s GROUP BY rule_id"""


@dataclass(frozen=True)
class Given:
    """What a rule gave in a period: activities it counted, and the points they got at first."""

    activities: int = 0
    points: float = 0


def groups_with_rules(rule_set: RuleSet) -> QuerySet[ScoreGroup]:
    """Groups of a version in order, each with its rules in `rules.all()`."""
    rules = Rule.objects.select_related("asset", "campaign", "product").order_by("position", "id")
    return rule_set.groups.prefetch_related(Prefetch("rules", rules))


def given_lately(rule_set: RuleSet, *, at: datetime) -> Mapping[int, Given]:
    """What each rule gave in the last thirty days, by rule id."""
    since = at - LATELY
    ids = list(Lead.objects.filter(last_activity_at__gt=since).values_list("pk", flat=True))
    sql, params = earned_sql(Scope(at=at, lead_ids=ids), rule_set=rule_set)
    with connection.cursor() as cursor:
        cursor.execute(sql + GIVEN, [*params, since])
        return {row[0]: Given(*row[1:]) for row in cursor.fetchall()}


@dataclass(frozen=True)
class FitLine:
    """A fit rule with its condition in words."""

    rule: FitRule
    words: str


def fit_lines(rule_set: RuleSet) -> list[FitLine]:
    """Fit rules of a version in order, the most telling first."""
    return [FitLine(rule, leads.describe(rule.condition)) for rule in rule_set.fit_rules.all()]


def versions() -> QuerySet[RuleSet]:
    """Every version that was ever in use, newest first."""
    return RuleSet.objects.select_related("author").order_by("-number")
