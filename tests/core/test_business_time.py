"""Business time is additive, monotone and right across holidays and daylight saving."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadflow.core.business_time import (
    ROUND_THE_CLOCK,
    WorkingWeek,
    add_business_seconds,
    business_seconds,
)

HOURS = {str(day): [["09:00", "12:00"], ["13:00", "17:00"]] for day in range(1, 6)}
BERLIN = WorkingWeek.build(zone="Europe/Berlin", hours=HOURS, days_off=[date(2026, 5, 1)])
NIGHTS = WorkingWeek.build(
    zone="Europe/Berlin", hours={str(day): [["00:00", "06:00"]] for day in range(1, 8)}
)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("week", "start", "end", "hours"),
    [
        (BERLIN, "2026-03-03 08:00", "2026-03-03 16:00", 7),  # a whole working day, CET
        (BERLIN, "2026-03-03 10:30", "2026-03-03 12:30", 1),  # the lunch break does not count
        (BERLIN, "2026-03-06 15:00", "2026-03-09 09:00", 2),  # over the weekend
        (BERLIN, "2026-04-30 15:00", "2026-05-04 07:00", 0),  # the holiday, before opening
        (BERLIN, "2026-04-30 14:00", "2026-05-04 08:00", 2),  # an hour on each side, CEST
        (NIGHTS, "2026-03-28 22:00", "2026-03-29 06:00", 5),  # the clock jumps forward
        (NIGHTS, "2026-10-24 22:00", "2026-10-25 06:00", 7),  # and back
        (ROUND_THE_CLOCK, "2026-03-06 15:00", "2026-03-07 15:00", 24),
    ],
)
def test_working_hours_between(week: WorkingWeek, start: str, end: str, hours: float) -> None:
    assert business_seconds(utc(start), utc(end), week) == pytest.approx(hours * 3600)


@given(moments, moments, moments)
def test_it_is_additive(a: datetime, b: datetime, c: datetime) -> None:
    direct = business_seconds(a, c, BERLIN)

    assert business_seconds(a, b, BERLIN) + business_seconds(b, c, BERLIN) == pytest.approx(direct)


@given(moments, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_it_never_runs_backwards(start: datetime, length: timedelta) -> None:
    assert 0 <= business_seconds(start, start + length, BERLIN) <= length.total_seconds()


@given(moments, st.integers(1, 400 * 3600))
def test_adding_is_the_inverse_of_counting(start: datetime, seconds: int) -> None:
    end = add_business_seconds(start, seconds, BERLIN)

    assert business_seconds(start, end, BERLIN) == pytest.approx(seconds, abs=1e-3)
