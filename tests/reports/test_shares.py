"""Shares and the Wilson interval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadflow.core.shares import percent, share, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # R. G. Newcombe, Statist. Med. 17 (1998), 857–872, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_agrees_with_published_values(
    successes: int, n: int, low: float, high: float
) -> None:
    interval = wilson(successes, n)

    assert interval is not None
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_mirrors_its_opposite(counts: tuple[int, int]) -> None:
    successes, n = counts
    interval, opposite = wilson(successes, n), wilson(n - successes, n)

    assert interval is not None
    assert opposite is not None
    assert 0 <= interval.low <= successes / n <= interval.high <= 1
    assert interval.low == pytest.approx(1 - opposite.high, abs=1e-9)


def test_more_of_the_same_narrows_the_interval() -> None:
    few, many = wilson(6, 10), wilson(600, 1000)

    assert few is not None
    assert many is not None
    assert many.high - many.low < few.high - few.low


def test_nothing_has_no_share() -> None:
    assert share(0, 0) is None
    assert percent(0, 0) is None
    assert wilson(0, 0) is None


def test_a_percentage_has_three_decimals() -> None:
    assert percent(842, 8000) == 10.525
