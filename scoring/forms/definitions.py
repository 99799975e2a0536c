"""What is asked about a lead definition: three conditions, and how it takes effect."""

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from leadflow.core.errors import DomainError, Invalid
from leads.forms.conditions import Builder
from scoring.models import LeadDefinition
from scoring.models.definitions import nobody

Takes, Order = LeadDefinition.TakesEffect, LeadDefinition.Order
BUILDERS = {"condition": "c", "hand_raise": "h", "exclusions": "x"}


class DefinitionForm(forms.Form):
    """How a version takes effect, and why it is proposed."""

    takes_effect = forms.ChoiceField(
        label="Who fulfils it already is offered",
        choices=[
            (Takes.NEXT_ACTIVITY, "when they do something the next time"),
            (Takes.DAILY, "at most so many a day"),
            (Takes.EVERYBODY, "all at once"),
        ],
        widget=forms.RadioSelect,
        initial=Takes.NEXT_ACTIVITY,
        help_text="Whoever comes to fulfil it later is offered at that moment.",
    )
    a_day = forms.IntegerField(
        label="At most, a day", min_value=1, required=False, help_text="Only for “so many a day”"
    )
    first_come = forms.ChoiceField(
        label="Of these, first come those", choices=[
            (Order.OLDEST, "who have waited longest"), (Order.SCORE, "with the highest score")
        ], required=False, initial=Order.OLDEST,
    )  # fmt: skip
    starts_on = forms.DateField(
        label="Not before",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Empty: as soon as both sides have signed",
    )
    comment = forms.CharField(
        label="Why?",
        max_length=300,
        required=False,
        help_text="Both sides read this before they sign.",
    )
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)


class Proposal:
    """The whole page: the form, and a builder for each condition."""

    def __init__(self, form: DefinitionForm, builders: dict[str, Builder]) -> None:
        self.form = form
        self.builders = builders
        self.error = ""

    @classmethod
    def of(cls, definition: LeadDefinition | None) -> "Proposal":
        """The text of a version, to be changed; an empty one without it."""
        first = definition or LeadDefinition(condition={"all": []})
        day = first.starts_at and timezone.localdate(first.starts_at)
        initial = {"starts_on": day} | {
            name: getattr(first, name)
            for name in ("takes_effect", "a_day", "first_come", "comment", "revision")
        }
        builders = {
            name: Builder.of(getattr(first, name), name=key) for name, key in BUILDERS.items()
        }
        if builders["condition"].is_blank:
            builders["condition"] = Builder.blank()
        return cls(DefinitionForm(initial=initial), builders)

    @classmethod
    def read(cls, data: QueryDict) -> "Proposal":
        """What was sent."""
        builders = {name: Builder.read(data, name=key) for name, key in BUILDERS.items()}
        return cls(DefinitionForm(data), builders)

    def edit(self, act: str) -> bool:
        """Do what a button of a builder asks for; False when it is none of theirs."""
        place = act.partition(":")[2][:1]
        chosen = next((one for one in self.builders.values() if one.name == place), None)
        return chosen is not None and chosen.edit(act)

    def terms(self) -> dict[str, Any]:
        """All that was said, for the service; raises Invalid, with the faults where they belong."""
        conditions: dict[str, Any] = {}
        for name, builder in self.builders.items():
            try:
                conditions[name] = nobody() if _asks_nothing(name, builder) else builder.condition()
            except Invalid as error:
                builder.error = str(error)
        if not self.form.is_valid() or len(conditions) < len(self.builders):
            raise Invalid("Finish what is marked below.")
        said = dict(self.form.cleaned_data)
        day = said.pop("starts_on")
        said.pop("revision")
        said["first_come"] = said["first_come"] or Order.OLDEST
        return said | conditions | {"starts_at": _begin_of(day) if day else None}

    def tell(self, error: DomainError) -> None:
        """Show what a service refused where it belongs."""
        if error.field in self.builders:
            self.builders[error.field].error = str(error)
        elif (
            field := {"starts_at": "starts_on"}.get(error.field, error.field)
        ) in self.form.fields:
            self.form.add_error(field, str(error))
        else:
            self.error = str(error)


def _asks_nothing(name: str, builder: Builder) -> bool:
    return name != "condition" and builder.is_blank


def _begin_of(day: date) -> datetime:
    """The first moment of a day in the zone of the reader."""
    return timezone.make_aware(datetime.combine(day, time.min))
