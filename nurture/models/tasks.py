"""Work for people, with a deadline."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from content.models import Asset
from leadflow.core.models import Team, User
from leads.models import Lead
from nurture.models.enrollments import Touch


class TaskQuerySet(models.QuerySet["Task"]):
    """Ways to pick tasks."""

    def visible_to(self, user: User) -> "TaskQuerySet":
        """Tasks about the leads that `user` may see."""
        return self.filter(lead__in=Lead.objects.visible_to(user))

    def open(self) -> "TaskQuerySet":
        """Tasks nobody has done or called off."""
        return self.filter(done_at=None, cancelled_at=None)

    def overdue(self, at: datetime) -> "TaskQuerySet":
        """Open tasks whose time has passed."""
        return self.open().filter(due_at__lt=at)


class Task(models.Model):
    """Something a person should do for a lead."""

    class Kind(models.TextChoices):
        CALL = "call", "Call"
        WRITE = "write", "Write"
        FOLLOW_UP = "follow_up", "Follow up"
        OTHER = "other", "Other"

    class Outcome(models.TextChoices):
        REACHED = "reached", "Reached"
        MEETING = "meeting", "Meeting agreed"
        CALL_BACK = "call_back", "Wants a call back"
        NO_ANSWER = "no_answer", "No answer"
        WRONG_NUMBER = "wrong_number", "Wrong number"
        NOT_INTERESTED = "not_interested", "Not interested"
        DONE = "done", "Done"

    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.CALL)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="tasks")
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="tasks"
    )
    assignee = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="tasks", db_index=False
    )
    title = models.CharField(max_length=200)
    notes = models.TextField(blank=True)
    asset = models.ForeignKey(  # the call guide
        Asset, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True)
    note = models.TextField(blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    touch = models.OneToOneField(
        Touch, null=True, blank=True, on_delete=models.CASCADE, related_name="task"
    )

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "id"]
        indexes = [
            models.Index(
                fields=["assignee", "due_at", "id"],
                name="tasks_open",
                condition=Q(done_at=None, cancelled_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.title
