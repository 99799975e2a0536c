"""What people send: forms, submissions, consents to be confirmed, imported files."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property

from content.models import Asset, Product
from leadflow.core.models import User
from leads.engine.questions import Question, read_questions
from leads.models.campaigns import Campaign
from leads.models.people import Lead


class Form(models.Model):
    """A public form: its fields, its consent text, and what it belongs to."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    intro = models.TextField(blank=True)
    fields = models.JSONField(default=list)
    submit_label = models.CharField(max_length=60, blank=True)
    consent_text = models.TextField(blank=True)
    consent_version = models.PositiveIntegerField(default=1)
    consent_required = models.BooleanField(default=False)
    # Consent counts only once the person has confirmed it by e-mail
    is_double_opt_in = models.BooleanField(default=False)
    thanks = models.TextField(default="Thank you. We will be in touch.")
    redirect_url = models.URLField(max_length=500, blank=True)  # instead of the message
    # How many questions are asked at a time: visitors we know are asked the next ones; null: all
    most_questions = models.PositiveSmallIntegerField(null=True, blank=True)
    # Host names of pages that may hold or send this form
    allowed_hosts = models.JSONField(default=list, blank=True)
    asset = models.ForeignKey(
        Asset, null=True, blank=True, on_delete=models.SET_NULL, related_name="forms"
    )
    campaign = models.ForeignKey(
        Campaign, null=True, blank=True, on_delete=models.SET_NULL, related_name="forms"
    )
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.SET_NULL, related_name="forms"
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def questions(self) -> list[Question]:
        """What it asks, as the row was read."""
        return read_questions(self.fields)


class FormSubmission(models.Model):
    """What somebody sent, exactly as it came: stored first, understood later."""

    class State(models.TextChoices):
        RECEIVED = "received", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    form = models.ForeignKey(
        Form, on_delete=models.PROTECT, related_name="submissions", db_index=False
    )
    token = models.CharField(max_length=64, unique=True)
    values = models.JSONField()
    visitor_id = models.UUIDField(null=True)
    source = models.CharField(max_length=80, blank=True)
    # Where it was sent from, the wording of the consent as it was shown, why it looks like spam
    context = models.JSONField(default=dict)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    error = models.TextField(blank=True)
    # How often the database had trouble with it, and when it is its turn again
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    lead = models.ForeignKey(
        Lead, null=True, blank=True, on_delete=models.SET_NULL, related_name="submissions"
    )

    class Meta:
        ordering = ["-received_at"]
        indexes = [
            models.Index(fields=["id"], name="submissions_waiting", condition=Q(state="received")),
            models.Index(fields=["form", "-id"], name="submissions_of_form"),
            models.Index(
                fields=["form", "-id"], name="submissions_failed", condition=Q(state="failed")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form_id}: {self.received_at:%Y-%m-%d %H:%M}"


class OptIn(models.Model):
    """A consent that waits for the person to confirm it by e-mail."""

    token = models.UUIDField(default=uuid.uuid4, unique=True)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="opt_ins")
    submission = models.ForeignKey(
        FormSubmission, null=True, on_delete=models.SET_NULL, related_name="opt_ins"
    )
    email = models.EmailField(max_length=254)
    purpose = models.CharField(max_length=20)
    wording = models.TextField()
    wording_version = models.PositiveIntegerField()
    source = models.CharField(max_length=120)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["submission"], name="one_opt_in_a_submission")
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.purpose}"


class Import(models.Model):
    """One run over one file, and what it did; or a file that is being looked at before."""

    class State(models.TextChoices):
        DRAFT = "draft", "To be looked at"
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Not possible"
        DROPPED = "dropped", "Dropped"

    file = models.CharField(max_length=255)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    is_rehearsal = models.BooleanField(default=False)
    result = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DONE)
    # The uploaded file below the media folder, until it has been imported or a week has passed
    kept = models.CharField(max_length=200, blank=True)
    mapping = models.JSONField(default=dict, blank=True)
    total = models.PositiveIntegerField(default=0)  # rows of the file
    handled = models.PositiveIntegerField(default=0)
    # When its worker was heard of last: one that died is replaced
    beat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-at"]
        indexes = [
            models.Index(
                fields=["id"],
                name="imports_waiting",
                condition=Q(state__in=["queued", "running"]),
            )
        ]

    def __str__(self) -> str:
        return self.file
