"""What is asked before many leads are moved at once."""

import uuid
from typing import Any

from django import forms
from django.utils import timezone

from leadflow.core.models import User
from leads import queries
from leads.engine.pipeline import Pipeline

CURRENCIES = [(code, code) for code in ("EUR", "USD", "GBP", "CHF")]


NOBODY = "nobody"


def _new_tag() -> forms.CharField:
    """A word, one of those in use or a new one."""
    return forms.CharField(
        label="Tag",
        max_length=60,
        help_text="A word to find them by again. One that nobody has used yet is made.",
        error_messages={"required": "Write the word to tag them with."},
    )


def _known_tag() -> forms.ChoiceField:
    return forms.ChoiceField(
        label="Tag",
        choices=[("", "Choose a tag"), *queries.tag_choices()],
        error_messages={
            "required": "Choose the tag to take off.",
            "invalid_choice": "Nobody uses this tag. Choose one of these.",
        },
    )


class BulkForm(forms.Form):
    """What one act on many leads asks for: a person, a hand-off, a reason, a note, an amount."""

    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(
        self, *args: Any, verb: str, pipeline: Pipeline, asks_amount: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if verb == "assign":
            people = User.objects.filter(is_active=True).order_by("name").values_list("pk", "name")
            self.fields["owner"] = forms.ChoiceField(
                label="New owner",
                choices=[("", "Choose a person"), *people, (NOBODY, "Nobody")],
                error_messages={
                    "required": "Choose who owns them from now on.",
                    "invalid_choice": "Choose one of these people.",
                },
            )
        if verb == "invite":
            self.fields["event"] = forms.ChoiceField(
                label="Event",
                choices=[
                    ("", "Choose an event"),
                    *queries.event_choices(today=timezone.localdate()),
                ],
                help_text="They go on its guest list as invited; nothing is sent by this.",
                error_messages={"required": "Choose the event."},
            )
        if verb == "tag":
            self.fields["tag"] = _new_tag()
        if verb == "untag":
            self.fields["tag"] = _known_tag()
        handoffs = [(handoff.key, handoff.name) for handoff in pipeline.handoffs]
        if verb == "offer" and len(handoffs) > 1:
            self.fields["towards"] = forms.ChoiceField(
                label="Hand-off",
                choices=[("", "The next one on each lead’s path"), *handoffs],
                required=False,
            )
        self._ask_why(verb, pipeline)
        if asks_amount:
            self._ask_amount()

    def _ask_why(self, verb: str, pipeline: Pipeline) -> None:
        reasons = list(queries.reasons_for(verb))
        if reasons:
            named = [
                (one.code, one.label + (" (say more in the note)" if one.needs_note else ""))
                for one in reasons
            ]
            self.fields["reason"] = forms.ChoiceField(
                label="Reason",
                choices=[("", "Choose a reason"), *named],
                required=verb in pipeline.needing_reason,
                error_messages={"required": "Choose a reason."},
            )
        if reasons or verb in pipeline.needing_note:
            self.fields["note"] = forms.CharField(
                label="Note",
                max_length=4_000,
                widget=forms.Textarea(attrs={"rows": 3}),
                required=verb in pipeline.needing_note,
                error_messages={"required": "Write a note."},
            )

    def _ask_amount(self) -> None:
        self.fields["amount"] = forms.DecimalField(
            label="Amount expected of each lead",
            min_value=0,
            max_digits=14,
            decimal_places=2,
            required=False,
            help_text="It replaces what was expected before. Left empty, leads without an amount "
            "stay where they are.",
        )
        self.fields["currency"] = forms.ChoiceField(choices=CURRENCIES, initial="EUR")

    def said(self) -> dict[str, Any]:
        """What was filled in, as the service takes it."""
        said = {name: value for name, value in self.cleaned_data.items() if name != "token"}
        if owner := said.get("owner"):
            said["owner"] = None if owner == NOBODY else int(owner)
        return said
