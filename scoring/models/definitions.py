"""The agreement between two teams on what makes a lead worth offering."""

from django.db import models
from django.db.models import Q

from leadflow.core.models import User
from leads.models import Handoff


class LeadDefinition(models.Model):
    """One version of the agreement for one hand-off; in effect once both sides have signed."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SIGNED = "signed", "In effect"
        RETIRED = "retired", "Retired"

    class TakesEffect(models.TextChoices):
        NEXT_ACTIVITY = "next_activity", "for each lead at its next activity"
        EVERYBODY = "everybody", "for everybody at once"

    handoff = models.ForeignKey(Handoff, on_delete=models.PROTECT, related_name="definitions")
    version = models.PositiveIntegerField()
    condition = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    takes_effect = models.CharField(
        max_length=20, choices=TakesEffect.choices, default=TakesEffect.NEXT_ACTIVITY
    )
    comment = models.CharField(max_length=300, blank=True)
    author = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()
    signed_by_marketing = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    marketing_signed_at = models.DateTimeField(null=True, blank=True)
    signed_by_sales = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    sales_signed_at = models.DateTimeField(null=True, blank=True)
    effective_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    # When everybody who fulfilled it at once was offered
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["handoff", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["handoff", "version"], name="definition_version_unique"
            ),
            models.UniqueConstraint(
                fields=["handoff"], condition=Q(state="signed"), name="one_definition_in_effect"
            ),
            models.UniqueConstraint(
                fields=["handoff"], condition=Q(state="draft"), name="one_definition_draft"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", effective_at=None)
                | Q(
                    marketing_signed_at__isnull=False,
                    sales_signed_at__isnull=False,
                    effective_at__isnull=False,
                ),
                name="definition_in_effect_is_signed_twice",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handoff}, version {self.version}"
