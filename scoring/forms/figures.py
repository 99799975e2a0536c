"""Every figure of a draft in one form: points in place, half-lives and caps at their groups."""

from typing import Any

from django import forms

from scoring.models import RuleSet, ScoreGroup
from scoring.models.points import MOST_POINTS
from scoring.services import Figures

MOST = 100_000


class FiguresForm(forms.Form):
    """The figures of a draft, changed where they stand."""

    def __init__(self, rule_set: RuleSet, data: Any = None) -> None:
        super().__init__(data)
        self.groups = list(rule_set.groups.all())
        self.rules = list(rule_set.rules.all())
        self.fit_rules = list(rule_set.fit_rules.all())
        for rule in self.rules:
            self.fields[f"rule_{rule.pk}"] = _points(rule.label, rule.points)
        for fit_rule in self.fit_rules:
            self.fields[f"fit_{fit_rule.pk}"] = _points(fit_rule.label, fit_rule.points)
        for group in self.groups:
            self._add_group(group)

    def _add_group(self, group: ScoreGroup) -> None:
        label = f"Half-life of “{group}” in days"
        self.fields[f"half_life_{group.pk}"] = _count(label, group.half_life_days, least=1)
        self.fields[f"cap_{group.pk}"] = _count(f"Cap of “{group}”", group.cap, least=0)

    def figures(self) -> Figures:
        """What the form says, for the service."""
        said = self.cleaned_data
        return Figures(
            rule_points={rule.pk: said[f"rule_{rule.pk}"] for rule in self.rules},
            fit_points={rule.pk: said[f"fit_{rule.pk}"] for rule in self.fit_rules},
            half_lives={group.pk: said[f"half_life_{group.pk}"] for group in self.groups},
            caps={group.pk: said[f"cap_{group.pk}"] for group in self.groups},
        )


def _points(label: str, value: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=f"Points for “{label}”",
        initial=value,
        min_value=-MOST_POINTS,
        max_value=MOST_POINTS,
        error_messages={"invalid": "Give whole points, like 10 or −5."},
    )


def _count(label: str, value: int | None, *, least: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, initial=value, min_value=least, max_value=MOST, required=False
    )
