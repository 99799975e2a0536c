"""A version of the rules, loaded once: what the scoring statement is built from."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.aggregates import ArrayAgg, BoolOr
from django.db.models import Case, IntegerField, Q, Value, When
from django.db.models.expressions import Combinable

from leads import queries as leads
from scoring.models import FitRule, RuleSet, ScoreGroup


@dataclass(frozen=True)
class Plan:
    """One version: its groups in the order in which points are kept, and what its rules look at."""

    rule_set: RuleSet
    groups: tuple[ScoreGroup, ...]
    fit_rules: tuple[FitRule, ...]
    kinds: tuple[str, ...]  # of activities that any rule is about
    names_forms: bool
    names_pages: bool
    names_products: bool

    @property
    def moves_with_time(self) -> bool:
        """Whether facts give other points by the passing of time alone."""
        return any(leads.moves_with_time(rule.condition) for rule in self.fit_rules)


def current_rules() -> RuleSet:
    """The rule set in use; raises RuleSet.DoesNotExist before the first is installed."""
    return RuleSet.objects.get(state=RuleSet.State.PUBLISHED)


def live_rules() -> list[RuleSet]:
    """The rule set in use, and the one being prepared where there is one."""
    live = RuleSet.objects.filter(state__in=[RuleSet.State.PUBLISHED, RuleSet.State.PREPARING])
    return list(live.order_by("-state"))


def load_plan(rule_set: RuleSet) -> Plan:
    """Everything the statement needs to know of a version, in three queries."""
    active = rule_set.rules.filter(is_active=True).order_by()
    facts = active.aggregate(
        kinds=ArrayAgg("kind", distinct=True, default=Value([])),
        forms=BoolOr(Q(form__isnull=False), default=Value(False)),
        pages=BoolOr(~Q(url_pattern=""), default=Value(False)),
        products=BoolOr(Q(product__isnull=False), default=Value(False)),
    )
    return Plan(
        rule_set=rule_set,
        groups=tuple(rule_set.groups.order_by("id")),
        fit_rules=tuple(rule_set.fit_rules.filter(is_active=True)),
        kinds=tuple(facts["kinds"]),
        names_forms=facts["forms"],
        names_pages=facts["pages"],
        names_products=facts["products"],
    )


def fit_points(rule: FitRule, *, at: datetime) -> Combinable:
    """The points a fit rule gives a lead: all or nothing."""
    condition = leads.compile_condition(rule.condition, at=at)
    if not condition:  # the condition that is always true
        return Value(rule.points)
    return Case(
        When(condition, then=Value(rule.points)), default=Value(0), output_field=IntegerField()
    )
