"""The score worked out naively, one activity after another: what the statement must equal."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from leads.models import Activity
from scoring.models import Rule, RuleSet


def engagement(activities: Iterable[Activity], rule_set: RuleSet, at: datetime) -> float:
    """Engagement before rounding: limits → fade → sum → group cap → total cap."""
    past = sorted(
        (row for row in activities if row.occurred_at <= at and not row.is_automatic),
        key=lambda row: (row.occurred_at, row.pk),
    )
    by_group: dict[int, float] = defaultdict(float)
    caps = {}
    for rule in rule_set.rules.select_related("group"):
        caps[rule.group_id] = rule.group.cap
        for row in _counted(past, rule):
            by_group[rule.group_id] += _remaining(row, rule, at)
    total = 0.0
    for group_id, points in by_group.items():
        cap = caps[group_id]
        total += points if cap is None else min(points, cap)
    return total if rule_set.engagement_cap is None else min(total, rule_set.engagement_cap)


def _counted(past: list[Activity], rule: Rule) -> list[Activity]:
    counted: list[Activity] = []
    for row in past:
        if rule.is_active and _matches(row, rule) and _has_room(row, counted, rule):
            counted.append(row)
    return counted


def _matches(row: Activity, rule: Rule) -> bool:
    asset = row.asset
    if row.kind != rule.kind:
        return False
    if rule.asset_id and row.asset_id != rule.asset_id:
        return False
    if rule.asset_kind and (asset is None or asset.kind != rule.asset_kind):
        return False
    if rule.campaign_id and row.campaign_id != rule.campaign_id:
        return False
    if rule.product_id:
        return asset is not None and asset.products.filter(pk=rule.product_id).exists()
    return True


def _has_room(row: Activity, counted: list[Activity], rule: Rule) -> bool:
    if rule.limit == Rule.Limit.NONE:
        return True
    if rule.limit == Rule.Limit.ONCE:
        return not counted
    if rule.limit == Rule.Limit.AT_MOST:
        return len(counted) < rule.limit_count
    day = row.occurred_at.astimezone(UTC).date()
    same_day = [one for one in counted if one.occurred_at.astimezone(UTC).date() == day]
    return len(same_day) < rule.limit_count


def _remaining(row: Activity, rule: Rule, at: datetime) -> float:
    half_life = rule.group.half_life_days
    if rule.points < 0 or half_life is None:
        return float(rule.points)
    days = (at - row.occurred_at).total_seconds() / 86_400
    return rule.points * 0.5 ** (days / half_life)
