"""Forms about one person: facts corrected by hand, notes."""

from typing import Any

from django import forms

from content.models import Persona
from leadflow.core.errors import Invalid
from leads import queries
from leads.engine.identity import normalize_email, normalize_phone
from leads.models import Activity, Lead


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
