"""What a reader narrows a report to: a period of days, and what to split it by."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms

from reports.engine.periods import Period
from reports.queries import Dimension

CUSTOM = "custom"
PERIODS = {"30": "Last 30 days", "90": "Last 90 days", "365": "Last 365 days", "all": "All time"}
DEFAULT = "365"


class ReportFilter(forms.Form):
    """Period, and with `dimensions` what to split by; read through `period` and `by` once valid."""

    period = forms.ChoiceField(
        choices=[*PERIODS.items(), (CUSTOM, "Own dates")], required=False, label="Period"
    )

    def __init__(
        self,
        params: Mapping[str, Any],
        *,
        today: date,
        dimensions: Mapping[str, Dimension],
        handoffs: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Fill in what `params` leave out: dates alone mean own dates, nothing the default."""
        self.today = today
        given = {name: params.get(name, "") for name in ("period", "from", "to", "by", "handoff")}
        has_dates = bool(given["from"] or given["to"])
        given["period"] = given["period"] or (CUSTOM if has_dates else DEFAULT)
        super().__init__(given)
        if given["period"] == CUSTOM:
            self.fields["from"] = _day("From")
            self.fields["to"] = _day("To")
        if handoffs:
            choices = [("", "All of them"), *handoffs]
            widget = forms.Select() if len(handoffs) > 1 else forms.HiddenInput()
            self.fields["handoff"] = forms.ChoiceField(
                choices=choices, required=False, label="Hand-off", widget=widget
            )
        if dimensions:
            choices = [("", "Nothing"), *((key, one.name) for key, one in dimensions.items())]
            self.fields["by"] = forms.ChoiceField(choices=choices, required=False, label="Split by")

    def clean(self) -> dict[str, Any]:
        """The dates follow each other."""
        values: dict[str, Any] = super().clean() or {}
        first, last = values.get("from"), values.get("to")
        if first and last and first > last:
            self.add_error("to", "This day lies before the first one.")
        return values

    @property
    def chosen(self) -> Period:
        """The period that was asked for."""
        name = self.cleaned_data["period"]
        if name == CUSTOM:
            return Period(first=self.cleaned_data.get("from"), last=self.cleaned_data.get("to"))
        return Period() if name == "all" else Period.last_days(int(name), today=self.today)

    @property
    def by(self) -> str | None:
        """The key of the dimension to split by."""
        return self.cleaned_data.get("by") or None

    @property
    def handoff(self) -> str | None:
        """The key of the one hand-off to show."""
        return self.cleaned_data.get("handoff") or None

    @property
    def words(self) -> str:
        """The period as the end of a sentence: "in the last 90 days", "since 1 Mar 2026"."""
        name, period = self.cleaned_data["period"], self.chosen
        if name in PERIODS and name != "all":
            return f"in the {PERIODS[name].lower()}"
        if period.first and period.last:
            return f"from {_said(period.first)} to {_said(period.last)}"
        if period.first:
            return f"since {_said(period.first)}"
        return f"until {_said(period.last)}" if period.last else "since the beginning"


def _day(label: str) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    wrong = {"invalid": "This is no date; write it like 2026-03-31."}
    return forms.DateField(
        label=label, required=False, widget=widget, input_formats=["%Y-%m-%d"], error_messages=wrong
    )


def _said(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
