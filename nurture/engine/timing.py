"""When a step is due: so many calendar days after day 0, from the morning on."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

# A touch goes out on its day from this hour on, or from the hour the lead came at, if earlier.
MORNING = time(8, 0)


def due_at(counts_from: datetime, day: int, *, zone: str = "UTC") -> datetime:
    """The moment from which a step of `day` may be taken; never before `counts_from`."""
    local = counts_from.astimezone(ZoneInfo(zone))
    hour = min(local.time(), MORNING)
    due = datetime.combine(local.date() + timedelta(days=day), hour, tzinfo=ZoneInfo(zone))
    return max(due.astimezone(UTC), counts_from.astimezone(UTC))


def days_late(due: datetime, at: datetime, *, zone: str = "UTC") -> int:
    """How many calendar days after the day it was due a step is taken."""
    there = ZoneInfo(zone)
    return max((at.astimezone(there).date() - due.astimezone(there).date()).days, 0)


def days_later(moment: datetime, days: int, *, zone: str = "UTC") -> datetime:
    """The same time of day, so many calendar days later."""
    return (moment.astimezone(ZoneInfo(zone)) + timedelta(days=days)).astimezone(UTC)


def end_of_day(moment: datetime, *, zone: str = "UTC") -> datetime:
    """The last minute of the day in the zone."""
    local = moment.astimezone(ZoneInfo(zone))
    return local.replace(hour=23, minute=59, second=0, microsecond=0, fold=0).astimezone(UTC)


def retry_after(attempts: int) -> timedelta | None:
    """How long to wait after this many failed attempts; None when it is time to give up."""
    minutes = (1, 5, 15, 60, 240, 720, 1440)
    return timedelta(minutes=minutes[attempts - 1]) if attempts <= len(minutes) else None
