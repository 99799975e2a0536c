"""Days of conditions. A condition is the same for everybody: its days are those of the installation."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone


def bounds(day: date) -> tuple[datetime, datetime]:
    """The first moment of a day, and the first one after it."""
    return _midnight(day), _midnight(day + timedelta(days=1))


def day_of(at: datetime) -> date:
    """The day that a moment lies in."""
    return timezone.localdate(at, timezone.get_default_timezone())


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())
