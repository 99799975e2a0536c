"""How good a model was on leads that came later: figures from chances and outcomes. Pure."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from leadflow.core.shares import Z_95, wilson

BINS = 10
STEPS = 20  # of the curve
SURE = 1e-6  # no chance counts as less than one in a million


@dataclass(frozen=True)
class Bin:
    """A tenth of the leads by their chance: what was said, and what came true, with its interval."""

    count: int
    won: int
    said: float
    came: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """`auc` with its 95 % interval; `log_loss` in nats a lead; `curve`: customers found over others."""

    auc: float
    auc_low: float
    auc_high: float
    log_loss: float
    curve: list[float]
    bins: list[Bin]

    def as_json(self) -> dict[str, Any]:
        """What is kept of it."""
        return asdict(self)


def judge(chances: Sequence[float], won: Sequence[bool]) -> Verdict:
    """Compare chances (0–1) with what came true; both outcomes must occur."""
    auc, curve = _ranking(chances, won)
    spread = Z_95 * _auc_error(auc, sum(won), len(won) - sum(won))
    return Verdict(
        auc=auc,
        auc_low=max(auc - spread, 0.0),
        auc_high=min(auc + spread, 1.0),
        log_loss=log_loss(chances, won),
        curve=curve,
        bins=_bins(chances, won),
    )


def log_loss(chances: Sequence[float], won: Sequence[bool]) -> float:
    """Mean surprise in nats: the less, the better the chances were."""
    total = 0.0
    for chance, has_won in zip(chances, won, strict=True):
        share = min(max(chance, SURE), 1 - SURE)
        total -= math.log(share if has_won else 1 - share)
    return total / len(won)


def _ranking(chances: Sequence[float], won: Sequence[bool]) -> tuple[float, list[float]]:
    """AUC (equal chances count half) and the customers found at each twentieth of the others."""
    most, fewest = sum(won), len(won) - sum(won)
    points, found, passed, area = [(0.0, 0.0)], 0, 0, 0.0
    order = sorted(range(len(won)), key=lambda place: -chances[place])
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and chances[order[end]] == chances[order[start]]:
            end += 1
        hits = sum(won[place] for place in order[start:end])
        area += (end - start - hits) * (found + hits / 2)
        found, passed = found + hits, passed + end - start - hits
        points.append((passed / fewest, found / most))
        start = end
    return area / (most * fewest), [_height(points, step / STEPS) for step in range(STEPS + 1)]


def _height(points: Sequence[tuple[float, float]], x: float) -> float:
    """The curve at `x`: straight between its points, the top where it goes straight up."""
    (left, low), (right, high) = next(
        pair for pair in reversed(list(pairwise(points))) if pair[0][0] <= x
    )
    part = (x - left) / (right - left) if right > left else 1.0
    return round(low + (high - low) * part, 4)


def _auc_error(auc: float, won: int, lost: int) -> float:
    """Its standard error (Hanley and McNeil, 1982)."""
    first, second, square = auc / (2 - auc), 2 * auc * auc / (1 + auc), auc * auc
    spread = (auc * (1 - auc) + (won - 1) * (first - square) + (lost - 1) * (second - square)) / (
        won * lost
    )
    return math.sqrt(max(spread, 0.0))


def _bins(chances: Sequence[float], won: Sequence[bool]) -> list[Bin]:
    order = sorted(range(len(won)), key=lambda place: chances[place])
    found = []
    for number in range(BINS):
        places = order[len(order) * number // BINS : len(order) * (number + 1) // BINS]
        if not places:
            continue
        hits = sum(won[place] for place in places)
        range_ = wilson(hits, len(places))
        assert range_ is not None
        said = sum(chances[place] for place in places) / len(places)
        found.append(Bin(len(places), hits, said, hits / len(places), range_.low, range_.high))
    return found
