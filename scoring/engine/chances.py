"""From what is seen of a lead to its chance, and why. Pure; the model is plain numbers.

A logistic model: the log odds are `bias` plus weight × number, calibration included. Every number is
compared with its usual value among the leads the model learned from, so that reasons add up:
log odds = usual log odds + what each question adds.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scoring.engine.looks import Look, in_words, measure, question_of

FAINT = 0.002  # reasons that move the chance by less than two in a thousand are not told
FURTHEST = 30.0  # log odds beyond which the chance does not change any more


@dataclass(frozen=True)
class Reason:
    """An answer in words and by how much it moves the chance (a share; negative: against)."""

    words: str
    share: float


@dataclass(frozen=True)
class Chance:
    """The chance of a lead (0–1) with its reasons, the strongest first."""

    share: float
    reasons: list[Reason]

    @property
    def reasons_for(self) -> list[Reason]:
        """What speaks for it."""
        return [reason for reason in self.reasons if reason.share > 0]

    @property
    def reasons_against(self) -> list[Reason]:
        """What speaks against it."""
        return [reason for reason in self.reasons if reason.share < 0]


@dataclass(frozen=True)
class Card:
    """A model: weights and usual values by the name of a number, and the words of answers."""

    bias: float
    weights: Mapping[str, float]
    usual: Mapping[str, float]
    names: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """What is kept of it."""
        return {
            "bias": self.bias,
            "weights": dict(self.weights),
            "usual": dict(self.usual),
            "names": dict(self.names),
        }


def read_card(kept: Mapping[str, Any]) -> Card:
    """The model that was kept as JSON."""
    return Card(
        bias=float(kept["bias"]),
        weights=kept["weights"],
        usual=kept["usual"],
        names=kept["names"],
    )


def share_of(odds: float) -> float:
    """The share that belongs to log odds."""
    return 1.0 / (1.0 + math.exp(-min(max(odds, -FURTHEST), FURTHEST)))


def odds_of(card: Card, numbers: Mapping[str, float]) -> float:
    """Log odds of somebody with these numbers; numbers that the model does not know count nothing."""
    weights = card.weights
    return card.bias + sum(
        weights[name] * value for name, value in numbers.items() if name in weights
    )


def chance_share(card: Card, look: Look) -> float:
    """The chance of a lead as it was seen, 0–1."""
    return share_of(odds_of(card, measure(look)))


def explain_chance(card: Card, look: Look) -> Chance:
    """The chance with what each answer changes, compared with the usual answer."""
    numbers = measure(look)
    odds = odds_of(card, numbers)
    share = share_of(odds)
    reasons = [
        Reason(in_words(question, look, card.names), share - share_of(odds - added))
        for question, added in _added(card, numbers).items()
    ]
    told = [reason for reason in reasons if abs(reason.share) >= FAINT]
    return Chance(share, sorted(told, key=lambda reason: (-abs(reason.share), reason.words)))


def _added(card: Card, numbers: Mapping[str, float]) -> dict[str, float]:
    """What each question adds to the log odds, compared with the usual."""
    added: dict[str, float] = {}
    for name, weight in card.weights.items():
        by = weight * (numbers.get(name, 0.0) - card.usual.get(name, 0.0))
        question = question_of(name)
        added[question] = added.get(question, 0.0) + by
    return added
