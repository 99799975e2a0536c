"""The agreement between two teams on what makes a lead worth offering."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from leadflow.core.models import User
from leads.models import Handoff, Lead

SIGNED_TWICE = Q(marketing_signed_at__isnull=False, sales_signed_at__isnull=False)


def nobody() -> dict[str, Any]:
    """The condition that is true of no lead."""
    return {"any": []}


class LeadDefinition(models.Model):
    """One version of the agreement for one hand-off; in effect once both sides have signed.

    A lead is offered when `condition` or `hand_raise` is true of it and `exclusions` is not.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Proposed"
        AGREED = "agreed", "Agreed"  # signed by both, its day has not come
        SIGNED = "signed", "In effect"
        RETIRED = "retired", "Replaced"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class TakesEffect(models.TextChoices):
        NEXT_ACTIVITY = "next_activity", "for each lead at its next activity"
        DAILY = "daily", "for so many leads a day"
        EVERYBODY = "everybody", "for everybody at once"

    class Order(models.TextChoices):
        OLDEST = "oldest", "who has waited longest"
        SCORE = "score", "the highest score"

    handoff = models.ForeignKey(Handoff, on_delete=models.PROTECT, related_name="definitions")
    version = models.PositiveIntegerField()
    # Counts the changes of the text: whoever signs says which one they read
    revision = models.PositiveIntegerField(default=1)
    condition = models.JSONField()
    hand_raise = models.JSONField(default=nobody)
    exclusions = models.JSONField(default=nobody)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    takes_effect = models.CharField(
        max_length=20, choices=TakesEffect.choices, default=TakesEffect.NEXT_ACTIVITY
    )
    a_day = models.PositiveIntegerField(null=True, blank=True)
    first_come = models.CharField(max_length=10, choices=Order.choices, default=Order.OLDEST)
    # Not before this moment; null: as soon as both have signed
    starts_at = models.DateTimeField(null=True, blank=True)
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
    retired_at = models.DateTimeField(null=True, blank=True)  # or withdrawn
    # When nobody was left who fulfilled it already as it took effect
    applied_at = models.DateTimeField(null=True, blank=True)
    # Until when the passing of time has been followed
    followed_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["handoff", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["handoff", "version"], name="definition_version_unique"
            ),
            *(
                models.UniqueConstraint(fields=["handoff"], condition=Q(state=state), name=name)
                for state, name in (
                    ("signed", "one_definition_in_effect"),
                    ("draft", "one_definition_draft"),
                    ("agreed", "one_definition_agreed"),
                )
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"], effective_at=None)
                | (SIGNED_TWICE & Q(state="agreed", effective_at=None))
                | (SIGNED_TWICE & Q(state__in=["signed", "retired"], effective_at__isnull=False)),
                name="definition_in_effect_is_signed_twice",
            ),
            models.CheckConstraint(
                condition=Q(signed_by_marketing=None)
                | Q(signed_by_sales=None)
                | ~Q(signed_by_marketing=F("signed_by_sales")),
                name="definition_is_signed_by_two_people",
            ),
            models.CheckConstraint(
                condition=Q(takes_effect="daily", a_day__gt=0)
                | (~Q(takes_effect="daily") & Q(a_day=None)),
                name="definition_says_how_many_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handoff}, version {self.version}"


class DefinitionNote(models.Model):
    """A line of what was done with a version and said about it. Append-only."""

    class Act(models.TextChoices):
        PROPOSED = "proposed", "proposed it"
        CHANGED = "changed", "changed it; signatures are void"
        SIGNED_MARKETING = "marketing", "signed for marketing"
        SIGNED_SALES = "sales", "signed for sales"
        BEGAN = "began", "took effect"
        REPLACED = "replaced", "was replaced"
        WITHDRAWN = "withdrawn", "withdrew it"
        SAID = "said", "commented"

    definition = models.ForeignKey(LeadDefinition, on_delete=models.CASCADE, related_name="notes")
    act = models.CharField(max_length=12, choices=Act.choices)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.definition_id}: {self.act}"


class WaitingLead(models.Model):
    """A lead that fulfils a version in effect and is not offered before something happens.

    `is_first` marks those that fulfilled it when it took effect: they may be let through day by day.
    The others came in silence (an import) and wait for their next activity.
    """

    definition = models.ForeignKey(
        LeadDefinition, on_delete=models.CASCADE, related_name="waiting", db_index=False
    )
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    is_first = models.BooleanField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["definition", "lead"], name="waits_once")]

    def __str__(self) -> str:
        return f"{self.lead_id} waits for {self.definition_id}"


class DefinitionDay(models.Model):
    """How many of those who waited from the start a version has let through on one day."""

    definition = models.ForeignKey(
        LeadDefinition, on_delete=models.CASCADE, related_name="days", db_index=False
    )
    day = models.DateField()
    offered = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(
                fields=["definition", "day"], name="one_row_a_definition_and_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.definition_id} {self.day}: {self.offered}"
