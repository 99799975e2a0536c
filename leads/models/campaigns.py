"""Why leads came: campaigns, what they cost, and the guests of those that are events."""

import secrets

from django.db import models
from django.db.models import F, Q

from content.models import Product
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
        SEMINAR = "seminar", "Seminar"
        ROADSHOW = "roadshow", "Roadshow"
        DIRECT_MAIL = "direct_mail", "Direct mail"
        CONTENT = "content", "Content"
        REFERRAL = "referral", "Referral"
        PUBLIC_RELATIONS = "public_relations", "Public relations"
        PARTNER = "partner", "Partner"
        OTHER = "other", "Other"

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.OTHER)
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.SET_NULL, related_name="campaigns"
    )
    description = models.TextField(blank=True)
    owner = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    place = models.CharField(max_length=200, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    expected_guests = models.PositiveIntegerField(null=True, blank=True)
    is_archived = models.BooleanField(default=False)

    # Kinds that people come to: they have a guest list
    EVENTS = frozenset({Kind.TRADE_SHOW, Kind.WEBINAR, Kind.SEMINAR, Kind.ROADSHOW})

    class Meta:
        ordering = ["-starts_on", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="campaign_ends_after_it_starts",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_event(self) -> bool:
        """Whether people come to it."""
        return self.kind in self.EVENTS


class CampaignCost(models.Model):
    """What a campaign costs in one month, planned and actual."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="costs")
    month = models.DateField()
    planned = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    actual = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)

    class Meta:
        ordering = ["month"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "month"], name="one_cost_row_a_month"),
            models.CheckConstraint(
                condition=Q(planned__gte=0) & (Q(actual=None) | Q(actual__gte=0)),
                name="cost_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.month:%Y-%m}"


def make_guest_code() -> str:
    """What stands on a guest's ticket: short enough to be typed, too long to be guessed."""
    return secrets.token_hex(6).upper()


class GuestQuerySet(models.QuerySet["Guest"]):
    """Ways to pick guests."""

    def visible_to(self, user: User) -> "GuestQuerySet":
        """Guests whom `user` may see as leads."""
        return self.filter(lead__in=Lead.objects.visible_to(user))


class Guest(models.Model):
    """One lead on the guest list of an event: invited, registered, attended, each with its time."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="guests")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="invitations")
    code = models.CharField(max_length=20, unique=True, default=make_guest_code)
    invited_at = models.DateTimeField(null=True, blank=True)
    registered_at = models.DateTimeField(null=True, blank=True)
    attended_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=80, blank=True)  # form, import, stand, by hand
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = GuestQuerySet.as_manager()

    class State(models.TextChoices):
        INVITED = "invited", "Invited"
        REGISTERED = "registered", "Registered"
        ATTENDED = "attended", "Attended"
        CANCELLED = "cancelled", "Cancelled"

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["campaign", "lead"], name="guest_once")]

    def __str__(self) -> str:
        return f"{self.lead_id} at {self.campaign_id}"

    @property
    def state(self) -> State:
        """Where this guest stands: whoever came has attended, whatever they said before."""
        if self.attended_at is not None:
            return self.State.ATTENDED
        if self.cancelled_at is not None:
            return self.State.CANCELLED
        return self.State.INVITED if self.registered_at is None else self.State.REGISTERED


class GuestFile(models.Model):
    """A guest list that was uploaded: looked at first, then read in; its rows do not outlive that."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="guest_files")
    name = models.CharField(max_length=255)
    header = models.JSONField()
    rows = models.JSONField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    result = models.JSONField(default=dict)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name
