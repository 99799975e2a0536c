"""What is asked about one part of a draft: a rule, a fact, a group, the grades."""

from typing import Any

from django import forms
from django.db.models import Model, QuerySet

from content.models import Asset, Product
from leads.models import Activity, Campaign, Form
from scoring.models import Rule, RuleSet, ScoreGroup
from scoring.models.points import MOST_POINTS

MOST_CHOICES = 500
MOST = 100_000
ANY = "Any"
ORDER = (
    *("label", "group", "kind", "points", "limit", "limit_count"),
    *("asset_kind", "asset", "product", "campaign", "form", "url_pattern", "is_active"),
)


def _points() -> forms.IntegerField:
    return forms.IntegerField(
        label="Points",
        min_value=-MOST_POINTS,
        max_value=MOST_POINTS,
        help_text="Below zero is a penalty: it does not fade",
        error_messages={"invalid": "Give whole points, like 10 or −5."},
    )


def _one_of(rows: "QuerySet[Any]", label: str, chosen: Model | None) -> forms.ModelChoiceField:
    """One row of a list that may be long: the first so many, and the one that is chosen now."""
    first = list(rows.values_list("pk", flat=True)[:MOST_CHOICES])
    kept = rows.model._default_manager.filter(pk__in=[*first, chosen.pk if chosen else None])
    return forms.ModelChoiceField(kept, label=label, required=False, empty_label=ANY)


class RuleForm(forms.Form):
    """A rule: points for an activity, and what the activity must be about."""

    label = forms.CharField(
        max_length=120, label="Name", error_messages={"required": "Give the rule a name."}
    )
    group = forms.ModelChoiceField(ScoreGroup.objects.none(), empty_label=None)
    kind = forms.ChoiceField(label="Activity", choices=Activity.Kind.choices)
    points = _points()
    limit = forms.ChoiceField(label="Counts", choices=Rule.Limit.choices)
    limit_count = forms.IntegerField(
        label="How often",
        min_value=1,
        max_value=MOST,
        initial=1,
        help_text="For “a day” and “in all”",
    )
    asset_kind = forms.ChoiceField(
        label="Kind of asset", choices=[("", ANY), *Asset.Kind.choices], required=False
    )
    url_pattern = forms.CharField(
        label="Page address",
        max_length=300,
        required=False,
        help_text="Like /pricing or /shop/*; * stands for anything",
    )
    is_active = forms.BooleanField(label="In use", required=False, initial=True)

    def __init__(self, data: Any, *, draft: RuleSet, rule: Rule | None = None) -> None:
        super().__init__(data, initial=_values(rule) if rule else {})
        self.fields["group"].queryset = draft.groups.all()  # type: ignore[attr-defined]
        chosen = rule or Rule()
        for name, rows, label in (
            ("asset", Asset.objects.order_by("title"), "One asset"),
            ("product", Product.objects.order_by("name"), "Product"),
            ("campaign", Campaign.objects.order_by("-pk"), "Campaign or event"),
            ("form", Form.objects.order_by("name"), "Form"),
        ):
            self.fields[name] = _one_of(rows, label, getattr(chosen, name))
        self.order_fields(ORDER)


def _values(rule: Rule) -> dict[str, Any]:
    names = ("label", "kind", "points", "limit", "limit_count", "asset_kind", "url_pattern")
    rows = ("group", "asset", "product", "campaign", "form")
    return (
        {name: getattr(rule, name) for name in names}
        | {name: getattr(rule, f"{name}_id") for name in rows}
        | {"is_active": rule.is_active}
    )


class FitRuleForm(forms.Form):
    """What a fact is called and gives; whom it is true of is built beside it."""

    label = forms.CharField(
        max_length=120, label="Name", error_messages={"required": "Give the fact a name."}
    )
    points = _points()
    is_active = forms.BooleanField(label="In use", required=False, initial=True)


class GroupForm(forms.Form):
    """A group of rules: how fast its points fade, and the most they add up to."""

    name = forms.CharField(max_length=80, error_messages={"required": "Give the group a name."})
    half_life_days = forms.IntegerField(
        label="Half-life in days",
        min_value=1,
        max_value=MOST,
        required=False,
        help_text="After so many days half of the points is left; empty: they do not fade",
    )
    cap = forms.IntegerField(
        label="Points at most",
        min_value=0,
        max_value=MOST,
        required=False,
        help_text="Empty: no cap",
    )


class BandsForm(forms.Form):
    """From how many points on fit gives A or B, engagement 1 or 2; and the total cap."""

    fit_a_from = forms.IntegerField(label="A: fit from")
    fit_b_from = forms.IntegerField(label="B: fit from", help_text="Less is C")
    engagement_1_from = forms.IntegerField(label="1: engagement from")
    engagement_2_from = forms.IntegerField(label="2: engagement from", help_text="Less is 3")
    engagement_cap = forms.IntegerField(
        label="All engagement, at most",
        min_value=0,
        max_value=MOST,
        required=False,
        help_text="Empty: no cap",
    )


class PublishForm(forms.Form):
    """What a new version is for."""

    comment = forms.CharField(
        label="What is this change for?",
        max_length=200,
        required=False,
        help_text="Colleagues read it in the list of versions.",
    )
    seen_at = forms.DateTimeField(widget=forms.HiddenInput)
