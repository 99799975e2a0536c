"""The parts of a version: checked as a whole, copied, written."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import models

from leadflow.core.errors import Invalid
from leads import queries as leads
from leads.models import Activity
from scoring.engine.addresses import normalize_pattern
from scoring.models import FitRule, Rule, RuleSet, ScoreGroup
from scoring.models.points import MOST_POINTS

M = TypeVar("M", bound=models.Model)
CIRCULAR = frozenset(
    {"score", "engagement", "fit", "grade", "stage", "stage_since", "cycle", "segment"}
)
MOST_RULES = 1_000
MOST_GROUPS = 30


def check_version(rule_set: RuleSet, *, at: datetime) -> None:
    """Raise Invalid naming the first figure or condition of a version that cannot be published."""
    check_rules(
        groups=list(rule_set.groups.all()),
        rules=list(rule_set.rules.all()),
        fit_rules=list(rule_set.fit_rules.all()),
        at=at,
    )
    check_bands(rule_set)


def check_rules(
    *,
    groups: Sequence[ScoreGroup],
    rules: Sequence[Rule],
    fit_rules: Sequence[FitRule],
    at: datetime,
) -> None:
    """Raise Invalid naming the first figure or condition that cannot be published."""
    if len(rules) + len(fit_rules) > MOST_RULES:
        raise Invalid(f"A version has {MOST_RULES:,} rules at most.")
    if len(groups) > MOST_GROUPS:
        raise Invalid(f"A version has {MOST_GROUPS} groups at most.")
    for group in groups:
        check_group(group)
    for rule in rules:
        check_rule(rule)
    for fit_rule in fit_rules:
        check_fit_rule(fit_rule, at=at)


def check_group(group: ScoreGroup) -> None:
    """Raise Invalid naming what does not fit in a group."""
    _check_label(group.name, field="name")
    what = f"The half-life of “{group}”"
    _check_count(group.half_life_days, least=1, what=what, field="half_life_days")
    _check_count(group.cap, least=0, what=f"The cap of “{group}”", field="cap")


def check_rule(rule: Rule) -> None:
    """Raise Invalid naming what does not fit in a rule."""
    _check_label(rule.label, field="label")
    _check_points(rule)
    _check_count(
        rule.limit_count,
        least=1,
        what=f"The limit of “{rule}”",
        field="limit_count",
        may_lack=False,
    )
    if rule.form_id and rule.kind != Activity.Kind.FORM:
        raise Invalid(f"“{rule}” names a form, so it is about sending one.", field="form")
    rule.url_pattern = normalize_pattern(rule.url_pattern)


def check_fit_rule(rule: FitRule, *, at: datetime) -> None:
    """Raise Invalid naming what does not fit in a fit rule."""
    _check_label(rule.label, field="label")
    _check_points(rule)
    leads.compile_condition(rule.condition, at=at)
    if circular := leads.fields_of(rule.condition) & CIRCULAR:
        name = sorted(circular)[0]
        words = f"“{rule}” cannot depend on the {name.replace('_', ' ')}, which depends on it."
        raise Invalid(words, field=name)
    if leads.moves_with_time(rule.condition):
        raise Invalid(f"“{rule}” cannot depend on the passing of time: facts do not fade.")


def check_bands(rules: RuleSet) -> None:
    """Raise Invalid when the grades are out of order or the total cap is no number."""
    what = "The cap of all engagement"
    _check_count(rules.engagement_cap, least=0, what=what, field="engagement_cap")
    if rules.fit_a_from <= rules.fit_b_from:
        raise Invalid("Grade A needs more fit than grade B.", field="fit_a_from")
    if rules.engagement_1_from <= rules.engagement_2_from:
        raise Invalid("Grade 1 needs more engagement than grade 2.", field="engagement_1_from")


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


def copy_version(old: RuleSet, **changes: Any) -> RuleSet:
    """A new version with every part of `old`, and `changes` to the version itself."""
    new = _copy(old, **changes)
    new.save(force_insert=True)
    groups = {group.pk: _copy(group) for group in old.groups.all()}
    write_rules(
        new,
        groups=list(groups.values()),
        rules=[_copy(rule, group=groups[rule.group_id]) for rule in old.rules.all()],
        fit_rules=[_copy(rule) for rule in old.fit_rules.all()],
    )
    return new


def _check_label(label: str, *, field: str) -> None:
    if not label.strip():
        raise Invalid("Give it a name.", field=field)


def _check_points(rule: Rule | FitRule) -> None:
    if isinstance(rule.points, bool) or not isinstance(rule.points, int):
        raise Invalid(f"“{rule}” needs whole points, not “{rule.points}”.", field="points")
    if abs(rule.points) > MOST_POINTS:
        raise Invalid(f"“{rule}” may give or take {MOST_POINTS:,} points at most.", field="points")


def _check_count(value: Any, *, least: int, what: str, field: str, may_lack: bool = True) -> None:
    if value is None and may_lack:
        return
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 100_000:
        empty = ", or empty" if may_lack else ""
        raise Invalid(
            f"{what} must be a whole number from {least}{empty}; it is “{value}”.", field=field
        )


def _copy(row: M, **changes: Any) -> M:
    """An unsaved row like `row`, with `changes`."""
    fields = [f for f in row._meta.concrete_fields if not f.primary_key and f.name not in changes]
    return type(row)(**{f.attname: getattr(row, f.attname) for f in fields} | changes)
