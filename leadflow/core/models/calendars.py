"""Business calendars: when a team works."""

from django.db import models


def office_hours() -> dict[str, list[list[str]]]:
    """Monday to Friday, nine to five; keys are ISO weekdays, values are from–to pairs."""
    return {str(day): [["09:00", "17:00"]] for day in range(1, 6)}


class Calendar(models.Model):
    """Working hours per weekday in one time zone."""

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    time_zone = models.CharField(max_length=64, default="UTC")
    hours = models.JSONField(default=office_hours)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Holiday(models.Model):
    """A day on which a calendar has no working hours."""

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="holidays")
    on = models.DateField()
    name = models.CharField(max_length=80)

    class Meta:
        ordering = ["on"]
        constraints = [models.UniqueConstraint(fields=["calendar", "on"], name="one_holiday_a_day")]

    def __str__(self) -> str:
        return f"{self.name} ({self.on})"
