"""Events waiting for their subscribers: written with the change they tell of."""

from django.db import models


class OutboxEvent(models.Model):
    """One published event: its kind and its ids as JSON."""

    kind = models.CharField(max_length=80)
    payload = models.JSONField()
    at = models.DateTimeField()
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["published_at"], name="outbox_by_age")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Delivery(models.Model):
    """One event for one subscriber: pending until its handler has run."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        DONE = "done", "Done"

    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="deliveries")
    subscriber = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    error = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["event", "subscriber"], name="one_delivery_each")
        ]
        indexes = [
            # The sweep looks at what is pending only, however long the history grows.
            models.Index(
                fields=["due_at", "id"],
                name="deliveries_due",
                condition=models.Q(state="pending"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_id} → {self.subscriber}"
