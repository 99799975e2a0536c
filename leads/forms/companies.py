"""What is asked about a company."""

from typing import Any

from django import forms

from leads.models import Company

FACTS = ("name", "domain", "industry", "employees", "country")


class CompanyForm(forms.Form):
    """What we know of a company, corrected by hand."""

    name = forms.CharField(max_length=200, error_messages={"required": "A company has a name."})
    domain = forms.CharField(
        max_length=200, required=False, help_text="Of its website and e-mail, like acme.com"
    )
    industry = forms.CharField(max_length=80, required=False)
    employees = forms.IntegerField(min_value=0, max_value=10_000_000, required=False)
    country = forms.RegexField(
        "^[A-Za-z]{2}$",
        required=False,
        help_text="Two letters, like DE",
        error_messages={"invalid": "Write the country as two letters, like DE."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    @staticmethod
    def values_of(company: Company) -> dict[str, Any]:
        """What the form shows of a company at first."""
        return {name: getattr(company, name) for name in FACTS}

    def clean_name(self) -> str:
        """One line without surplus space, as imports write it."""
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean_domain(self) -> str:
        """A bare domain, also of an address that was pasted in."""
        text = str(self.cleaned_data["domain"]).strip().lower()
        return text.removeprefix("https://").removeprefix("http://").partition("/")[0]

    def clean_country(self) -> str:
        """Codes are upper case."""
        return str(self.cleaned_data["country"]).upper()
