"""What happened to a lead's stage, and the offers that crossed hand-offs on the way."""

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery

from leadflow.core.models import User
from leads.models.people import Lead
from leads.models.stages import Handoff, Stage

# The verb of the row that a merge appends: from and to are the stage the lead stands in
COMBINE = "combine"


class StageChangeQuerySet(models.QuerySet["StageChange"]):
    """Ways to pick history."""

    def visible_to(self, user: User) -> "StageChangeQuerySet":
        """History of the leads that `user` may see."""
        return self.filter(lead__in=Lead.objects.visible_to(user))

    def in_effect(self) -> "StageChangeQuerySet":
        """History without what was taken back, what did so, and rows that only tell of a merge."""
        answers = StageChange.objects.filter(corrects=OuterRef("pk"))
        return self.filter(~Exists(answers.order_by()), corrects=None).exclude(verb=COMBINE)

    def of_own(self) -> "StageChangeQuerySet":
        """History without that of records merged into the lead: its own cycles are the last."""
        entries = StageChange.objects.filter(lead=OuterRef("lead"), from_stage=None)
        began = entries.order_by("-cycle").values("cycle")[:1]
        return self.filter(cycle__gte=Subquery(began))


class StageChange(models.Model):
    """One line of a lead's history. Append-only; the last row is the one with the highest id."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="changes", db_index=False)
    from_stage = models.ForeignKey(
        Stage,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_column="from_stage",
        db_index=False,
        db_constraint=False,  # it was the to_stage of the row before
    )
    to_stage = models.ForeignKey(
        Stage, on_delete=models.PROTECT, related_name="+", db_column="to_stage", db_index=False
    )
    verb = models.CharField(max_length=20)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    cause_kind = models.CharField(max_length=40, blank=True)
    cause_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    cycle = models.PositiveIntegerField()
    seconds = models.BigIntegerField(null=True)
    business_seconds = models.BigIntegerField(null=True)
    pipeline_version = models.PositiveIntegerField()
    # A correction names the change it takes back; the pair leaves every measure
    corrects = models.BigIntegerField(null=True)
    # Who owned the lead before a change that gave it to somebody else or to nobody
    owner_before = models.BigIntegerField(null=True)

    objects = StageChangeQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["to_stage", "at"], name="change_into_stage"),
            # Where cycles begin: the cohorts of every report.
            models.Index(
                fields=["at", "lead", "cycle"],
                name="change_begins_cycle",
                condition=Q(from_stage=None) | Q(verb="revive"),
            ),
            # Corrections are few: leaving their pairs out costs a glance at this.
            models.Index(
                fields=["corrects"], name="change_corrects", condition=Q(corrects__isnull=False)
            ),
            # So are merges: who stands where before one is found by a glance at this.
            models.Index(fields=["lead"], name="change_combines", condition=Q(verb="combine")),
        ]
        constraints = [
            # What the deferred foreign key of the lead row points at.
            models.UniqueConstraint(fields=["lead", "id", "to_stage"], name="change_of_lead"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.from_stage_id or '·'} → {self.to_stage_id}"


class OfferQuerySet(models.QuerySet["Offer"]):
    """Ways to pick offers."""

    def visible_to(self, user: User) -> "OfferQuerySet":
        """Offers of the leads that `user` may see."""
        return self.filter(lead__in=Lead.objects.visible_to(user))

    def pending(self) -> "OfferQuerySet":
        """Offers nobody has answered yet."""
        return self.filter(outcome=Offer.Outcome.PENDING)


class Offer(models.Model):
    """One lead crossing one hand-off: the sole source of acceptance figures."""

    class Outcome(models.TextChoices):
        PENDING = "pending", "Waiting"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"
        EXPIRED = "expired", "Expired"
        # Nobody can answer any more: the person was erased. Counts as no answer at all
        WITHDRAWN = "withdrawn", "Withdrawn"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="offers")
    handoff = models.ForeignKey(
        Handoff, on_delete=models.PROTECT, related_name="offers", db_index=False
    )
    opened_by = models.BigIntegerField()  # the stage change that opened it
    closed_by = models.BigIntegerField(null=True)
    cycle = models.PositiveIntegerField()
    offered_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.PENDING)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    team = models.ForeignKey(
        "core.Team", null=True, on_delete=models.SET_NULL, related_name="offers"
    )
    assignee = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="offers")
    assigned_because = models.CharField(max_length=200, blank=True)
    cause_kind = models.CharField(max_length=40, blank=True)
    cause_id = models.BigIntegerField(null=True)
    # They asked for it themselves: first in line
    is_hand_raise = models.BooleanField(default=False, db_default=False)

    objects = OfferQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["lead"], condition=Q(outcome="pending"), name="one_pending_offer_a_lead"
            ),
            models.CheckConstraint(
                condition=Q(outcome="pending", decided_at=None)
                | (~Q(outcome="pending") & Q(decided_at__isnull=False)),
                name="offer_decided_or_pending",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], name="offers_waiting", condition=Q(outcome="pending")
            ),
            models.Index(fields=["handoff", "offered_at"], name="offer_by_period"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} over {self.handoff_id}: {self.outcome}"
