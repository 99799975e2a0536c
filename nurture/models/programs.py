"""Programs as rows: their steps, and the content each step needs per product and persona."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from content.models import Asset, Persona, Product
from leadflow.core.models import Team


class Channel(models.TextChoices):
    """The way a step reaches a person."""

    EMAIL = "email", "E-mail"
    CALL = "call", "Call"
    LETTER = "letter", "Direct mail"


def everybody() -> dict[str, list[object]]:
    """The entry condition that is always true."""
    return {"all": []}


class Program(models.Model):
    """A timed sequence of steps; its leads stand in `stages` (none: before the first hand-off)."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    is_active = models.BooleanField(default=False)
    switched_off_at = models.DateTimeField(null=True, blank=True)
    entry = models.JSONField(default=everybody, blank=True)
    stages = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(switched_off_at=None),
                name="running_program_is_not_off",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def off_since(self) -> datetime | None:
        """Since when it takes no steps; None while it runs."""
        return None if self.is_active else self.switched_off_at or self.created_at


class Step(models.Model):
    """One touch of a program, so many calendar days after a lead entered it."""

    program = models.ForeignKey(Program, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    day = models.PositiveIntegerField()
    channel = models.CharField(max_length=10, choices=Channel.choices)
    name = models.CharField(max_length=120)
    talking_points = models.TextField(blank=True)
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["program", "day", "position"]
        constraints = [
            models.UniqueConstraint(fields=["program", "position"], name="step_position_unique"),
            models.CheckConstraint(condition=Q(day__lte=3650), name="step_within_ten_years"),
        ]

    def __str__(self) -> str:
        return f"Day {self.day}: {self.name}"


class Slot(models.Model):
    """The content of a step for a product and a persona; empty means any, the most specific wins."""

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="slots")
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    persona = models.CharField(max_length=20, choices=Persona.choices, blank=True)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="slots")

    class Meta:
        ordering = ["step", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["step", "product", "persona"], nulls_distinct=False, name="one_slot_a_case"
            )
        ]

    def __str__(self) -> str:
        return f"{self.step_id}: {self.asset_id}"
