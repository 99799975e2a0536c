"""What people fill in when they answer a lead, log a call or leave a remark."""

from typing import Any

from django import forms

from handoff.models import Feedback
from handoff.queries import Move
from handoff.services import OUTCOMES
from leads import queries as leads
from nurture.models import Task

CURRENCIES = [("EUR", "EUR"), ("USD", "USD"), ("GBP", "GBP"), ("CHF", "CHF")]


def _note(*, label: str = "Note", rows: int = 3, required: bool = False) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, required=required, max_length=4000, widget=widget)


class ActForm(forms.Form):
    """What one verb asks for: a coded reason with a note, or the amount expected."""

    def __init__(self, *args: Any, move: Move, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if move.asks_reason:
            self.fields["reason"] = _reason_field(move)
        if move.asks_reason or move.needs_note:
            self.fields["note"] = _note(label="Note", required=move.needs_note)
        if move.asks_amount:
            self.fields["amount"] = forms.DecimalField(
                label="Amount expected", min_value=0, max_digits=14, decimal_places=2
            )
            self.fields["currency"] = forms.ChoiceField(choices=CURRENCIES, initial="EUR")

    def said(self) -> dict[str, Any]:
        """What was filled in, as the verb takes it; what was left empty is left out."""
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}


def _reason_field(move: Move) -> forms.ChoiceField:
    reasons = leads.reasons_for(move.verb)
    choices = [
        (
            reason.code,
            f"{reason.label} (say more in the note)" if reason.needs_note else reason.label,
        )
        for reason in reasons
    ]
    return forms.ChoiceField(
        label="Reason",
        choices=[("", "Choose a reason"), *choices],
        required=move.needs_reason,
        error_messages={
            "required": "Choose a reason.",
            "invalid_choice": "Choose one of the reasons.",
        },
    )


class CallForm(forms.Form):
    """How a call went."""

    outcome = forms.ChoiceField(
        label="How did it go?",
        choices=[("", "Choose an outcome"), *OUTCOMES.items()],
        error_messages={"required": "Say how the call went."},
    )
    note = _note(label="What you learned")
    token = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)


class FeedbackForm(forms.Form):
    """A remark on a lead, the content it saw or its campaign."""

    about = forms.ChoiceField(label="About", choices=Feedback.About.choices)
    rating = forms.TypedChoiceField(
        label="Quality",
        choices=[("", "No rating"), *Feedback.Rating.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )
    note = _note(label="Remark", rows=2)


class TaskForm(forms.Form):
    """What became of a task."""

    outcome = forms.ChoiceField(
        label="What came of it?",
        choices=[("", "Choose an outcome"), *Task.Outcome.choices],
        error_messages={"required": "Say what came of it."},
    )
    note = _note()
