"""Publishing rules: a new version is written whole, or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from django.db import models, transaction

from leadflow.core import nudges
from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import User
from leads import queries as leads
from scoring import policies
from scoring.models import FitRule, Rule, RuleSet, ScoreGroup
from scoring.models.points import MOST_POINTS

M = TypeVar("M", bound=models.Model)
CIRCULAR = frozenset(
    {"score", "engagement", "fit", "grade", "stage", "stage_since", "cycle", "segment"}
)


@dataclass(frozen=True)
class Changes:
    """What a new version does differently, by the ids of the version it starts from.

    Half-lives are whole days, None where points do not fade; a cap of None is no cap.
    """

    rule_points: Mapping[int, int] = field(default_factory=dict)
    fit_points: Mapping[int, int] = field(default_factory=dict)
    half_lives: Mapping[int, int | None] = field(default_factory=dict)
    caps: Mapping[int, int | None] = field(default_factory=dict)
    fit_conditions: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


@transaction.atomic
def publish_rules(
    *, base: int, changes: Changes, by: User | None, at: datetime, comment: str = ""
) -> RuleSet:
    """Publish a copy of version `base` with `changes`; scores follow in the background.

    Raises Conflict when `base` is no longer in use, Invalid naming the first figure that does not
    fit.
    """
    policies.check_may("edit_rules", by=by)
    old = RuleSet.objects.select_for_update().filter(state=RuleSet.State.PUBLISHED).first()
    if old is None or old.number != base:
        raise Conflict(
            "Somebody has published another version meanwhile. Look at it and change again."
        )
    groups, rules, fit_rules = _changed(old, changes)
    check_rules(groups=groups, rules=rules, fit_rules=fit_rules)
    RuleSet.objects.filter(pk=old.pk).update(state=RuleSet.State.REPLACED)
    new = _copy(old, number=old.number + 1, author=by, published_at=at, comment=comment[:200])
    new.save(force_insert=True)
    write_rules(new, groups=groups, rules=rules, fit_rules=fit_rules)
    transaction.on_commit(partial(nudges.nudge, "refresh_scores"))
    return new


def check_rules(
    *, groups: Sequence[ScoreGroup], rules: Sequence[Rule], fit_rules: Sequence[FitRule]
) -> None:
    """Raise Invalid naming the first figure or condition that cannot be published."""
    for group in groups:
        _check_count(group.half_life_days, least=1, what=f"The half-life of “{group}”")
        _check_count(group.cap, least=0, what=f"The cap of “{group}”")
    for rule in rules:
        _check_points(rule)
        _check_count(rule.limit_count, least=1, what=f"The limit of “{rule}”")
    for fit_rule in fit_rules:
        _check_points(fit_rule)
        _check_condition(fit_rule)


def _check_points(rule: Rule | FitRule) -> None:
    if isinstance(rule.points, bool) or not isinstance(rule.points, int):
        raise Invalid(f"“{rule}” needs whole points, not “{rule.points}”.", field="points")
    if abs(rule.points) > MOST_POINTS:
        raise Invalid(f"“{rule}” may give or take {MOST_POINTS:,} points at most.", field="points")


def _check_count(value: Any, *, least: int, what: str) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 100_000:
        raise Invalid(f"{what} must be a whole number from {least}, or empty; it is “{value}”.")


def _check_condition(rule: FitRule) -> None:
    leads.compile_condition(rule.condition)
    if circular := leads.fields_of(rule.condition) & CIRCULAR:
        name = sorted(circular)[0]
        words = f"“{rule}” cannot depend on the {name.replace('_', ' ')}, which depends on it."
        raise Invalid(words, field=name)
    if leads.moves_with_time(rule.condition):
        raise Invalid(f"“{rule}” cannot depend on the passing of time: facts do not fade.")


def write_rules(
    rule_set: RuleSet,
    *,
    groups: Sequence[ScoreGroup],
    rules: Sequence[Rule],
    fit_rules: Sequence[FitRule],
) -> None:
    """Write the parts of a new version; each rule points at one of `groups`."""
    for group in groups:
        group.rule_set = rule_set
    ScoreGroup.objects.bulk_create(groups)
    for rule in rules:
        rule.rule_set = rule_set
    Rule.objects.bulk_create(rules)
    for fit_rule in fit_rules:
        fit_rule.rule_set = rule_set
    FitRule.objects.bulk_create(fit_rules)


def _changed(old: RuleSet, changes: Changes) -> tuple[list[ScoreGroup], list[Rule], list[FitRule]]:
    """Unsaved copies of all parts of `old` with the changes made."""
    groups = {
        group.pk: _copy(
            group,
            half_life_days=changes.half_lives.get(group.pk, group.half_life_days),
            cap=changes.caps.get(group.pk, group.cap),
        )
        for group in old.groups.all()
    }
    rules = [
        _copy(
            rule, group=groups[rule.group_id], points=changes.rule_points.get(rule.pk, rule.points)
        )
        for rule in old.rules.all()
    ]
    fit_rules = [
        _copy(
            rule,
            points=changes.fit_points.get(rule.pk, rule.points),
            condition=changes.fit_conditions.get(rule.pk, rule.condition),
        )
        for rule in old.fit_rules.all()
    ]
    return list(groups.values()), rules, fit_rules


def _copy(row: M, **changes: Any) -> M:
    """An unsaved row like `row`, with `changes`."""
    fields = [f for f in row._meta.concrete_fields if not f.primary_key and f.name not in changes]
    return type(row)(**{f.attname: getattr(row, f.attname) for f in fields} | changes)
