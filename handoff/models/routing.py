"""Whose turn it is."""

from django.db import models

from leadflow.core.models import User


class Turn(models.Model):
    """When a person was last given an offer: those who waited longest come first."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="turn"
    )
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} at {self.last_at:%Y-%m-%d %H:%M}"
