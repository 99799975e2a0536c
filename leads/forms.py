"""Forms that people fill in: the public ones built from rows, facts, notes."""

import uuid
from typing import Any

from django import forms

from content.models import Persona
from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads import queries
from leads.engine.identity import normalize_email, normalize_phone
from leads.engine.pipeline import Pipeline
from leads.models import Activity, Form, Lead
from leads.services import read_facts

HONEYPOT = "website"
AUTOCOMPLETE = {
    "first_name": "given-name",
    "last_name": "family-name",
    "email": "email",
    "phone": "tel",
    "company": "organization",
    "job_title": "organization-title",
    "country": "country",
}
LONGEST = {"email": 254, "phone": 40, "company": 200, "country": 2, "message": 5_000}
NAMES = frozenset(AUTOCOMPLETE) | {"message"}


class PublicForm(forms.Form):
    """A form of the website, with the fields its row lists."""

    def __init__(self, form: Form, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        for described in form.fields:
            if described.get("name") in NAMES:
                self.fields[described["name"]] = _field(described)
        if form.consent_text:
            self.fields["consent"] = forms.BooleanField(label=form.consent_text, required=False)

    def clean(self) -> dict[str, Any]:
        """Check what only makes sense together, by the rules that make a lead of it later."""
        values = super().clean() or {}
        if self.errors:
            return values
        try:
            read_facts(values)
        except Invalid as error:
            self.add_error(error.field if error.field in self.fields else None, str(error))
        return values


def _field(described: dict[str, Any]) -> forms.Field:
    name = described["name"]
    widget: forms.Widget = forms.TextInput()
    if name == "message" or described.get("type") == "textarea":
        widget = forms.Textarea(attrs={"rows": 4})
    elif described.get("type") in {"email", "tel"}:
        widget.input_type = described["type"]  # type: ignore[attr-defined]
    if name in AUTOCOMPLETE:
        widget.attrs["autocomplete"] = AUTOCOMPLETE[name]
    label = str(described.get("label") or name.replace("_", " ").capitalize())
    return forms.CharField(
        label=label,
        required=bool(described.get("required")),
        max_length=LONGEST.get(name, 120),
        widget=widget,
        help_text="Two letters, like DE" if name == "country" else "",
        error_messages={"required": f"{label} is missing."},
    )


class FactsForm(forms.Form):
    """What we know of a person, corrected by hand."""

    first_name = forms.CharField(max_length=120, required=False)
    last_name = forms.CharField(max_length=120, required=False)
    email = forms.CharField(max_length=254, required=False, label="E-mail", widget=forms.EmailInput)
    phone = forms.CharField(max_length=60, required=False, help_text="With country code: +49 …")
    job_title = forms.CharField(max_length=120, required=False)
    company = forms.CharField(max_length=200, required=False)
    persona = forms.ChoiceField(choices=Persona.choices)
    country = forms.CharField(max_length=2, required=False, help_text="Two letters, like DE")
    language = forms.CharField(max_length=10, required=False)
    products = forms.MultipleChoiceField(
        required=False, label="Products of interest", widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        products: Any = self.fields["products"]
        products.choices = queries.product_choices()

    @staticmethod
    def values_of(lead: Lead) -> dict[str, Any]:
        """What the form shows of a lead at first."""
        names = [
            "first_name",
            "last_name",
            "email",
            "phone",
            "job_title",
            "persona",
            "country",
            "language",
        ]
        return {name: getattr(lead, name) for name in names} | {
            "company": lead.company.name if lead.company else "",
            "products": [product.key for product in lead.products.all()],
        }

    def clean_country(self) -> str:
        """Codes are upper case."""
        return str(self.cleaned_data["country"]).upper()

    def clean(self) -> dict[str, Any]:
        """Addresses and numbers in the form they are compared in."""
        values = super().clean() or {}
        for name, normalize in (
            ("email", lambda text: normalize_email(text)),
            ("phone", lambda text: normalize_phone(text, values.get("country", ""))),
        ):
            try:
                values[name] = normalize(values.get(name, ""))
            except Invalid as error:
                self.add_error(name, str(error))
        return values


class NoteForm(forms.Form):
    """Something worth keeping: a note, or a call that was made."""

    KINDS = ((Activity.Kind.NOTE.value, "Note"), (Activity.Kind.CALL.value, "Call"))

    kind = forms.ChoiceField(choices=KINDS, initial=Activity.Kind.NOTE.value)
    text = forms.CharField(
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write what is worth keeping."},
    )


CURRENCIES = [(code, code) for code in ("EUR", "USD", "GBP", "CHF")]


class BulkForm(forms.Form):
    """What one act on many leads asks for: a person, a hand-off, a reason, a note, an amount."""

    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(
        self, *args: Any, verb: str, pipeline: Pipeline, asks_amount: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if verb == "assign":
            self.fields["owner"] = forms.ModelChoiceField(
                User.objects.filter(is_active=True).order_by("name"),
                label="New owner",
                required=False,
                empty_label="Nobody",
            )
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
        if isinstance(owner := said.get("owner"), User):
            said["owner"] = owner.pk
        return said
