"""Acceptance as the pages show it: a gauge against the target, and what each number opens."""

from collections.abc import Mapping
from dataclasses import dataclass

from leadflow.core import charts
from reports.engine.periods import Period
from reports.queries import AnswerGroup, Answers, Dimension, HandoffReport, Measured
from reports.views.links import leads_behind

OUTCOMES = (
    # outcome, words, tone of its badge
    ("accepted", "Accepted", "good"),
    ("rejected", "Rejected", "bad"),
    ("expired", "Expired", "warn"),
    ("pending", "Waiting", "neutral"),
    ("withdrawn", "Withdrawn: erased on request", "neutral"),
)


@dataclass(frozen=True)
class Outcome:
    """How many offers ended one way, and the leads behind them."""

    label: str
    tone: str
    offers: int
    href: str


@dataclass(frozen=True)
class Acceptance:
    """One hand-off, or one group of it, ready to draw."""

    report: HandoffReport
    measured: Measured
    label: str
    gauge: charts.Gauge
    outcomes: tuple[Outcome, ...]
    offered_href: str
    decided_href: str

    @property
    def answers(self) -> Answers:
        """The offers by outcome."""
        return self.measured.answers

    @property
    def name(self) -> str:
        """The two sides by their abbreviations, as in "MQL → SAL"."""
        return f"{self.report.offered.abbreviation} → {self.report.accepted.abbreviation}"

    @property
    def short_by(self) -> float | None:
        """Percentage points below the target; None when it is met or nothing is known."""
        gap = self.measured.gap_points
        return -gap if gap is not None and gap < 0 else None

    @property
    def gap(self) -> str:
        """Points above or below the target, with its sign: "−12.5"."""
        points = self.measured.gap_points
        return "–" if points is None else f"{points:+.1f}".replace("-", "−").replace(".0", "")


def acceptance(
    report: HandoffReport,
    period: Period,
    *,
    split: Dimension | None = None,
    one: AnswerGroup | None = None,
    only: Mapping[str, str] | None = None,
) -> Acceptance:
    """The gauge and the links of a hand-off, or of `one` group of it; narrowed by `only`."""
    measured: Measured = one or report
    group = one.group if one else None

    def href(outcome: str) -> str:
        wanted = f"{report.handoff.key}:{outcome}"
        return leads_behind(period=period, outcome=wanted, split=split, group=group, only=only)

    return Acceptance(
        report=report,
        measured=measured,
        label=group.label if group else report.name,
        gauge=_gauge(measured),
        outcomes=tuple(
            Outcome(label, tone, getattr(measured.answers, name), href(name))
            for name, label, tone in OUTCOMES
            if name != "withdrawn" or measured.answers.withdrawn
        ),
        offered_href=href(""),
        decided_href=href("decided"),
    )


def _gauge(measured: Measured) -> charts.Gauge:
    interval = measured.answers.interval
    return charts.gauge(
        measured.answers.acceptance,
        measured.target,
        interval.low if interval else None,
        interval.high if interval else None,
    )
