"""A logistic model from numbers, and what it is worth on leads that came later.

scikit-learn is imported by these functions alone: only a worker that trains loads it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from scoring.engine.verdicts import Verdict, judge, log_loss
from scoring.services.samples import Sample

# How strongly weights are held back; what does best on leads left out is taken
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3)
FOLDS = 5
RARE = 10  # looks: what is rarer than that teaches nothing
CUTS = 40  # moments that are tried as the end of the past
ENOUGH_TO_JUDGE = 10  # customers before the cut, and after it
DAY = 86_400


@dataclass(frozen=True)
class Learned:
    """Log odds = bias + weights × numbers, calibrated; `usual` is the mean of each number."""

    bias: float
    weights: Any
    usual: Any


@dataclass(frozen=True)
class Trial:
    """What happened when the past was asked about leads that came later.

    `before` and `after` are places in the sample: the outcomes of the first were known at `cut` (seconds
    since 1970), the second were seen from then on.
    """

    cut: float
    before: Any
    after: Any
    model: Verdict
    chances: list[float]
    base_rate: float
    base_log_loss: float


def learn(sample: Sample, places: Any = None) -> Learned:
    """Learn from the looks at `places`, or from all; the same for the same looks."""
    import numpy as np
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    numbers, won = sample.matrix(), np.array(sample.won)
    folds = np.array(sample.leads) % FOLDS  # all looks at one lead are left out together
    if places is not None:
        numbers, won, folds = numbers[places], won[places], folds[places]
    known = numbers.getnnz(axis=0) >= min(RARE, numbers.shape[0] // 2)
    scaler = StandardScaler(with_mean=False).fit(numbers)
    scale = np.where(known, scaler.scale_, np.inf)
    scaled = numbers.multiply(1 / scale).tocsr()
    with threadpool_limits(limits=1):
        strength, aside = _try_strengths(scaled, won, folds)
        slope, shift = _calibrate(aside, won)
        fitted = _fit(scaled, won, strength)
    return Learned(
        bias=float(slope * fitted.intercept_[0] + shift),
        weights=slope * fitted.coef_[0] / scale,
        usual=np.asarray(numbers.mean(axis=0)).ravel(),
    )


def try_on_later(sample: Sample, *, horizon_days: int) -> Trial | None:
    """Learn as if it were earlier, then judge by what came after; None where history is too short.

    Leads count as past only if their outcome was known at the cut. The cut is where both sides have
    most customers.
    """
    import numpy as np

    moments, won = np.array(sample.moments), np.array(sample.won)
    best = (ENOUGH_TO_JUDGE - 1, 0.0)
    for cut in np.quantile(moments, np.linspace(0, 1, CUTS + 1)):
        before, after = moments + horizon_days * DAY <= cut, moments >= cut
        if _has_both(won[before]) and _has_both(won[after]):
            best = max(best, (int(min(won[before].sum(), won[after].sum())), float(cut)))
    customers, cut = best
    if customers < ENOUGH_TO_JUDGE:
        return None
    before = np.flatnonzero(moments + horizon_days * DAY <= cut)
    after = np.flatnonzero(moments >= cut)
    learned = learn(sample, before)
    came, base = won[after].astype(bool).tolist(), float(won[before].mean())
    chances = _chances(learned, sample.matrix()[after])
    return Trial(
        cut=cut,
        before=before,
        after=after,
        model=judge(chances, came),
        chances=chances,
        base_rate=base,
        base_log_loss=log_loss([base] * len(came), came),
    )


def chances_by_points(points: Any, sample: Sample, trial: Trial) -> list[float]:
    """What a score alone says of the same later leads, turned into chances on the same past."""
    import numpy as np

    won, column = np.array(sample.won), np.asarray(points, dtype=float)
    slope, shift = _calibrate(column[trial.before] / 100, won[trial.before])
    return _shares(slope * column[trial.after] / 100 + shift)


def judge_some(
    chances: list[float], sample: Sample, trial: Trial, *, among: Collection[int] | None = None
) -> Verdict | None:
    """What chances of the later leads are worth, or of some of them; None where all ended alike."""
    pairs = [
        (chance, bool(sample.won[place]))
        for chance, place in zip(chances, trial.after, strict=True)
        if among is None or int(place) in among
    ]
    if len({has_won for _, has_won in pairs}) < 2:
        return None
    return judge([chance for chance, _ in pairs], [has_won for _, has_won in pairs])


def _has_both(won: Any) -> bool:
    return bool(0 < won.sum() < len(won))


def _chances(learned: Learned, numbers: Any) -> list[float]:
    return _shares(numbers @ learned.weights + learned.bias)


def _shares(odds: Any) -> list[float]:
    import numpy as np

    shares: list[float] = (1 / (1 + np.exp(-np.clip(odds, -30, 30)))).tolist()
    return shares


def _fit(numbers: Any, won: Any, strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, max_iter=1_000).fit(numbers, won)


def _try_strengths(numbers: Any, won: Any, folds: Any) -> tuple[float, Any]:
    """The strength that does best on looks left out, and the log odds it gave them."""
    tried = []
    for strength in STRENGTHS:
        aside = _odds_aside(numbers, won, folds, strength)
        loss = log_loss(_shares(aside), won.astype(bool).tolist())
        tried.append((round(loss, 9), strength, aside))
    _, strength, aside = min(tried, key=lambda one: one[:2])
    return strength, aside


def _odds_aside(numbers: Any, won: Any, folds: Any, strength: float) -> Any:
    """Log odds of each look by a model that has not learned from its lead."""
    import numpy as np

    odds = np.zeros(len(won))
    for fold in range(FOLDS):
        others, mine = folds != fold, folds == fold
        if not _has_both(won[others]):  # nothing to tell apart: the usual share
            share = won.mean()
            odds[mine] = np.log(share / (1 - share))
        elif mine.any():
            odds[mine] = _fit(numbers[others], won[others], strength).decision_function(
                numbers[mine]
            )
    return odds


def _calibrate(odds: Any, won: Any) -> tuple[float, float]:
    """Slope and shift that make log odds come true (Platt, 1999); a slope below 0 says nothing."""
    import numpy as np

    fitted = _fit(np.asarray(odds).reshape(-1, 1), won, 1e6)
    slope, shift = float(fitted.coef_[0][0]), float(fitted.intercept_[0])
    if slope > 0:
        return slope, shift
    share = won.mean()
    return 0.0, float(np.log(share / (1 - share)))
