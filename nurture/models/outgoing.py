"""What goes out: e-mails and letters, and the addresses that must not be written to."""

from django.db import models
from django.db.models import Q

from content.models import Asset
from leadflow.core.models import User
from leads.models import Lead, OptIn
from nurture.models.enrollments import Touch

# States in which a lead has, or may have, a piece of content.
HAD = ("queued", "sending", "sent", "unknown")


class MessageQuerySet(models.QuerySet["Message"]):
    """Ways to pick messages."""

    def visible_to(self, user: User) -> "MessageQuerySet":
        """Messages to the leads that `user` may see."""
        return self.filter(lead__in=Lead.objects.visible_to(user))


class Message(models.Model):
    """One e-mail to one person; its `message_id` never changes, so a repetition is recognised."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "Unknown"
        CANCELLED = "cancelled", "Cancelled"

    touch = models.OneToOneField(
        Touch, null=True, blank=True, on_delete=models.CASCADE, related_name="message"
    )
    # The question whether a consent holds: one message each
    opt_in = models.OneToOneField(
        OptIn, null=True, blank=True, on_delete=models.CASCADE, related_name="message"
    )
    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    to_address = models.EmailField(max_length=254)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    asset_version = models.PositiveIntegerField()
    subject = models.CharField(max_length=200, blank=True)
    is_marketing = models.BooleanField(default=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    message_id = models.CharField(max_length=120, unique=True)
    attempts = models.PositiveIntegerField(default=0)
    queued_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "asset", "asset_version"],
                condition=Q(is_marketing=True, state__in=HAD),
                name="each_content_version_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                name="messages_queued",
                condition=Q(state="queued"),
            ),
            models.Index(
                fields=["claimed_at"], name="messages_sending", condition=Q(state="sending")
            ),
            models.Index(fields=["lead", "-id"], name="message_of_lead"),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id} to {self.to_address}: {self.state}"


class LetterBatch(models.Model):
    """One printed file of letters; `name` is its path below the media folder."""

    name = models.CharField(max_length=200, unique=True)
    letters_count = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "letter batches"

    def __str__(self) -> str:
        return self.name


class LetterQuerySet(models.QuerySet["Letter"]):
    """Ways to pick letters."""

    def visible_to(self, user: User) -> "LetterQuerySet":
        """Letters to the leads that `user` may see."""
        return self.filter(lead__in=Lead.objects.visible_to(user))


class Letter(models.Model):
    """One letter to one person."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        PRINTING = "printing", "Being printed"
        PRINTED = "printed", "Printed"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    touch = models.OneToOneField(
        Touch, null=True, blank=True, on_delete=models.CASCADE, related_name="letter"
    )
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="letters")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    asset_version = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    queued_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    printed_at = models.DateTimeField(null=True, blank=True)
    batch = models.ForeignKey(
        LetterBatch, null=True, blank=True, on_delete=models.SET_NULL, related_name="letters"
    )
    error = models.CharField(max_length=500, blank=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "asset", "asset_version"],
                condition=Q(state__in=["waiting", "printing", "printed"]),
                name="each_letter_version_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="letters_waiting",
                condition=Q(state__in=["waiting", "printing"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.asset_id} to {self.lead_id}: {self.state}"


class Suppression(models.Model):
    """An address that gets no marketing mail, kept as a keyed hash so that it survives erasure."""

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
        BOUNCED = "bounced", "Does not exist"
        COMPLAINED = "complained", "Complained"
        BY_HAND = "by_hand", "Blocked by hand"

    address_hash = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.reason} {self.at:%Y-%m-%d}"
