"""What the clocks of offers have seen, and who was told."""

from django.db import models

from leadflow.core.models import User
from leads.models import Lead, Offer


class Clock(models.Model):
    """What has happened on the clock of one offer; each time is stamped once."""

    offer = models.OneToOneField(
        Offer, on_delete=models.CASCADE, primary_key=True, related_name="clock"
    )
    warned_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    first_response_at = models.DateTimeField(null=True)
    first_response_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    def __str__(self) -> str:
        return f"Clock of offer {self.offer_id}"


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Ways to pick notices."""

    def visible_to(self, user: User) -> "NoticeQuerySet":
        """Notices for `user` about leads that they may see."""
        return self.filter(user=user, offer__lead__in=Lead.objects.visible_to(user))

    def unread(self) -> "NoticeQuerySet":
        """Notices nobody has put away, about offers that still wait."""
        return self.filter(read_at=None, offer__outcome=Offer.Outcome.PENDING)


class Notice(models.Model):
    """A word to one person about the clock of one offer, said once."""

    class Kind(models.TextChoices):
        WARNING = "warning", "Time is running out"
        BREACH = "breach", "Answer overdue"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["offer", "user", "kind"], name="one_notice_each")
        ]
        indexes = [
            models.Index(
                fields=["user", "-at"], name="notices_unread", condition=models.Q(read_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.kind} of offer {self.offer_id}"
