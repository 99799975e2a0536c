"""How interest reaches us: campaigns, visitors, activities, forms."""

import uuid

from django.db import models
from django.db.models import Q

from content.models import Asset, Product
from leadflow.core.models import User
from leads.models.people import Lead


class Campaign(models.Model):
    """Why a lead came: an ad, an event, a trade show, a mailing …"""

    class Kind(models.TextChoices):
        AD = "ad", "Advertisement"
        SEARCH = "search", "Search"
        SOCIAL = "social", "Social media"
        MAILING = "mailing", "Mailing"
        TRADE_SHOW = "trade_show", "Trade show"
        WEBINAR = "webinar", "Webinar"
        PARTNER = "partner", "Partner"
        OTHER = "other", "Other"

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.OTHER)
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.SET_NULL, related_name="campaigns"
    )
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-starts_on", "name"]

    def __str__(self) -> str:
        return self.name


class CampaignCost(models.Model):
    """What a campaign costs in one month, planned and actual."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="costs")
    month = models.DateField()
    planned = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    actual = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)

    class Meta:
        ordering = ["month"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "month"], name="one_cost_row_a_month")
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.month:%Y-%m}"


class Visitor(models.Model):
    """A browser that agreed to be remembered; a person once they are identified."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    lead = models.ForeignKey(
        Lead, null=True, blank=True, on_delete=models.SET_NULL, related_name="visitors"
    )
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    source = models.CharField(max_length=80, blank=True)
    campaign = models.ForeignKey(
        Campaign, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    def __str__(self) -> str:
        return str(self.id)


class ActivityQuerySet(models.QuerySet["Activity"]):
    """Ways to pick activities."""

    def visible_to(self, user: User) -> "ActivityQuerySet":
        """Activities of the leads that `user` may see."""
        return self.filter(lead__in=Lead.objects.visible_to(user))


class Activity(models.Model):
    """Something a lead or visitor did, or that was done with them. Append-only."""

    class Kind(models.TextChoices):
        PAGE_VIEW = "page_view", "Viewed a page"
        DOWNLOAD = "download", "Downloaded"
        FORM = "form", "Sent a form"
        EVENT = "event", "Attended an event"
        EMAIL_SENT = "email_sent", "We sent an e-mail"
        EMAIL_CLICK = "email_click", "Clicked in an e-mail"
        LETTER_SENT = "letter_sent", "We sent a letter"
        CALL = "call", "Call"
        NOTE = "note", "Note"
        UNSUBSCRIBE = "unsubscribe", "Unsubscribed"
        CUSTOM = "custom", "Other activity"

    lead = models.ForeignKey(
        Lead,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="activities",
        db_index=False,
    )
    visitor = models.ForeignKey(
        Visitor,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="activities",
        db_index=False,
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    asset = models.ForeignKey(
        Asset, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    campaign = models.ForeignKey(
        Campaign, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    title = models.CharField(max_length=200, blank=True)
    url = models.CharField(max_length=500, blank=True)
    properties = models.JSONField(default=dict, blank=True)
    source_kind = models.CharField(max_length=40, blank=True)
    source_id = models.BigIntegerField(null=True, blank=True)
    is_automatic = models.BooleanField(default=False)  # bots, prefetch, mail scanners

    objects = ActivityQuerySet.as_manager()

    class Meta:
        ordering = ["-occurred_at", "-id"]
        verbose_name_plural = "activities"
        indexes = [
            models.Index(
                fields=["lead", "-occurred_at", "-id"],
                name="activity_of_lead",
                condition=Q(lead__isnull=False),
            ),
            models.Index(fields=["visitor"], name="activity_of_visitor", condition=Q(lead=None)),
        ]
        constraints = [
            # The same fact reported twice by its source is one activity.
            models.UniqueConstraint(
                fields=["source_kind", "source_id", "kind"],
                condition=~Q(source_kind="") & Q(source_id__isnull=False),
                name="activity_source_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.title}".strip()


class Form(models.Model):
    """A public form: its fields, its consent text, and what it belongs to."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    intro = models.TextField(blank=True)
    fields = models.JSONField(default=list)
    consent_text = models.TextField(blank=True)
    consent_version = models.PositiveIntegerField(default=1)
    thanks = models.TextField(default="Thank you. We will be in touch.")
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

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class FormSubmission(models.Model):
    """What somebody sent, exactly as it came: stored first, understood later."""

    class State(models.TextChoices):
        RECEIVED = "received", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    form = models.ForeignKey(Form, on_delete=models.PROTECT, related_name="submissions")
    token = models.CharField(max_length=64, unique=True)
    values = models.JSONField()
    visitor_id = models.UUIDField(null=True)
    source = models.CharField(max_length=80, blank=True)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    error = models.TextField(blank=True)
    lead = models.ForeignKey(
        Lead, null=True, blank=True, on_delete=models.SET_NULL, related_name="submissions"
    )

    class Meta:
        ordering = ["-received_at"]
        indexes = [
            models.Index(fields=["id"], name="submissions_waiting", condition=Q(state="received"))
        ]

    def __str__(self) -> str:
        return f"{self.form_id}: {self.received_at:%Y-%m-%d %H:%M}"


class Import(models.Model):
    """One run over one file, and what it did."""

    file = models.CharField(max_length=255)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    is_rehearsal = models.BooleanField(default=False)
    result = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.file
