"""Forms of the scoring pages; each is made from the version it changes."""

from typing import Any

from django import forms

from scoring.engine.definitions import threshold
from scoring.models import LeadDefinition, RuleSet, ScoreGroup
from scoring.models.points import MOST_POINTS
from scoring.services import Changes

MOST = 100_000


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


class PointsForm(forms.Form):
    """Every figure of one version of the rules, to publish the next one."""

    base = forms.IntegerField(widget=forms.HiddenInput)
    comment = forms.CharField(
        label="What is this change for?",
        max_length=200,
        required=False,
        help_text="Colleagues read it in the list of versions.",
    )

    def __init__(self, rule_set: RuleSet, data: Any = None) -> None:
        super().__init__(data, initial={"base": rule_set.number})
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

    def changes(self) -> Changes:
        """What the form says, for the service."""
        said = self.cleaned_data
        return Changes(
            rule_points={rule.pk: said[f"rule_{rule.pk}"] for rule in self.rules},
            fit_points={rule.pk: said[f"fit_{rule.pk}"] for rule in self.fit_rules},
            half_lives={group.pk: said[f"half_life_{group.pk}"] for group in self.groups},
            caps={group.pk: said[f"cap_{group.pk}"] for group in self.groups},
        )


class DefinitionForm(forms.Form):
    """The threshold of a lead definition, and how the change takes effect."""

    points = forms.IntegerField(
        label="A lead needs a score of at least", min_value=1, max_value=MOST_POINTS
    )
    takes_effect = forms.ChoiceField(
        label="Once both have signed, it takes effect",
        choices=LeadDefinition.TakesEffect.choices,
        widget=forms.RadioSelect,
        initial=LeadDefinition.TakesEffect.NEXT_ACTIVITY,
    )
    comment = forms.CharField(
        label="Why?",
        max_length=300,
        required=False,
        help_text="Both sides read this before they sign.",
    )

    def __init__(self, definition: LeadDefinition, data: Any = None) -> None:
        super().__init__(data, initial={"points": threshold(definition.condition)})
