"""The score worked out naively, one activity after another: what the statement must equal."""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from leads.models import Activity, FormSubmission
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
            by_group[rule.group_id] += remaining(row, rule, at)
    total = 0.0
    for group_id, points in by_group.items():
        cap = caps[group_id]
        total += points if cap is None else min(points, cap)
    return total if rule_set.engagement_cap is None else min(total, rule_set.engagement_cap)


def interest(activities: Iterable[Activity], rule_set: RuleSet, at: datetime) -> dict[int, float]:
    """What is left of the points around each product, by its id."""
    past = sorted(
        (row for row in activities if row.occurred_at <= at and not row.is_automatic),
        key=lambda row: (row.occurred_at, row.pk),
    )
    points: dict[int, float] = defaultdict(float)
    for rule in rule_set.rules.select_related("group"):
        for row in _counted(past, rule):
            for product in products_of(row):
                points[product] += max(remaining(row, rule, at), 0)
    return {product: left for product, left in points.items() if left > 0}


def products_of(row: Activity) -> set[int]:
    """The products of its asset; without an asset that of its campaign, else of its form."""
    if row.asset is not None:
        return {product.pk for product in row.asset.products.all()}
    form = form_of(row)
    found = (row.campaign.product_id if row.campaign else None) or (form and form.product_id)
    return {found} if found else set()


def form_of(row: Activity):
    """The form that was sent, where the activity came from one."""
    if row.source_kind != "submission":
        return None
    return FormSubmission.objects.get(pk=row.source_id).form


def matches_page(url: str, pattern: str) -> bool:
    """Whether an address is one of those that a pattern names."""
    bare = re.sub(r"^[a-z][a-z0-9+.-]*://", "", re.split("[?#]", url)[0].lower()).rstrip("/")
    site, slash, path = bare.partition("/")
    address = f"{site}/{path}" if slash else f"{site}/"
    subject = f"/{path}" if pattern.startswith("/") else address
    wanted = "".join(".*" if sign == "*" else re.escape(sign) for sign in pattern)
    return re.fullmatch(wanted, subject, re.DOTALL) is not None


def remaining(row: Activity, rule: Rule, at: datetime) -> float:
    """What is left of the points of one activity."""
    half_life = rule.group.half_life_days
    if rule.points < 0 or half_life is None:
        return float(rule.points)
    days = (at - row.occurred_at).total_seconds() / 86_400
    return rule.points * 0.5 ** (days / half_life)


def _counted(past: list[Activity], rule: Rule) -> list[Activity]:
    counted: list[Activity] = []
    for row in past:
        if rule.is_active and _matches(row, rule) and _has_room(row, counted, rule):
            counted.append(row)
    return counted


def _matches(row: Activity, rule: Rule) -> bool:
    asset, form = row.asset, form_of(row)
    return (
        row.kind == rule.kind
        and (not rule.asset_id or row.asset_id == rule.asset_id)
        and (not rule.asset_kind or (asset is not None and asset.kind == rule.asset_kind))
        and (not rule.campaign_id or row.campaign_id == rule.campaign_id)
        and (not rule.product_id or rule.product_id in products_of(row))
        and (not rule.form_id or (form is not None and form.pk == rule.form_id))
        and (not rule.url_pattern or (row.url != "" and matches_page(row.url, rule.url_pattern)))
    )


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
