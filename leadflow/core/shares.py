"""Shares of counts, and how sure we can be of them."""

import math
from dataclasses import dataclass

Z_95 = 1.959963984540054  # the 97.5 % point of the normal distribution


@dataclass(frozen=True)
class Interval:
    """A range that a share lies in, both ends from 0 to 1."""

    low: float
    high: float


def share(part: int, whole: int) -> float | None:
    """`part` ÷ `whole` as 0–1; None of nothing."""
    return part / whole if whole else None


def percent(part: int, whole: int) -> float | None:
    """`part` of `whole` in per cent, three decimals; None of nothing."""
    return round(100 * part / whole, 3) if whole else None


def wilson(successes: int, n: int, *, z: float = Z_95) -> Interval | None:
    """The Wilson score interval of a share, 95 % by default; None of nothing.

    E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference,
    J. Amer. Statist. Assoc. 22 (1927), 209–212. Stays within 0–1, also at 0 and n of n.
    """
    if n <= 0:
        return None
    observed = successes / n
    middle = observed + z * z / (2 * n)
    spread = z * math.sqrt(observed * (1 - observed) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if successes == 0 else (middle - spread) / scale
    high = 1.0 if successes == n else (middle + spread) / scale
    return Interval(low=low, high=high)
