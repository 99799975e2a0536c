"""Acceptance as the pages show it: a gauge against the target, and what each number opens."""

from dataclasses import dataclass

from leadflow.core import charts
from reports.engine.periods import Period
from reports.queries import Answers, Dimension, Group, HandoffReport
from reports.views.links import leads_behind

OUTCOMES = (
    # outcome, words, tone of its badge
    ("accepted", "Accepted", "good"),
    ("rejected", "Rejected", "bad"),
    ("expired", "Expired", "warn"),
    ("pending", "Waiting", "neutral"),
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
    label: str
    answers: Answers
    gauge: charts.Gauge
    outcomes: tuple[Outcome, ...]
    offered_href: str
    decided_href: str

    @property
    def name(self) -> str:
        """The two sides by their abbreviations, as in "MQL → SAL"."""
        handoff = self.report.handoff
        return f"{handoff.offered.abbreviation} → {handoff.accepted.abbreviation}"

    @property
    def short_by(self) -> float | None:
        """Percentage points below the target; None when it is met or nothing is known."""
        gap = self.report.gap_points
        return -gap if gap is not None and gap < 0 else None


def acceptance(
    report: HandoffReport,
    period: Period,
    *,
    split: Dimension | None = None,
    group: Group | None = None,
    answers: Answers | None = None,
) -> Acceptance:
    """The gauge and the links of a hand-off, or of one `group` of it with its own `answers`."""
    shown = answers or report.answers

    def href(outcome: str) -> str:
        wanted = f"{report.handoff.key}:{outcome}"
        return leads_behind(period=period, outcome=wanted, split=split, group=group)

    interval = shown.interval
    return Acceptance(
        report=report,
        label=group.label if group else report.handoff.name,
        answers=shown,
        gauge=charts.gauge(
            shown.acceptance,
            report.target,
            interval.low if interval else None,
            interval.high if interval else None,
        ),
        outcomes=tuple(
            Outcome(label, tone, getattr(shown, name), href(name)) for name, label, tone in OUTCOMES
        ),
        offered_href=href(""),
        decided_href=href("decided"),
    )
