"""Business time: how much of a stretch of time a calendar works. Pure, DST-safe, additive and monotone."""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@dataclass(frozen=True, eq=False)
class WorkingWeek:
    """Working hours per ISO weekday (1 = Monday) as (from, to) pairs in `zone`; none on `days_off`."""

    zone: str
    hours: tuple[tuple[int, tuple[tuple[time, time], ...]], ...]
    days_off: frozenset[date] = frozenset()

    @classmethod
    def build(
        cls,
        *,
        zone: str,
        hours: Mapping[str, Sequence[Sequence[str]]],
        days_off: Collection[date] = (),
    ) -> "WorkingWeek":
        """Read the JSON of a calendar row: {"1": [["09:00", "17:00"]], …}."""
        parsed = tuple(
            (int(day), tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in spans))
            for day, spans in sorted(hours.items())
        )
        return _intern(cls(zone=zone, hours=parsed, days_off=frozenset(days_off)))

    def __hash__(self) -> int:
        """By identity: `build` gives equal weeks as one object, so that look-ups per lead are quick."""
        return id(self)


_interned: dict[tuple[object, ...], WorkingWeek] = {}


def _intern(week: WorkingWeek) -> WorkingWeek:
    return _interned.setdefault((week.zone, week.hours, week.days_off), week)


ROUND_THE_CLOCK = WorkingWeek(zone="UTC", hours=())


def business_seconds(start: datetime, end: datetime, week: WorkingWeek) -> float:
    """Seconds of working time between two aware times; negative when `end` is the earlier one."""
    return worked_until(end, week) - worked_until(start, week)


def worked_until(moment: datetime, week: WorkingWeek) -> float:
    """Working seconds from 1970 up to `moment`; with no hours given every second counts."""
    stamp = moment.timestamp()
    if not week.hours:
        return stamp
    starts, ends, sums = _shifts(week, moment.astimezone(UTC).year)
    index = bisect_right(starts, stamp) - 1
    if index < 0:
        return sums[0]
    return sums[index] + min(stamp, ends[index]) - starts[index]


def add_business_seconds(start: datetime, seconds: float, week: WorkingWeek) -> datetime:
    """The first moment by which `seconds` of working time have passed since `start`."""
    if not week.hours:
        return start + timedelta(seconds=seconds)
    target = worked_until(start, week) + seconds
    year = start.astimezone(UTC).year
    for step in range(50):
        starts, ends, sums = _shifts(week, year + step)
        index = bisect_right(sums, target) - 1
        if index >= 0 and target - sums[index] <= ends[index] - starts[index]:
            moment = datetime.fromtimestamp(starts[index] + target - sums[index], tz=UTC)
            return max(moment, start.astimezone(UTC))
    raise ValueError("this calendar has no working hours left to count")


@lru_cache(maxsize=512)
def _shifts(week: WorkingWeek, year: int) -> tuple[list[float], list[float], list[float]]:
    """Shifts that begin in `year` (one day of margin): starts, ends and working seconds before each."""
    hours = dict(week.hours)
    total = _total_before(week, year)
    starts, ends, sums = [], [], []
    for offset in range(-2, 368):
        day = date(year, 1, 1) + timedelta(days=offset)
        for opens, closes in () if day in week.days_off else hours.get(day.isoweekday(), ()):
            start, end = _stamp(day, opens, week.zone), _stamp(day, closes, week.zone)
            if end <= start:
                continue
            starts.append(start)
            ends.append(end)
            sums.append(total)
            total += end - start
    return starts or [0.0], ends or [0.0], sums or [total]


@lru_cache(maxsize=512)
def _total_before(week: WorkingWeek, year: int) -> float:
    """Working seconds of all days before the first listed day of `year`."""
    first = date(year, 1, 1) - timedelta(days=2)
    if year <= 1970:
        return 0.0
    previous = date(year - 1, 1, 1) - timedelta(days=2)
    hours = dict(week.hours)
    total = _total_before(week, year - 1)
    for offset in range((first - previous).days):
        day = previous + timedelta(days=offset)
        for opens, closes in () if day in week.days_off else hours.get(day.isoweekday(), ()):
            total += max(0.0, _stamp(day, closes, week.zone) - _stamp(day, opens, week.zone))
    return total


def _stamp(day: date, clock: time, zone: str) -> float:
    return datetime.combine(day, clock, tzinfo=ZoneInfo(zone)).timestamp()
