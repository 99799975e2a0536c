"""Versions of the rules: which there are, and in what one differs from another."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import QuerySet

from leads import queries as leads
from scoring.models import FitRule, Rule, RuleSet, ScoreGroup, ScoreRound

NOTHING = "none"
State = RuleSet.State


def versions() -> QuerySet[RuleSet]:
    """Every version that is or was in use, newest first."""
    used = RuleSet.objects.filter(state__in=[State.PUBLISHED, State.REPLACED])
    return used.select_related("author").order_by("-number")


def draft() -> RuleSet | None:
    """The version being written; None when nobody writes one."""
    return RuleSet.objects.filter(state=State.DRAFT).select_related("author").first()


@dataclass(frozen=True)
class Preparation:
    """A version on its way into use: how many parts of the work are done."""

    rule_set: RuleSet
    done: int
    parts: int


def preparation() -> Preparation | None:
    """The version being prepared; None when there is none."""
    rules = RuleSet.objects.filter(state=State.PREPARING).first()
    if rules is None:
        return None
    round_ = ScoreRound.objects.filter(rule_set=rules, finished_at=None).first()
    if round_ is None:
        return Preparation(rules, 0, 0)
    done = round_.parts.filter(done_at__isnull=False).count()
    return Preparation(rules, done, round_.parts.count())


@dataclass(frozen=True)
class Part:
    """A piece of a version as people see it: what it is called, and each of its facts in words."""

    name: str
    facts: dict[str, str] = field(default_factory=dict)


def differences(old: RuleSet, new: RuleSet) -> list[str]:
    """What `new` does differently, a sentence for each change; parts are told apart by their names."""
    found: list[str] = list(_facts_changed(_bands(old), _bands(new)))
    for parts in (_groups, _rules, _facts):
        found += _compare(parts(old), parts(new))
    return found


def rule_facts(rule: Rule) -> dict[str, str]:
    """What a rule asks for besides the kind of activity, in words."""
    named = {
        "asset": rule.asset and rule.asset.title,
        "kind of asset": rule.get_asset_kind_display() if rule.asset_kind else "",
        "product": rule.product and rule.product.name,
        "campaign": rule.campaign and rule.campaign.name,
        "form": rule.form and rule.form.name,
        "page": rule.url_pattern,
    }
    return {name: str(value) for name, value in named.items() if value}


def _compare(old: dict[str, Part], new: dict[str, Part]) -> Iterator[str]:
    for key, part in new.items():
        if key not in old:
            yield f"“{part.name}” added"
        else:
            yield from _facts_changed(old[key], part)
    yield from (f"“{part.name}” removed" for key, part in old.items() if key not in new)


def _facts_changed(old: Part, new: Part) -> Iterator[str]:
    for name in dict.fromkeys([*old.facts, *new.facts]):
        before, after = old.facts.get(name, NOTHING), new.facts.get(name, NOTHING)
        if before != after:
            yield f"{new.name and f'“{new.name}”, '}{name}: {before} → {after}"


def _bands(rules: RuleSet) -> Part:
    return Part(
        "",
        {
            "cap of all engagement": _count(rules.engagement_cap),
            "fit of grade A": str(rules.fit_a_from),
            "fit of grade B": str(rules.fit_b_from),
            "engagement of grade 1": str(rules.engagement_1_from),
            "engagement of grade 2": str(rules.engagement_2_from),
        },
    )


def _groups(rules: RuleSet) -> dict[str, Part]:
    return _by_name(
        Part(
            group.name,
            {"half-life in days": _count(group.half_life_days), "cap": _count(group.cap)},
        )
        for group in ScoreGroup.objects.filter(rule_set=rules)
    )


def _rules(rules: RuleSet) -> dict[str, Part]:
    return _by_name(
        Part(
            rule.label,
            {
                "points": str(rule.points),
                "counts": rule.limit_in_words,
                "group": rule.group.name,
                "activity": str(rule.get_kind_display()),
                "in use": "yes" if rule.is_active else "no",
            }
            | rule_facts(rule),
        )
        for rule in Rule.objects.filter(rule_set=rules).select_related(
            "group", "asset", "product", "campaign", "form"
        )
    )


def _facts(rules: RuleSet) -> dict[str, Part]:
    return _by_name(
        Part(
            rule.label,
            {
                "points": str(rule.points),
                "true when": leads.describe(rule.condition),
                "in use": "yes" if rule.is_active else "no",
            },
        )
        for rule in FitRule.objects.filter(rule_set=rules)
    )


def _by_name(parts: Iterable[Part]) -> dict[str, Part]:
    """Parts by their names; the second of a name is another part than the first."""
    found: dict[str, Part] = {}
    for part in parts:
        count = sum(key.startswith(f"{part.name}\n") for key in found)
        found[f"{part.name}\n{count}"] = part
    return found


def _count(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"
