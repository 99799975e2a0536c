"""Versions of the rules as the tests write, publish and compare them."""

from typing import Any

from scoring import queries
from scoring import services as scoring
from scoring.models import FitRule, Rule, RuleSet, ScoreGroup


def rule(label: str) -> Rule:
    return Rule.objects.get(label=label, rule_set=queries.current_rules())


def everything() -> tuple[Any, ...]:
    return tuple(
        list(model.objects.order_by("pk").values())
        for model in (RuleSet, ScoreGroup, Rule, FitRule)
    )


def publish(by=None, *, at, comment: str = "", **figures: Any) -> RuleSet:
    """Write a draft with these figures, publish it, and prepare it until it is in use."""
    scoring.start_draft(by=by, at=at)
    scoring.change_figures(figures=scoring.Figures(**figures), by=by, at=at)
    rules = scoring.publish_draft(by=by, at=at, comment=comment)
    while scoring.refresh_scores(at=at):
        pass
    return rules


def in_draft(label: str) -> int:
    """The id of a rule in the draft."""
    return Rule.objects.get(label=label, rule_set__state="draft").pk
