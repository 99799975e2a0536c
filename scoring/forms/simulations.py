"""What is asked before the past is replayed."""

from typing import Any

from django import forms

from leads.models import Handoff
from scoring.models import LeadDefinition
from scoring.services import MONTHS, Question

IN_USE, DRAFT = "in_use", "draft"


class SimulationForm(forms.Form):
    """Which agreement and which points are to be replayed, and how far back."""

    handoff = forms.ChoiceField(label="Hand-off")
    definition = forms.ChoiceField(
        label="Lead definition",
        choices=[(IN_USE, "The one in effect"), (DRAFT, "The proposed one")],
    )
    rules = forms.ChoiceField(
        label="Points", choices=[(IN_USE, "The version in use"), (DRAFT, "The draft")]
    )
    months = forms.TypedChoiceField(
        label="How far back",
        choices=[(months, f"{months} months") for months in MONTHS],
        coerce=int,
        initial=6,
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        state = LeadDefinition.State
        agreed = LeadDefinition.objects.filter(state__in=[state.SIGNED, state.DRAFT])
        handoffs = Handoff.objects.filter(is_active=True, pk__in=agreed.values("handoff"))
        self.fields["handoff"].choices = [  # type: ignore[attr-defined]
            (handoff.key, handoff.name) for handoff in handoffs
        ]

    def question(self) -> Question:
        """What the service is asked."""
        said = self.cleaned_data
        return Question(
            handoff_key=said["handoff"],
            uses_draft_definition=said["definition"] == DRAFT,
            uses_draft_rules=said["rules"] == DRAFT,
            months=said["months"],
        )
