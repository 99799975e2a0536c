"""Who is in a program, and every step that was taken for them."""

from django.db import models
from django.db.models import Q

from leadflow.core.models import User
from leads.models import Lead
from nurture.models.programs import Channel, Program, Step


class ExitReason(models.TextChoices):
    """Why somebody left a program before its end."""

    LEFT_STAGE = "stage", "Moved on in the pipeline"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    STOPPED = "stopped", "Stopped by hand"
    ERASED = "erased", "Asked to be forgotten"
    MERGED = "merged", "Joined with another record"


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    """Ways to pick enrollments."""

    def visible_to(self, user: User) -> "EnrollmentQuerySet":
        """Enrollments of the leads that `user` may see."""
        return self.filter(lead__in=Lead.objects.visible_to(user))

    def active(self) -> "EnrollmentQuerySet":
        """Enrollments with steps still to come."""
        return self.filter(state=Enrollment.State.ACTIVE)


class Enrollment(models.Model):
    """One lead's entry into a program; `since_change` names the stay in a stage it belongs to."""

    class State(models.TextChoices):
        ACTIVE = "active", "Running"
        FINISHED = "finished", "Finished"
        EXITED = "exited", "Left early"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="enrollments")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="enrollments")
    entry = models.PositiveIntegerField()
    cycle = models.PositiveIntegerField()
    since_change = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    entered_at = models.DateTimeField()
    counts_from = models.DateTimeField()  # day 0; moved on by pauses and delays
    paused_at = models.DateTimeField(null=True, blank=True)
    exited_at = models.DateTimeField(null=True, blank=True)
    exit_reason = models.CharField(max_length=40, blank=True)
    exit_note = models.CharField(max_length=120, blank=True)
    next_step = models.ForeignKey(
        Step, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    next_due_at = models.DateTimeField(null=True, blank=True)

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        ordering = ["-entered_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["program", "lead", "entry"], name="enrollment_entry_unique"
            ),
            models.UniqueConstraint(
                fields=["program", "lead"],
                condition=Q(state="active"),
                name="one_running_enrollment",
            ),
            models.CheckConstraint(
                condition=Q(state="active", exited_at=None)
                | (~Q(state="active") & Q(exited_at__isnull=False, next_due_at=None)),
                name="enrollment_ended_or_running",
            ),
        ]
        indexes = [
            # What the sweep claims: due, running, not paused.
            models.Index(
                fields=["next_due_at", "id"],
                name="enrollments_due",
                condition=Q(state="active", paused_at=None),
            ),
            models.Index(fields=["program", "state"], name="enrollment_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} in {self.program_id}: {self.state}"


class TouchQuerySet(models.QuerySet["Touch"]):
    """Ways to pick touches."""

    def visible_to(self, user: User) -> "TouchQuerySet":
        """Touches of the leads that `user` may see."""
        return self.filter(lead__in=Lead.objects.visible_to(user))


class Touch(models.Model):
    """One step taken for one enrollment: never twice."""

    class State(models.TextChoices):
        WAITING = "waiting", "On its way"
        DONE = "done", "Went out"
        SKIPPED = "skipped", "Not possible"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "Unknown"

    enrollment = models.ForeignKey(Enrollment, on_delete=models.CASCADE, related_name="touches")
    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="touches")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="touches")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField()
    at = models.DateTimeField()  # when it was taken, then when its state was reached
    note = models.CharField(max_length=200, blank=True)

    objects = TouchQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "touches"
        constraints = [
            models.UniqueConstraint(fields=["enrollment", "step"], name="each_step_once")
        ]
        indexes = [models.Index(fields=["step", "state"], name="touch_by_step")]

    def __str__(self) -> str:
        return f"{self.channel} to {self.lead_id}: {self.state}"
