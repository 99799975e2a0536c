"""Points as rows: a rule set is one published version with its groups, rules and fit rules."""

from django.db import models
from django.db.models import F, Q

from content.models import Asset, Product
from leadflow.core.models import User
from leads.models import Activity, Campaign, Form

MOST_POINTS = 1_000


def _within_range(field: str) -> Q:
    return Q(**{f"{field}__gte": -MOST_POINTS, f"{field}__lte": MOST_POINTS})


class RuleSet(models.Model):
    """One version of everything that makes a score: written as a draft, published whole, then kept.

    While a version is being prepared everybody's points are worked out under it; the version in use
    stays in use until the last is done.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PREPARING = "preparing", "Being prepared"
        PUBLISHED = "published", "In use"
        REPLACED = "replaced", "Replaced"

    number = models.PositiveIntegerField(unique=True)
    state = models.CharField(max_length=10, choices=State.choices)
    # The version that the draft was copied from
    base = models.PositiveIntegerField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    author = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    comment = models.CharField(max_length=200, blank=True)
    # The most that engagement can reach; none = no cap
    engagement_cap = models.PositiveIntegerField(null=True, blank=True)
    # Bands of the grade: from how many points on fit is A or B, engagement 1 or 2
    fit_a_from = models.IntegerField(default=40)
    fit_b_from = models.IntegerField(default=20)
    engagement_1_from = models.IntegerField(default=40)
    engagement_2_from = models.IntegerField(default=15)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=~Q(state="replaced"), name="one_rule_set_a_state"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "preparing"]) | Q(published_at__isnull=False),
                name="rule_set_in_use_is_dated",
            ),
            models.CheckConstraint(
                condition=Q(fit_a_from__gt=F("fit_b_from"))
                & Q(engagement_1_from__gt=F("engagement_2_from")),
                name="grade_bands_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"Version {self.number}"


class ScoreGroup(models.Model):
    """Rules that fade alike and share a cap."""

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="groups")
    key = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    position = models.PositiveIntegerField(default=0)
    half_life_days = models.PositiveIntegerField(null=True, blank=True)  # none = does not fade
    cap = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "key"], name="score_group_key_unique"),
            models.CheckConstraint(
                condition=Q(half_life_days=None) | Q(half_life_days__gte=1),
                name="half_life_is_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Rule(models.Model):
    """Points for an activity; everything the rule names must hold. Penalties never fade."""

    class Limit(models.TextChoices):
        NONE = "none", "every time"
        ONCE = "once", "the first time only"
        DAILY = "daily", "a day"
        AT_MOST = "at_most", "in all"

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="rules")
    group = models.ForeignKey(ScoreGroup, on_delete=models.CASCADE, related_name="rules")
    label = models.CharField(max_length=120)
    position = models.PositiveIntegerField(default=0)
    kind = models.CharField(max_length=20, choices=Activity.Kind.choices)
    # A rule about something that is deleted goes with it: without its condition it would match all.
    asset = models.ForeignKey(
        Asset, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    asset_kind = models.CharField(max_length=20, choices=Asset.Kind.choices, blank=True)
    campaign = models.ForeignKey(
        Campaign, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    form = models.ForeignKey(
        Form, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    # A page address in which * stands for anything; see scoring.engine.addresses
    url_pattern = models.CharField(max_length=300, blank=True)
    points = models.IntegerField()
    limit = models.CharField(max_length=10, choices=Limit.choices, default=Limit.NONE)
    limit_count = models.PositiveIntegerField(default=1)  # how often: at most n a day, n in all
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["group__position", "position", "id"]
        constraints = [
            models.CheckConstraint(condition=_within_range("points"), name="rule_points_in_range"),
            models.CheckConstraint(
                condition=Q(limit_count__gte=1), name="rule_limit_counts_from_one"
            ),
            models.CheckConstraint(
                condition=Q(form=None) | Q(kind=Activity.Kind.FORM), name="rule_form_is_about_forms"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def limit_in_words(self) -> str:
        """How often the rule counts: "every time", "at most 3 a day"."""
        if self.limit in {self.Limit.NONE, self.Limit.ONCE}:
            return str(self.get_limit_display())
        if self.limit_count == 1:
            return "once a day" if self.limit == self.Limit.DAILY else "the first time only"
        return f"at most {self.limit_count} {self.get_limit_display()}"


class FitRule(models.Model):
    """Points for who somebody is: a condition over facts. They do not fade."""

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="fit_rules")
    label = models.CharField(max_length=120)
    position = models.PositiveIntegerField(default=0)
    condition = models.JSONField()
    points = models.IntegerField()
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=_within_range("points"), name="fit_points_in_range")
        ]

    def __str__(self) -> str:
        return self.label
