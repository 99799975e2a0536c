"""What is asked about a segment beside its condition."""

from django import forms


class SegmentForm(forms.Form):
    """The name of a segment, and what it is for."""

    name = forms.CharField(
        label="Name", max_length=120, error_messages={"required": "Give the segment a name."}
    )
    description = forms.CharField(
        label="What is it for?",
        max_length=1_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Colleagues read it in the list.",
    )
