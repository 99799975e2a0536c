"""The form of an asset."""

from typing import Any

from django import forms

from content.models import Asset, Persona
from content.queries import stage_choices
from content.rendering import check_template
from leadflow.core.errors import Invalid


class AssetForm(forms.ModelForm):
    """What a marketer writes about a piece of content; texts are tried before they are kept."""

    personas = forms.MultipleChoiceField(
        choices=Persona.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: suits everybody.",
    )
    stages = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: suits every stage.",
    )

    class Meta:
        model = Asset
        fields = (
            "title",
            "kind",
            "subject",
            "summary",
            "body",
            "products",
            "personas",
            "stages",
            "is_public",
        )
        widgets = {
            "summary": forms.Textarea(attrs={"rows": 2}),
            "body": forms.Textarea(attrs={"rows": 16, "spellcheck": "true", "class": "mono"}),
            "products": forms.CheckboxSelectMultiple,
        }
        labels = {"is_public": "Everybody may read it at its public address"}
        help_texts = {
            "subject": "For e-mails and letters. Fields such as {{ lead.first_name }} work, too.",
            "products": "None ticked: suits every product.",
            "body": "Empty lines part paragraphs. # heading, - list, **bold**, [link](https://…), "
            "{{ lead.first_name | default: &quot;there&quot; }}.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stages"].choices = stage_choices()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Name the field whose text could not be sent."""
        values = super().clean() or {}
        for name in ("subject", "body"):
            try:
                check_template(values.get(name, ""), field=name)
            except Invalid as error:
                self.add_error(name, str(error))
        if values.get("kind") == Asset.Kind.EMAIL and not values.get("subject", "").strip():
            self.add_error("subject", "An e-mail needs a subject.")
        return values
