"""Acts on many leads at once, with what became of each."""

import uuid

from django.db import models
from django.db.models import Q

from leadflow.core.models import User
from leads.models.people import Lead


class BulkActQuerySet(models.QuerySet["BulkAct"]):
    """Ways to pick bulk acts."""

    def visible_to(self, user: User) -> "BulkActQuerySet":
        """The acts of `user`: nobody else sees whom they reached."""
        return self.filter(by=user)


class BulkAct(models.Model):
    """One act on a chosen set of leads; done in batches, counted as it goes."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    # Made by the form: the same form sent twice is one act
    token = models.UUIDField(default=uuid.uuid4, unique=True)
    verb = models.CharField(max_length=20)  # a verb, or "assign"
    said = models.JSONField(default=dict)
    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="bulk_acts")
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = BulkActQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], name="bulk_acts_running", condition=Q(state="running"))
        ]

    def __str__(self) -> str:
        return f"{self.verb} × {self.total}"

    @property
    def handled(self) -> int:
        """Leads that have their result."""
        return self.done + self.refused


class BulkItem(models.Model):
    """One lead of a bulk act and what became of it."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"

    act = models.ForeignKey(BulkAct, on_delete=models.CASCADE, related_name="items", db_index=False)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.WAITING)
    sentence = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["act", "lead"], name="bulk_lead_once")]
        indexes = [
            models.Index(
                fields=["act", "id"], name="bulk_items_waiting", condition=Q(outcome="waiting")
            ),
            models.Index(fields=["act", "outcome", "id"], name="bulk_items_by_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.outcome}"
