"""The pipeline as rows: stages, the hand-offs between them, reasons, and its versions."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from leadflow.core.models import Calendar, Team, User


class Stage(models.Model):
    """A place in the funnel. Its key never changes; its name may."""

    class Kind(models.TextChoices):
        RESTS = "rests", "On the path"
        WON = "won", "Won"
        DETOUR = "detour", "Off the path"

    key = models.SlugField(max_length=40, primary_key=True)
    name = models.CharField(max_length=80)
    abbreviation = models.CharField(max_length=10)
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.RESTS)
    owning_team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="stages"
    )
    # What must be known before a lead enters, e.g. ["amount"]
    requires = models.JSONField(default=list, blank=True)
    # Days after which a lead that still stands here is called stuck; null: never
    normal_days = models.PositiveIntegerField(null=True, blank=True)
    # Kinds of activity that bring a lead back from this detour into a new cycle
    revives_on = models.JSONField(default=list, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    # Where the leads of a retired stage go; they are moved in batches
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged"
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["position"], condition=Q(retired_at=None), name="stage_position_unique"
            ),
            models.UniqueConstraint(
                Lower("name"), condition=Q(retired_at=None), name="stage_name_unique"
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | Q(retired_at__isnull=False),
                name="merged_stage_is_retired",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Handoff(models.Model):
    """The boundary between two teams: one lead, an offered stage and an accepted stage."""

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    offered = models.OneToOneField(Stage, on_delete=models.PROTECT, related_name="offered_by")
    accepted = models.OneToOneField(Stage, on_delete=models.PROTECT, related_name="accepted_by")
    target = models.DecimalField(max_digits=4, decimal_places=3, default=1)
    respond_within_minutes = models.PositiveIntegerField(default=24 * 60)
    uses_business_time = models.BooleanField(default=False)
    # Minutes past due after which silence ends an offer; null: it waits for ever
    expire_after_minutes = models.PositiveIntegerField(null=True, blank=True)
    receiving_team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="receives"
    )
    calendar = models.ForeignKey(Calendar, null=True, blank=True, on_delete=models.SET_NULL)
    escalate_to = models.ManyToManyField(User, blank=True, related_name="+")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["offered__position"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(offered=F("accepted")), name="handoff_has_two_sides"
            ),
            models.CheckConstraint(
                condition=Q(target__gte=0, target__lte=1), name="handoff_target_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(respond_within_minutes__gt=0), name="handoff_gives_time_to_respond"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Reason(models.Model):
    """A coded reason that a verb may ask for."""

    verb = models.CharField(max_length=20)
    code = models.SlugField(max_length=40)
    label = models.CharField(max_length=120)
    position = models.PositiveIntegerField(default=0)
    needs_note = models.BooleanField(default=False)
    cool_down_days = models.PositiveIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["verb", "position"]
        constraints = [
            models.UniqueConstraint(fields=["verb", "code"], name="reason_unique"),
            models.CheckConstraint(
                condition=~Q(code="other") | Q(needs_note=True), name="reason_other_needs_note"
            ),
        ]

    def __str__(self) -> str:
        return self.label


class VerbRule(models.Model):
    """What one verb asks of whoever runs it."""

    verb = models.CharField(max_length=20, primary_key=True)
    needs_reason = models.BooleanField(default=False)
    needs_note = models.BooleanField(default=False)

    class Meta:
        ordering = ["verb"]

    def __str__(self) -> str:
        return self.verb


class PipelineVersion(models.Model):
    """What the pipeline was from one moment on: `content` holds all of it."""

    number = models.PositiveIntegerField(unique=True)
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    change = models.CharField(max_length=200)
    content = models.JSONField(default=dict)

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"Pipeline {self.number}: {self.change}"
