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


def retry_after(attempts: int) -> timedelta | None:
    """How long to wait after this many failed attempts; None when it is time to give up."""
    minutes = (1, 5, 15, 60, 240, 720, 1440)
    return timedelta(minutes=minutes[attempts - 1]) if attempts <= len(minutes) else None
