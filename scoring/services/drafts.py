"""Editing the draft: rules, facts, groups and bands are added, changed and removed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import Max
from django.utils.text import slugify

from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import User
from scoring import policies
from scoring.models import FitRule, Rule, RuleSet, ScoreGroup
from scoring.services.rules import check_bands, check_fit_rule, check_group, check_rule
from scoring.services.versions import lock_draft

PartT = TypeVar("PartT", Rule, FitRule, ScoreGroup)
RULE_FACTS = (
    *("group", "label", "kind", "asset", "asset_kind", "campaign", "product", "form"),
    *("url_pattern", "points", "limit", "limit_count", "is_active"),
)
BANDS = (
    *("engagement_cap", "fit_a_from", "fit_b_from"),
    *("engagement_1_from", "engagement_2_from"),
)


@dataclass(frozen=True)
class Figures:
    """Figures of a draft that change, by the ids of its rows.

    Half-lives are whole days, None where points do not fade; a cap of None is no cap.
    """

    rule_points: Mapping[int, int] = field(default_factory=dict)
    fit_points: Mapping[int, int] = field(default_factory=dict)
    half_lives: Mapping[int, int | None] = field(default_factory=dict)
    caps: Mapping[int, int | None] = field(default_factory=dict)


@transaction.atomic
def change_figures(*, figures: Figures, by: User | None, at: datetime) -> RuleSet:
    """Change many figures of the draft at once; raises Invalid naming the first that does not fit."""
    draft = _open(by=by, at=at)
    rules, fit_rules = list(draft.rules.all()), list(draft.fit_rules.all())
    groups = list(draft.groups.all())
    for rule in rules:
        rule.points = figures.rule_points.get(rule.pk, rule.points)
        check_rule(rule)
    for fit_rule in fit_rules:
        fit_rule.points = figures.fit_points.get(fit_rule.pk, fit_rule.points)
        check_fit_rule(fit_rule, at=at)
    for group in groups:
        group.half_life_days = figures.half_lives.get(group.pk, group.half_life_days)
        group.cap = figures.caps.get(group.pk, group.cap)
        check_group(group)
    Rule.objects.bulk_update(rules, ["points"])
    FitRule.objects.bulk_update(fit_rules, ["points"])
    ScoreGroup.objects.bulk_update(groups, ["half_life_days", "cap"])
    return draft


@transaction.atomic
def save_rule(
    *, facts: Mapping[str, Any], by: User | None, at: datetime, rule_id: int | None = None
) -> Rule:
    """Add a rule to the draft, or change one; raises Invalid naming the field that does not fit."""
    draft = _open(by=by, at=at)
    rule = _part(Rule, draft, rule_id)
    for name in RULE_FACTS:
        setattr(rule, name, facts.get(name, getattr(rule, name, None)))
    if rule.group.rule_set_id != draft.pk:
        raise Invalid("Choose a group of this draft.", field="group")
    check_rule(rule)
    rule.save()
    return rule


@transaction.atomic
def save_fit_rule(
    *, facts: Mapping[str, Any], by: User | None, at: datetime, rule_id: int | None = None
) -> FitRule:
    """Add a fact that gives points to the draft, or change one; raises Invalid naming the field."""
    draft = _open(by=by, at=at)
    rule = _part(FitRule, draft, rule_id)
    for name in ("label", "condition", "points", "is_active"):
        setattr(rule, name, facts.get(name, getattr(rule, name)))
    check_fit_rule(rule, at=at)
    rule.save()
    return rule


@transaction.atomic
def save_group(
    *, facts: Mapping[str, Any], by: User | None, at: datetime, group_id: int | None = None
) -> ScoreGroup:
    """Add a group to the draft, or change one; raises Invalid naming the field that does not fit."""
    draft = _open(by=by, at=at)
    group = _part(ScoreGroup, draft, group_id)
    for name in ("name", "half_life_days", "cap"):
        setattr(group, name, facts.get(name, getattr(group, name)))
    check_group(group)
    same = draft.groups.filter(name__iexact=group.name).exclude(pk=group.pk)
    if same.exists():
        raise Invalid(f"There is a group “{group}” already.", field="name")
    if group.pk is None:
        group.key = _free_key(draft, group.name)
    group.save()
    return group


@transaction.atomic
def save_bands(*, facts: Mapping[str, int | None], by: User | None, at: datetime) -> RuleSet:
    """Change the bands of the grade and the total cap; raises Invalid naming the field."""
    draft = _open(by=by, at=at)
    for name in BANDS:
        setattr(draft, name, facts.get(name, getattr(draft, name)))
    check_bands(draft)
    draft.save(update_fields=list(BANDS))
    return draft


@transaction.atomic
def remove_rule(*, rule_id: int, by: User | None, at: datetime) -> None:
    """Take a rule out of the draft."""
    _part(Rule, _open(by=by, at=at), rule_id).delete()


@transaction.atomic
def remove_fit_rule(*, rule_id: int, by: User | None, at: datetime) -> None:
    """Take a fact out of the draft."""
    _part(FitRule, _open(by=by, at=at), rule_id).delete()


@transaction.atomic
def remove_group(*, group_id: int, by: User | None, at: datetime) -> None:
    """Take a group out of the draft; raises Invalid while it has rules."""
    group = _part(ScoreGroup, _open(by=by, at=at), group_id)
    if group.rules.exists():
        raise Invalid(f"“{group}” still has rules: move or remove them first.")
    group.delete()


def _open(*, by: User | None, at: datetime) -> RuleSet:
    """The draft, locked for a change that is dated."""
    policies.check_may("edit_rules", by=by)
    draft = lock_draft()
    draft.changed_at = at
    draft.save(update_fields=["changed_at"])
    return draft


def _part(model: type[PartT], draft: RuleSet, pk: int | None) -> PartT:
    """A part of the draft, or a new one that comes last."""
    parts: models.QuerySet[PartT] = model._default_manager.filter(rule_set=draft)
    if pk is None:
        last = parts.aggregate(last=Max("position"))["last"]
        return model(rule_set=draft, position=0 if last is None else last + 1)
    found = parts.filter(pk=pk).first()
    if found is None:
        raise Conflict("This is not in the draft any more.")
    return found


def _free_key(draft: RuleSet, name: str) -> str:
    key = slugify(name)[:30] or "group"
    taken = set(draft.groups.values_list("key", flat=True))
    return next(one for one in (key, *(f"{key}-{n}" for n in range(2, 1_000))) if one not in taken)
