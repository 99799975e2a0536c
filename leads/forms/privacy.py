"""What is asked about consent, and before somebody is forgotten."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone

from leads.models import Consent

WORD = "erase"
SOURCES = [
    (words, words)
    for words in (
        "Phone call",
        "In person",
        "Paper form",
        "E-mail",
        "Letter",
        "Trade show",
        "Other",
    )
]


class ConsentForm(forms.Form):
    """What somebody said, written down by a colleague."""

    answer = forms.ChoiceField(
        choices=[("given", "They agree"), ("withdrawn", "They do not want it")],
        widget=forms.RadioSelect,
        label="What they said",
        error_messages={"required": "Say what they said."},
    )
    purpose = forms.ChoiceField(choices=Consent.Purpose.choices, label="About")
    source = forms.ChoiceField(
        choices=[("", "Choose how"), *SOURCES],
        label="How they said it",
        error_messages={"required": "Choose how they said it."},
    )
    on = forms.DateField(
        required=False,
        label="When",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Empty: just now. What was said last counts.",
    )
    note = forms.CharField(required=False, max_length=500, label="Note")
    wording = forms.CharField(
        required=False,
        max_length=4_000,
        label="Wording they agreed to",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="As it was read out or printed.",
    )

    def clean(self) -> dict[str, Any]:
        """Consent needs the words it was given to; nobody has said anything tomorrow."""
        values = super().clean() or {}
        if values.get("answer") == "given" and not values.get("wording"):
            self.add_error("wording", "Write down what they agreed to.")
        if (on := values.get("on")) and on > timezone.localdate():
            self.add_error("on", "This day has not come yet.")
        return values

    def at(self, now: datetime) -> datetime:
        """The moment it was said: the beginning of an earlier day, or now."""
        on = self.cleaned_data["on"]
        if not on or on == timezone.localdate(now):
            return now
        return timezone.make_aware(datetime.combine(on, time()))


class EraseForm(forms.Form):
    """The word that must be typed before somebody is forgotten for good."""

    word = forms.CharField(
        max_length=20,
        label=f"Type “{WORD}” to go on",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
        error_messages={"required": f"Type the word “{WORD}”."},
    )

    def clean_word(self) -> str:
        """The word itself."""
        word = str(self.cleaned_data["word"]).strip().lower()
        if word != WORD:
            raise forms.ValidationError(f"Type the word “{WORD}”.")
        return word


class AddressForm(forms.Form):
    """An address to look up among those that stay silent."""

    address = forms.CharField(
        max_length=254,
        label="E-mail address or phone number",
        error_messages={"required": "Give an address."},
    )
