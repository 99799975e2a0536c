"""Forms around the list of leads: somebody new, and a list kept under a name."""

from typing import Any

from django import forms

from leadflow.core.models import User
from leads.forms.people import FactsForm

NOBODY = "nobody"


class NewLeadForm(FactsForm):
    """Somebody written down by hand."""

    source = forms.CharField(
        max_length=80,
        required=False,
        help_text="Where they came from: trade show, phone, referral …",
    )


class ViewForm(forms.Form):
    """The name of a list that is kept, and whether everybody sees it."""

    name = forms.CharField(max_length=60, error_messages={"required": "Give the view a name."})
    is_shared = forms.BooleanField(
        label="Share it with everybody",
        required=False,
        help_text="Each sees in it the leads that they may see.",
    )

    def __init__(self, *args: Any, may_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        if not may_share:
            del self.fields["is_shared"]


class OwnerForm(forms.Form):
    """Who owns a lead from now on."""

    owner = forms.ChoiceField(
        label="Owner",
        error_messages={"invalid_choice": "Choose one of these people."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        people = User.objects.filter(is_active=True).order_by("name").values_list("pk", "name")
        field: Any = self.fields["owner"]
        field.choices = [*people, (NOBODY, "Nobody")]

    @property
    def chosen(self) -> User | None:
        """The new owner."""
        said = self.cleaned_data["owner"]
        return None if said == NOBODY else User.objects.get(pk=int(said))
