"""What is asked about campaigns, their costs, and the addresses they hand out."""

from datetime import date
from typing import Any

from django import forms
from django.utils.dateparse import parse_date
from django.utils.text import slugify

from content.models import Product
from leadflow.core.models import User
from leads.models import Campaign, CampaignCost

DAY = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
FACTS = ("name", "kind", "place", "starts_on", "ends_on", "expected_guests", "description")


class CampaignForm(forms.Form):
    """What is known of a campaign; the key is asked for once."""

    name = forms.CharField(max_length=120, error_messages={"required": "Give it a name."})
    key = forms.SlugField(
        max_length=60,
        required=False,
        help_text="Stands in links as utm_campaign and never changes. Left empty, it is made of the name.",
        error_messages={"invalid": "Use letters, digits, hyphens and underscores."},
    )
    kind = forms.ChoiceField(choices=Campaign.Kind.choices)
    product = forms.ChoiceField(required=False)
    owner = forms.ChoiceField(required=False)
    place = forms.CharField(
        max_length=200, required=False, help_text="City, hall, or a web address"
    )
    starts_on = forms.DateField(required=False, label="Starts on", widget=DAY)
    ends_on = forms.DateField(required=False, label="Ends on", widget=DAY)
    expected_guests = forms.IntegerField(
        required=False, min_value=0, max_value=1_000_000, help_text="Of an event"
    )
    description = forms.CharField(
        required=False, max_length=5_000, widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        if not is_new:
            del self.fields["key"]
        products = Product.objects.filter(is_active=True).values_list("pk", "name")
        people = User.objects.filter(is_active=True).order_by("name").values_list("pk", "name")
        for name, rows, nothing in (("product", products, "None"), ("owner", people, "Nobody")):
            field: Any = self.fields[name]
            kept = self.initial.get(name)
            known = list(rows)
            if kept and kept not in dict(known):  # switched off since: it stays until it is changed
                known.append((kept, "No longer in use"))
            field.choices = [("", nothing), *known]

    @staticmethod
    def values_of(campaign: Campaign) -> dict[str, Any]:
        """What the form shows of a campaign at first."""
        shown = {name: getattr(campaign, name) for name in FACTS}
        return shown | {"product": campaign.product_id, "owner": campaign.owner_id}

    def clean_name(self) -> str:
        """One line without surplus space."""
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean(self) -> dict[str, Any]:
        """A key of the name where none was given."""
        values = super().clean() or {}
        if "key" in self.fields and not values.get("key") and "key" not in self.errors:
            values["key"] = slugify(values.get("name", ""))[:60]
            if values.get("name") and not values["key"]:
                self.add_error("key", "This name makes no key. Write one, like spring-fair-2026.")
        return values

    def facts(self) -> dict[str, Any]:
        """What was filled in, as the service takes it."""
        values = self.cleaned_data
        facts = {name: values[name] for name in FACTS}
        ids = {
            f"{name}_id": int(values[name]) if values[name] else None
            for name in ("product", "owner")
        }
        return facts | ids


class MonthField(forms.CharField):
    """A month as browsers send it, 2026-03; any day of it will do."""

    def clean(self, value: Any) -> date:
        """The first day of the month."""
        text = str(super().clean(value)).strip()
        try:
            found = parse_date(text if len(text) > 7 else f"{text}-01")
        except ValueError:
            found = None
        if found is None or not 2000 <= found.year <= 2100:
            raise forms.ValidationError("Write the month like 2026-03.")
        return found.replace(day=1)


class CostForm(forms.Form):
    """What a campaign costs in one month."""

    month = MonthField(
        widget=forms.TextInput({"type": "month"}), error_messages={"required": "Choose the month."}
    )
    planned = forms.DecimalField(
        min_value=0,
        max_digits=12,
        decimal_places=2,
        required=False,
        widget=forms.TextInput({"inputmode": "decimal"}),
    )
    actual = forms.DecimalField(
        min_value=0,
        max_digits=12,
        decimal_places=2,
        required=False,
        label="Spent",
        help_text="Leave it empty while it is not known.",
        widget=forms.TextInput({"inputmode": "decimal"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    @staticmethod
    def values_of(cost: CampaignCost) -> dict[str, Any]:
        """What the form shows of a row at first."""
        return {"month": f"{cost.month:%Y-%m}", "planned": cost.planned, "actual": cost.actual}

    def clean_planned(self) -> Any:
        """Nothing planned is zero."""
        return self.cleaned_data["planned"] or 0
