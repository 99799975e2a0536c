"""Periods of whole days."""

from datetime import UTC, date, datetime

from reports.engine.periods import Period


def test_both_days_of_a_period_are_included() -> None:
    period = Period(date(2026, 3, 1), date(2026, 3, 31))

    assert period.start("UTC") == datetime(2026, 3, 1, tzinfo=UTC)
    assert period.end("UTC") == datetime(2026, 4, 1, tzinfo=UTC)


def test_a_day_begins_at_midnight_of_the_readers_zone_also_when_clocks_change() -> None:
    period = Period(date(2026, 3, 29), date(2026, 3, 29))

    assert period.start("Europe/Berlin") == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert period.end("Europe/Berlin") == datetime(2026, 3, 29, 22, tzinfo=UTC)


def test_the_last_thirty_days_end_today() -> None:
    period = Period.last_days(30, today=date(2026, 3, 30))

    assert period == Period(date(2026, 3, 1), date(2026, 3, 30))


def test_a_month_is_cut_to_the_period_around_it() -> None:
    month = Period.month("2026-02")

    assert month == Period(date(2026, 2, 1), date(2026, 2, 28))
    since = Period(date(2026, 2, 10), None)
    assert month.within(since) == Period(date(2026, 2, 10), date(2026, 2, 28))


def test_an_open_period_has_no_ends() -> None:
    assert Period().start("UTC") is None
    assert Period().end("UTC") is None
