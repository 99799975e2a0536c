"""Periods of whole days, as people choose them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EARLIEST = date(1900, 1, 1)  # calendars of some zones do not reach back to the year 1


@dataclass(frozen=True)
class Period:
    """From `first` to `last`, both days included; None leaves that end open."""

    first: date | None = None
    last: date | None = None

    @classmethod
    def last_days(cls, days: int, *, today: date) -> "Period":
        """The `days` days that end with today."""
        return cls(first=today - timedelta(days=days - 1), last=today)

    @classmethod
    def month(cls, month: str) -> "Period":
        """All of one month, given as "2026-03"."""
        first = date.fromisoformat(f"{month}-01")
        following = (first + timedelta(days=31)).replace(day=1)
        return cls(first=first, last=following - timedelta(days=1))

    def start(self, zone: str) -> datetime | None:
        """The first moment of the period in `zone`."""
        return _midnight(max(self.first, EARLIEST), zone) if self.first else None

    def end(self, zone: str) -> datetime | None:
        """The first moment after the period in `zone`."""
        if self.last is None or self.last >= date.max - timedelta(days=1):
            return None  # no day comes after it
        return _midnight(self.last + timedelta(days=1), zone)

    def within(self, other: "Period") -> "Period":
        """The days that both periods have."""
        firsts = [day for day in (self.first, other.first) if day]
        lasts = [day for day in (self.last, other.last) if day]
        return Period(first=max(firsts, default=None), last=min(lasts, default=None))


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone))
