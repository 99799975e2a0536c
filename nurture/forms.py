"""Forms of the program pages."""

from typing import Any

from django import forms

from content.models import Asset, Persona, Product
from nurture.models import Channel, Program, Step

CONTENT = {
    Channel.EMAIL: Asset.Kind.EMAIL,
    Channel.LETTER: Asset.Kind.LETTER,
    Channel.CALL: Asset.Kind.CALL_GUIDE,
}


class DayForm(forms.Form):
    """The day of a step."""

    day = forms.IntegerField(min_value=0, max_value=3650, label="Day")


class SlotForm(forms.Form):
    """Content of a step for a product and a persona."""

    step = forms.ModelChoiceField(Step.objects.none(), label="Step", empty_label=None)
    product = forms.ModelChoiceField(
        Product.objects.filter(is_active=True), required=False, empty_label="Every product"
    )
    persona = forms.ChoiceField(choices=[("", "Every persona"), *Persona.choices], required=False)
    asset = forms.ModelChoiceField(Asset.objects.none(), label="Content", empty_label="Choose …")

    def __init__(self, *args: Any, program: Program, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = program.steps.filter(is_active=True).order_by("day", "position")
        assets = Asset.objects.filter(kind__in=set(CONTENT.values())).order_by("kind", "title")
        self.fields["step"].queryset = steps  # type: ignore[attr-defined]
        self.fields["asset"].queryset = assets  # type: ignore[attr-defined]
