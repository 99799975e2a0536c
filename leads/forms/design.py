"""What the pipeline designer asks: stages, hand-offs, what verbs ask for."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms

from leadflow.core.models import Calendar, Team, User
from leads import queries
from leads.models import Activity, Handoff, Reason, Stage, VerbRule
from leads.services import Side

Choices = Sequence[tuple[str, str]]
MINUTES = 60


def _teams() -> list[tuple[str, str]]:
    return [("", "No team"), *Team.objects.values_list("key", "name")]


def _several(label: str, choices: Choices, **kwargs: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        **kwargs,
    )


def _choice(label: str, choices: Choices, **kwargs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=False, **kwargs)


class NamedForm(forms.Form):
    """What every stage is called."""

    name = forms.CharField(max_length=80, error_messages={"required": "Give the stage a name."})
    abbreviation = forms.CharField(
        max_length=10,
        help_text="Up to ten characters, for charts",
        error_messages={"required": "Give the stage a short form."},
    )


class StageForm(NamedForm):
    """What is known of a stage of the path."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["team"] = _choice("Team that works in it", _teams())
        self.fields["normal_days"] = forms.IntegerField(
            label="Normal stay in days",
            required=False,
            min_value=1,
            max_value=3650,
            help_text="A lead that stays longer counts as stuck; empty: never",
        )
        self.fields["requires"] = _several(
            "Needed before a lead enters", queries.requirement_choices()
        )

    @staticmethod
    def values_of(stage: Stage) -> dict[str, Any]:
        """What the form shows of a stage at first."""
        return {
            "name": stage.name,
            "abbreviation": stage.abbreviation,
            "team": stage.owning_team.key if stage.owning_team else "",
            "normal_days": stage.normal_days,
            "requires": stage.requires,
        }


class NewStageForm(StageForm):
    """A stage to be added, and where."""

    def __init__(self, *args: Any, after: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [*after, ("", "At the beginning")]
        self.fields["after"] = _choice("Behind", choices)
        self.order_fields(["name", "abbreviation", "after"])


class DetourForm(NamedForm):
    """What is known of a stage off the path."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["revives_on"] = _several(
            "New interest: what brings a lead back",
            INTEREST,
            help_text="A lead that does one of these begins a new cycle at the start of the path.",
        )

    @staticmethod
    def values_of(stage: Stage) -> dict[str, Any]:
        """What the form shows of a stage at first."""
        return {
            "name": stage.name,
            "abbreviation": stage.abbreviation,
            "revives_on": stage.revives_on,
        }


INTEREST: list[tuple[str, str]] = [
    (str(kind.value), str(kind.label))
    for kind in (
        Activity.Kind.FORM,
        Activity.Kind.DOWNLOAD,
        Activity.Kind.EVENT,
        Activity.Kind.VIDEO,
        Activity.Kind.WEBINAR,
        Activity.Kind.PAGE_VIEW,
        Activity.Kind.EMAIL_CLICK,
        Activity.Kind.CALL,
    )
]


class RetireForm(forms.Form):
    """Where the leads of a retired stage go."""

    def __init__(self, *args: Any, preview: queries.Retirement, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        if preview.leads:
            self.fields["merge_into"] = forms.ChoiceField(
                label=f"Where {_leads(preview.leads)} go{'es' if preview.leads == 1 else ''}",
                choices=[("", "Choose a stage"), *preview.targets],
                error_messages={"required": "Choose where they go."},
            )


def _leads(count: int) -> str:
    return "its one lead" if count == 1 else f"its {count:,} leads"


class HandoffForm(forms.Form):
    """What two teams agree on at their boundary."""

    name = forms.CharField(max_length=80, error_messages={"required": "Give it a name."})
    target = forms.DecimalField(
        label="Acceptance target in %",
        min_value=0,
        max_value=100,
        max_digits=4,
        decimal_places=1,
        help_text="Accepted of all that were answered or expired",
    )
    respond_hours = forms.DecimalField(
        label="Time to respond in hours",
        min_value=Decimal("0.05"),
        max_value=8784,
        max_digits=7,
        decimal_places=2,
        help_text="0.25 is a quarter of an hour",
    )
    expire_hours = forms.DecimalField(
        label="Expires so many hours after it was due",
        required=False,
        min_value=0,
        max_value=8784,
        max_digits=7,
        decimal_places=2,
        help_text="Empty: it waits until somebody answers",
    )
    uses_business_time = forms.BooleanField(label="Count working hours only", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        calendars = [("", "The default calendar"), *Calendar.objects.values_list("key", "name")]
        self.fields["team"] = _choice("Team that answers", _teams())
        self.fields["calendar"] = _choice("Calendar", calendars)
        self.fields["escalate_to"] = _several(
            "Told when an answer is overdue",
            [(str(pk), name) for pk, name in _people()],
            help_text="Nobody chosen: all managers",
        )

    def settings(self) -> dict[str, Any]:
        """What was filled in, as the service takes it."""
        said = self.cleaned_data
        expire = said["expire_hours"]
        return {
            "name": said["name"],
            "target": float(said["target"]) / 100,
            "respond_within_minutes": round(said["respond_hours"] * MINUTES),
            "uses_business_time": said["uses_business_time"],
            "expire_after_minutes": None if expire is None else round(expire * MINUTES),
            "team": said["team"],
            "calendar": said["calendar"],
            "escalate_to": [int(pk) for pk in said["escalate_to"]],
        }

    @staticmethod
    def values_of(handoff: Handoff) -> dict[str, Any]:
        """What the form shows of a hand-off at first."""
        expire = handoff.expire_after_minutes
        return {
            "name": handoff.name,
            "target": f"{100 * float(handoff.target):g}",
            "respond_hours": f"{handoff.respond_within_minutes / MINUTES:g}",
            "uses_business_time": handoff.uses_business_time,
            "expire_hours": None if expire is None else f"{expire / MINUTES:g}",
            "team": handoff.receiving_team.key if handoff.receiving_team else "",
            "calendar": handoff.calendar.key if handoff.calendar else "",
            "escalate_to": [str(person.pk) for person in handoff.escalate_to.all()],
        }


def _people() -> list[tuple[int, str]]:
    return list(User.objects.filter(is_active=True).values_list("pk", "name"))


class NewHandoffForm(HandoffForm):
    """A hand-off to be added: between which stages, and the two that are created for it."""

    SIDES = (("offered", "Offered side"), ("accepted", "Accepted side"))

    def __init__(self, *args: Any, after: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["after"] = forms.ChoiceField(label="Behind which stage", choices=after)
        self.fields["team"] = forms.ChoiceField(
            label="Team that answers",
            choices=[("", "Choose a team"), *_teams()[1:]],
            error_messages={"required": "Somebody has to answer: choose the team."},
        )
        for side, words in self.SIDES:
            self.fields[f"{side}_name"] = forms.CharField(
                label=f"{words}: name of the stage", max_length=80
            )
            self.fields[f"{side}_abbreviation"] = forms.CharField(
                label=f"{words}: short form", max_length=10
            )
            self.fields[f"{side}_team"] = _choice(f"{words}: team", _teams())
        pairs = [f"{s}_{f}" for f in ("name", "abbreviation", "team") for s, _ in self.SIDES]
        self.order_fields(["name", "after", *pairs])
        self.initial = {"target": 100, "respond_hours": 24, **self.initial}

    def side(self, name: str) -> Side:
        """One of the two sides as it was filled in."""
        said = self.cleaned_data
        return Side(*(said[f"{name}_{fact}"] for fact in ("name", "abbreviation", "team")))


class VerbRuleForm(forms.Form):
    """What one verb asks for."""

    needs_reason = forms.BooleanField(label="Asks for a reason", required=False)
    needs_note = forms.BooleanField(label="Asks for a note", required=False)

    @staticmethod
    def values_of(rule: VerbRule) -> dict[str, Any]:
        """What the form shows of a verb at first."""
        return {"needs_reason": rule.needs_reason, "needs_note": rule.needs_note}


class ReasonForm(forms.Form):
    """A reason to choose from."""

    label = forms.CharField(
        label="Reason", max_length=120, error_messages={"required": "Put the reason in words."}
    )
    needs_note = forms.BooleanField(label="Needs a note that says more", required=False)
    cool_down_days = forms.IntegerField(
        label="Days of rest before the lead is offered again",
        min_value=0,
        max_value=3650,
        initial=0,
    )
    is_active = forms.BooleanField(label="Can be chosen", required=False, initial=True)

    @staticmethod
    def values_of(reason: Reason) -> dict[str, Any]:
        """What the form shows of a reason at first."""
        names = ("label", "needs_note", "cool_down_days", "is_active")
        return {name: getattr(reason, name) for name in names}
