"""The chance that a lead becomes a customer: how it is worked out, and what came out for each lead."""

from django.db import models
from django.db.models import Q

from content.models import Asset, Persona, Product
from leadflow.core.models import User
from leads.models import Lead


class PredictionSetting(models.Model):
    """Whether chances are worked out, and within how many days of being seen a lead has to buy.

    There is one row. `asked_at` is when somebody last asked for a new training.
    """

    is_on = models.BooleanField(default=True)
    horizon_days = models.PositiveIntegerField(default=90)
    changed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="one_prediction_setting"),
            models.CheckConstraint(
                condition=Q(horizon_days__gte=14, horizon_days__lte=730),
                name="prediction_horizon_in_range",
            ),
        ]

    def __str__(self) -> str:
        return "on" if self.is_on else "off"


class PredictionModel(models.Model):
    """One version of what was learned from closed leads; published whole, then kept.

    `card` holds the weights with their words, `figures` what it was trained on and how it did on leads
    that came later (see scoring.engine.chances and scoring.services.training).
    """

    class State(models.TextChoices):
        IN_USE = "in_use", "In use"
        REPLACED = "replaced", "Replaced"
        REFUSED = "refused", "Not good enough"

    number = models.PositiveIntegerField(unique=True)
    state = models.CharField(max_length=10, choices=State.choices)
    trained_at = models.DateTimeField()
    horizon_days = models.PositiveIntegerField()
    card = models.JSONField()
    figures = models.JSONField()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="in_use"), name="one_prediction_model_in_use"
            )
        ]

    def __str__(self) -> str:
        return f"Version {self.number}"


class PredictionRound(models.Model):
    """Background work on predictions with its progress: a training, or a look at everybody.

    A look goes through the leads in blocks; `next_id` is where the next block begins.
    """

    class Kind(models.TextChoices):
        TRAINING = "training", "Learning from closed leads"
        EVERYBODY = "everybody", "Working out everybody's chance"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    next_id = models.BigIntegerField(default=0)
    # What came of a training: code (trained, too_few, one_class, too_short, no_better, failed) and counts
    outcome = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["finished_at"],
                condition=Q(finished_at=None),
                nulls_distinct=False,
                name="one_prediction_round_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} from {self.started_at:%Y-%m-%d %H:%M}"


class LeadPrediction(models.Model):
    """The chance of one open lead as it was last worked out, in per cent, by which version."""

    lead = models.OneToOneField(Lead, on_delete=models.CASCADE, related_name="prediction")
    percent = models.FloatField()  # with one decimal
    version = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lte=100), name="chance_is_a_share"
            )
        ]
        indexes = [models.Index(fields=["-percent", "lead"], name="prediction_by_chance")]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.percent:g} %"


class NextStep(models.Model):
    """What leads turned to next: of `leads` who had `from`, `followed` took `to` soon after.

    Without `from` it tells how many took `to` at all; `persona` "" counts everybody.
    """

    class Kind(models.TextChoices):
        ASSET = "asset", "Content"
        PRODUCT = "product", "Product"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    persona = models.CharField(max_length=20, choices=Persona.choices, blank=True)
    from_asset = models.ForeignKey(
        Asset, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    to_asset = models.ForeignKey(
        Asset, null=True, on_delete=models.CASCADE, related_name="+", db_index=True
    )
    from_product = models.ForeignKey(
        Product, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    to_product = models.ForeignKey(
        Product, null=True, on_delete=models.CASCADE, related_name="+", db_index=True
    )
    leads = models.PositiveIntegerField()
    followed = models.PositiveIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["from_asset", "persona"], name="next_after_asset"),
            models.Index(fields=["from_product", "persona"], name="next_after_product"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="asset", to_asset__isnull=False, to_product=None)
                | Q(kind="product", to_product__isnull=False, to_asset=None),
                name="next_step_is_of_one_kind",
            ),
            models.CheckConstraint(
                condition=Q(followed__lte=models.F("leads")), name="next_step_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.followed} of {self.leads}"
