"""The forms of the website, built from their rows."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.html import escape

from leadflow.core.errors import Invalid
from leads.engine.countries import COUNTRIES
from leads.engine.questions import Question, choose_questions
from leads.models import Form
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
FEW = 5  # answers that are shown at once rather than in a list
_COUNTRY_CHOICES = [("", "Choose …"), *COUNTRIES.items()]


class PublicForm(forms.Form):
    """A form of the website with the questions that are asked of somebody now.

    `asked`: their names where the page that was shown says so; `wording`: the consent it showed.
    """

    def __init__(
        self,
        form: Form,
        data: Any = None,
        *,
        asked: Collection[str] | None = None,
        wording: str | None = None,
        is_known: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(data, label_suffix="", **options)
        self.is_known = is_known
        if asked is None:
            chosen = choose_questions(form.questions, most=form.most_questions)
        else:
            chosen = [one for one in form.questions if one.is_shown and one.name in asked]
        for question in chosen:
            self.fields[question.name] = _field(question)
        text = form.consent_text if wording is None else wording
        if text:
            self.fields["consent"] = forms.BooleanField(
                label=text,
                required=form.consent_required,
                error_messages={"required": "Please agree to this; without it we cannot go on."},
            )

    def clean(self) -> dict[str, Any]:
        """Check what only makes sense together, by the rules that make a lead of it later."""
        values = super().clean() or {}
        if self.errors:
            return values
        try:
            read_facts(values, is_known=self.is_known)
        except Invalid as error:
            self.add_error(error.field if error.field in self.fields else None, str(error))
        return values

    def values(self) -> dict[str, Any]:
        """What was said, as JSON keeps it."""
        return {name: _plain(value) for name, value in self.cleaned_data.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date) else value


def _field(question: Question) -> forms.Field:
    said: dict[str, Any] = {
        "label": question.label,
        "required": question.is_required,
        "help_text": escape(question.help),  # Django takes hints for markup
        "error_messages": {"required": f"{question.label} is missing."},
    }
    build = _BUILDERS.get(question.kind, _line)
    field = build(question, said)
    if question.name in AUTOCOMPLETE:
        field.widget.attrs["autocomplete"] = AUTOCOMPLETE[question.name]
    return field


def _line(question: Question, said: dict[str, Any]) -> forms.Field:
    widget = forms.TextInput()
    if question.kind in {"email", "tel"}:
        widget.input_type = question.kind
    if question.name == "country":
        said["help_text"] = said["help_text"] or "Two letters, like DE"
    kind = forms.CharField
    if question.kind == "email" and question.name != "email":
        kind = forms.EmailField
    return kind(max_length=question.most, widget=widget, **said)


def _text(question: Question, said: dict[str, Any]) -> forms.Field:
    return forms.CharField(
        max_length=question.most, widget=forms.Textarea(attrs={"rows": 4}), **said
    )


def _choice(question: Question, said: dict[str, Any]) -> forms.Field:
    pairs = [(option, option) for option in question.options]
    if len(pairs) <= FEW:
        return forms.ChoiceField(choices=pairs, widget=forms.RadioSelect, **said)
    return forms.ChoiceField(choices=[("", "Choose …"), *pairs], **said)


def _choices(question: Question, said: dict[str, Any]) -> forms.Field:
    pairs = [(option, option) for option in question.options]
    return forms.MultipleChoiceField(choices=pairs, widget=forms.CheckboxSelectMultiple, **said)


def _country(question: Question, said: dict[str, Any]) -> forms.Field:
    return forms.ChoiceField(choices=_COUNTRY_CHOICES, **said)


def _checkbox(question: Question, said: dict[str, Any]) -> forms.Field:
    said["error_messages"] = {"required": "Please tick this."}
    return forms.BooleanField(**said)


def _number(question: Question, said: dict[str, Any]) -> forms.Field:
    return forms.DecimalField(max_digits=15, decimal_places=4, **said)


def _date(question: Question, said: dict[str, Any]) -> forms.Field:
    return forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **said
    )


_BUILDERS = {
    "textarea": _text,
    "choice": _choice,
    "choices": _choices,
    "country": _country,
    "checkbox": _checkbox,
    "number": _number,
    "date": _date,
}
