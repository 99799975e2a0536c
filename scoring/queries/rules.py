"""The rule set in use as its page shows it, and what each rule gave lately."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Prefetch, QuerySet

from leads import queries as leads
from leads.models import Lead
from scoring.models import FitRule, Rule, RuleSet, ScoreGroup, ScoreRound
from scoring.queries.earned import earned_sql
from scoring.queries.plans import load_plan
from scoring.queries.scope import Scope
from scoring.queries.standings import LATELY

AT_ONCE = 5_000  # leads whose activities are counted while the page waits

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
    rules = Rule.objects.select_related("asset", "campaign", "product", "form").order_by(
        "position", "id"
    )
    return rule_set.groups.prefetch_related(Prefetch("rules", rules))


@dataclass(frozen=True)
class Lately:
    """What each rule gave in the last thirty days, by rule id.

    `as_of` is when the last round counted it, None where it was counted just now.
    """

    by_rule: Mapping[int, Given]
    as_of: datetime | None = None
    is_known: bool = True


def given_lately(rule_set: RuleSet, *, at: datetime) -> Lately:
    """What the rules of a version gave lately: counted now, or by the last round over many leads."""
    since = at - LATELY
    active = Lead.objects.filter(last_activity_at__gt=since).order_by()
    ids = list(active.values_list("pk", flat=True)[: AT_ONCE + 1])
    if len(ids) > AT_ONCE:
        return _given_by_last_round(rule_set)
    sql, params = earned_sql(Scope(at=at, lead_ids=ids), load_plan(rule_set))
    with connection.cursor() as cursor:
        cursor.execute(sql + GIVEN, [*params, since])
        return Lately({row[0]: Given(*row[1:]) for row in cursor.fetchall()})


def _given_by_last_round(rule_set: RuleSet) -> Lately:
    last = ScoreRound.objects.filter(rule_set=rule_set, given__isnull=False).first()
    if last is None:
        return Lately({}, is_known=False)
    given = {int(rule): Given(*what) for rule, what in (last.given or {}).items()}
    return Lately(given, last.started_at)


@dataclass(frozen=True)
class FitLine:
    """A fit rule with its condition in words."""

    rule: FitRule
    words: str


def fit_lines(rule_set: RuleSet) -> list[FitLine]:
    """Fit rules of a version in order, the most telling first."""
    return [FitLine(rule, leads.describe(rule.condition)) for rule in rule_set.fit_rules.all()]
