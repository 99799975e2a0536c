"""What was agreed with a person: the money expected, and what they consented to."""

from django.db import models
from django.db.models import F, Q

from content.models import Product
from leadflow.core.models import User
from leads.models.people import Lead


class OpportunityQuerySet(models.QuerySet["Opportunity"]):
    """Ways to pick opportunities."""

    def visible_to(self, user: User) -> "OpportunityQuerySet":
        """Opportunities of the leads that `user` may see."""
        return self.filter(lead__in=Lead.objects.visible_to(user))


class Opportunity(models.Model):
    """Money expected from a lead; won or lost."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="opportunities")
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3, default="EUR")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    opened_at = models.DateTimeField()
    expected_on = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=40, blank=True)

    objects = OpportunityQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        verbose_name_plural = "opportunities"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="amount_not_negative"),
            models.UniqueConstraint(
                fields=["lead"], condition=Q(state="open"), name="one_open_opportunity_a_lead"
            ),
        ]
        indexes = [
            # Who bought in the last days, as time goes by
            models.Index(fields=["closed_at"], name="opportunity_won_at", condition=Q(state="won"))
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class Consent(models.Model):
    """What a person agreed to or withdrew: dated, with the wording they saw. Append-only."""

    class Purpose(models.TextChoices):
        MARKETING = "marketing", "Marketing messages"
        PHONE = "phone", "Phone calls"
        LETTERS = "letters", "Letters"
        TRACKING = "tracking", "Remembering visits"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    is_given = models.BooleanField()
    wording = models.TextField(blank=True)
    wording_version = models.PositiveIntegerField(default=1)
    source = models.CharField(max_length=120)
    # Who wrote it down, where the person did not say it to LeadFlow themselves
    by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(
                F("lead"), F("purpose"), F("at").desc(), F("id").desc(), name="consent_latest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose}: {'given' if self.is_given else 'withdrawn'}"
