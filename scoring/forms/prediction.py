"""Switching prediction on and off."""

from typing import Any

from django import forms

from scoring.models import PredictionSetting


class PredictionForm(forms.Form):
    """Whether chances are worked out, and within how many days a lead has to become a customer."""

    is_on = forms.BooleanField(
        label="Work out the chance of every open lead",
        required=False,
        help_text="Switched off, chances disappear from pages, lists and conditions.",
    )
    horizon_days = forms.IntegerField(
        label="Becomes a customer within (days)",
        min_value=14,
        max_value=730,
        help_text="About as long as it usually takes. Another span is learned anew.",
    )

    def __init__(self, setting: PredictionSetting, data: Any = None) -> None:
        initial = {"is_on": setting.is_on, "horizon_days": setting.horizon_days}
        super().__init__(data, initial=initial)
