"""What browsers report: sites, visitors, where each visit came from, and every activity."""

import secrets
import uuid

from django.db import models
from django.db.models import Q

from content.models import Asset
from leadflow.core.models import User
from leads.models.campaigns import Campaign
from leads.models.people import Lead


def make_site_key() -> str:
    """What the tracking script of a site says to be known."""
    return secrets.token_hex(8)


class Site(models.Model):
    """A website that is tracked: where it lives, and when its visitors may be remembered."""

    class Mode(models.TextChoices):
        ASK = "ask", "Ask, and remember only who says yes"
        SITE = "site", "The site's own consent tool says when"
        NEVER = "never", "Never remember, only count"

    key = models.CharField(max_length=32, unique=True, default=make_site_key)
    name = models.CharField(max_length=120)
    # Host names that may report, e.g. ["www.example.com"]
    hosts = models.JSONField(default=list)
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.ASK)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


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
        VIDEO = "video", "Watched a video"
        WEBINAR = "webinar", "Followed a webinar"
        FORM = "form", "Sent a form"
        EVENT = "event", "Attended an event"
        EMAIL_SENT = "email_sent", "We sent an e-mail"
        EMAIL_CLICK = "email_click", "Clicked in an e-mail"
        LETTER_SENT = "letter_sent", "We sent a letter"
        CALL = "call", "Call"
        NOTE = "note", "Note"
        UNSUBSCRIBE = "unsubscribe", "Unsubscribed"
        CUSTOM = "custom", "Other activity"

    # What a browser may report of itself
    TRACKED = frozenset({Kind.PAGE_VIEW, Kind.DOWNLOAD, Kind.VIDEO, Kind.WEBINAR, Kind.CUSTOM})
    # What people do by themselves, as opposed to what is done with them
    THEIR_OWN = TRACKED | {Kind.FORM, Kind.EVENT, Kind.EMAIL_CLICK}

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
    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
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
            models.Index(
                fields=["visitor"],
                name="activity_of_visitor",
                condition=Q(visitor__isnull=False),
            ),
            # Whose counts of the last days change as time goes by
            models.Index(
                fields=["occurred_at", "lead"],
                name="activity_by_time",
                condition=Q(lead__isnull=False, is_automatic=False),
            ),
            # What a site has reported lately
            models.Index(
                fields=["site", "-occurred_at"],
                name="activity_of_site",
                condition=Q(site__isnull=False),
            ),
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


class Visit(models.Model):
    """One arrival of a visitor or a lead, with the campaign marks and the referrer it came by."""

    lead = models.ForeignKey(
        Lead, null=True, blank=True, on_delete=models.CASCADE, related_name="visits", db_index=False
    )
    visitor = models.ForeignKey(
        Visitor,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="visits",
        db_index=False,
    )
    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    source = models.CharField(max_length=80, blank=True)
    medium = models.CharField(max_length=80, blank=True)
    campaign_name = models.CharField(max_length=120, blank=True)  # as the address says it
    campaign = models.ForeignKey(
        Campaign, null=True, blank=True, on_delete=models.SET_NULL, related_name="visits"
    )
    term = models.CharField(max_length=120, blank=True)
    content = models.CharField(max_length=120, blank=True)
    referrer = models.CharField(max_length=500, blank=True)
    landing_url = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(
                fields=["lead", "-at", "-id"],
                name="visit_of_lead",
                condition=Q(lead__isnull=False),
            ),
            models.Index(
                fields=["visitor"], name="visit_of_visitor", condition=Q(visitor__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source or self.referrer} {self.at:%Y-%m-%d %H:%M}"


class RawBeacon(models.Model):
    """What a browser reported, exactly as it came: stored first, understood a moment later."""

    class State(models.TextChoices):
        RECEIVED = "received", "Waiting"
        FAILED = "failed", "Failed"

    said = models.JSONField()
    headers = models.JSONField(default=dict)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["id"], name="beacons_waiting", condition=Q(state="received"))
        ]

    def __str__(self) -> str:
        return f"{self.received_at:%Y-%m-%d %H:%M}"
