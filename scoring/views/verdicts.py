"""The figures of a model as pictures and rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadflow.core import charts
from leadflow.core.charts import Point, Series
from scoring.engine.chances import Card
from scoring.engine.looks import DEEDS, FACTS, RECENT_DAYS
from scoring.engine.verdicts import STEPS

MOST_WEIGHTS = 16
PLAIN = {
    "age": "Days since they came",
    "quiet": "Days since they were last active",
    "lively": "Days active in the last two weeks",
    "again": "Has come back",
}
FAMILIES = {
    "source": "Came by",
    "persona": "Is",
    "stage": "Stands at",
    "kind": "Looked at",
    "product": "Reads about",
}


@dataclass(frozen=True)
class VerdictRow:
    """One way to tell who buys: `auc` None for guessing, with its interval in words."""

    name: str
    auc: float | None
    interval: str
    early: float | None
    log_loss: float
    note: str


def verdict_rows(figures: Mapping[str, Any]) -> list[VerdictRow]:
    """The model, the points and the usual share beside each other, on the same later leads."""
    return [
        _row("Prediction", figures["model"], "learned from the past alone"),
        _row("Points", figures["points"], "score turned into a chance on the same past"),
        VerdictRow(
            "The usual share",
            None,
            "",
            None,
            figures["usual"]["log_loss"],
            "the same chance for everybody",
        ),
    ]


def _row(name: str, verdict: Mapping[str, Any], note: str) -> VerdictRow:
    interval = f"{verdict['auc_low']:.2f} – {verdict['auc_high']:.2f}"
    early = verdict.get("auc_early")
    return VerdictRow(name, verdict["auc"], interval, early, verdict["log_loss"], note)


def calibration_chart(figures: Mapping[str, Any]) -> charts.Plot:
    """What was said and what came true, for each tenth of the later leads by their chance."""
    bins = figures["model"]["bins"]
    said = [Point(_percent(one["said"]), 100 * one["said"]) for one in bins]
    came = [
        Point(
            _percent(one["said"]),
            100 * one["came"],
            title=f"{one['won']} of {one['count']} became customers ({_percent(one['came'])}); "
            f"{_percent(one['said'])} was said",
        )
        for one in bins
    ]
    usual = [Point(_percent(one["said"]), 100 * figures["usual"]["share"]) for one in bins]
    return charts.line(
        [
            Series("Became customers", came, "1"),
            Series("Said by the prediction", said, "2"),
            Series("The usual share", usual, "3"),
        ],
        unit="%",
    )


def curve_chart(figures: Mapping[str, Any]) -> charts.Plot:
    """Customers found when leads are taken by their chance, over how many others are taken with them."""
    named = (
        ("Prediction", figures["model"], "1"),
        ("Points", figures["points"], "2"),
        ("Guessing", figures["usual"], "3"),
    )
    return charts.line(
        [
            Series(name, [_step(name, place, y) for place, y in enumerate(one["curve"])], tone)
            for name, one, tone in named
        ],
        unit="%",
    )


def _step(name: str, step: int, height: float) -> Point:
    """A point of the curve; every fifth of the way has a label."""
    passed = 100 * step // STEPS
    title = f"{name}: {_percent(height)} of the customers among {passed} % of the others"
    return Point(f"{passed} %" if passed % 20 == 0 else "", 100 * height, title=title)


def curve_rows(figures: Mapping[str, Any]) -> list[tuple[float, float, float]]:
    """The curve as rows: share of the others, customers found by prediction, and by points."""
    pairs = zip(figures["model"]["curve"], figures["points"]["curve"], strict=True)
    return [(step / STEPS, *pair) for step, pair in enumerate(pairs)]


def weight_chart(card: Card) -> charts.Breakdown:
    """What speaks for a lead and what against it, in log odds: the strongest first."""
    strongest = sorted(card.weights.items(), key=lambda one: (-abs(one[1]), one[0]))
    return charts.score_breakdown(
        [
            charts.Part(_label(name, card.names), round(weight, 2))
            for name, weight in strongest[:MOST_WEIGHTS]
            if round(weight, 2)
        ]
    )


def _label(name: str, names: Mapping[str, str]) -> str:
    if name in PLAIN:
        return PLAIN[name]
    if name in FACTS:
        return f"{FACTS[name]} known".capitalize()
    if name in DEEDS:
        _, many, _ = DEEDS[name]
        return f"{many.format(n='more').capitalize()}, last {RECENT_DAYS} days"
    family, _, key = name.partition(":")
    if not key:
        return "Nobody knows how they came"
    return f"{FAMILIES[family]} {names.get(name) or key}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"
