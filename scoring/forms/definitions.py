"""What is asked about a lead definition."""

from typing import Any

from django import forms

from scoring.engine.definitions import threshold
from scoring.models import LeadDefinition
from scoring.models.points import MOST_POINTS


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
