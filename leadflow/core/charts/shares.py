"""Shares and parts: funnel, gauge against a target, make-up of a score, cohorts."""

from collections.abc import Sequence
from dataclasses import dataclass

from leadflow.core.charts.scales import Point, rounded


@dataclass(frozen=True)
class Step:
    """One stage of a funnel as it comes in."""

    name: str
    count: int
    href: str = ""
    note: str = ""


@dataclass(frozen=True)
class FunnelBar:
    """One bar: `width` in per cent of the widest; `conversion` to the next step or None."""

    name: str
    count: int
    href: str
    note: str
    width: float
    conversion: float | None
    share: float


@dataclass(frozen=True)
class Funnel:
    """A funnel from the first step to the last."""

    bars: tuple[FunnelBar, ...]

    @property
    def description(self) -> str:
        """The funnel in a sentence, for screen readers."""
        return ", ".join(f"{bar.name} {bar.count:,}" for bar in self.bars)


def funnel(steps: Sequence[Step]) -> Funnel:
    """Bars for `steps`; conversion of a step = count of the next ÷ its own count."""
    widest = max((step.count for step in steps), default=0) or 1
    first = steps[0].count if steps else 0
    following = [step.count for step in steps[1:]]
    return Funnel(
        tuple(
            FunnelBar(
                name=step.name,
                count=step.count,
                href=step.href,
                note=step.note,
                width=rounded(100 * step.count / widest),
                conversion=following[i] / step.count if i < len(following) and step.count else None,
                share=step.count / first if first else 0.0,
            )
            for i, step in enumerate(steps)
        )
    )


@dataclass(frozen=True)
class Gauge:
    """A share against its target: positions in per cent; whiskers are None without an interval."""

    value: float | None
    at: float
    target: float | None
    low: float | None
    high: float | None
    whisker: float
    tone: str


def gauge(
    value: float | None,
    target: float | None = None,
    low: float | None = None,
    high: float | None = None,
) -> Gauge:
    """A bar for `value` (0–1): good at target, warn while `low`–`high` still holds the target."""
    return Gauge(
        value=value,
        at=_share(value) or 0.0,
        target=_share(target),
        low=_share(low),
        high=_share(high),
        whisker=rounded((_share(high) or 0.0) - (_share(low) or 0.0)),
        tone=_gauge_tone(value, target, high),
    )


def _gauge_tone(value: float | None, target: float | None, high: float | None) -> str:
    if value is None or target is None:
        return "accent"
    if value >= target:
        return "good"
    return "warn" if high is not None and high >= target else "bad"


@dataclass(frozen=True)
class Part:
    """A piece of a score as it comes in: points may be negative."""

    label: str
    points: float
    note: str = ""
    href: str = ""


@dataclass(frozen=True)
class PartBar:
    """A piece in place: x and width in per cent around the common zero."""

    label: str
    points: float
    note: str
    href: str
    x: float
    width: float
    tone: str


@dataclass(frozen=True)
class Breakdown:
    """What a score is made of."""

    bars: tuple[PartBar, ...]
    zero: float
    total: float


def score_breakdown(parts: Sequence[Part]) -> Breakdown:
    """One bar per part from a common zero: gains to the right, penalties to the left."""
    gain = max([part.points for part in parts] + [0.0])
    loss = -min([part.points for part in parts] + [0.0])
    span = (gain + loss) or 1.0
    zero = 100 * loss / span
    bars = tuple(
        PartBar(
            label=part.label,
            points=part.points,
            note=part.note,
            href=part.href,
            x=rounded(zero + min(part.points, 0) / span * 100),
            width=rounded(abs(part.points) / span * 100),
            tone="bad" if part.points < 0 else "accent",
        )
        for part in parts
    )
    return Breakdown(bars, rounded(zero), sum(part.points for part in parts))


@dataclass(frozen=True)
class HeatCell:
    """A cell of a cohort table: `level` 0–9 picks the shade; `text` is shown for its share."""

    value: float | None
    level: int
    href: str
    title: str
    text: str = ""


@dataclass(frozen=True)
class HeatRow:
    """A cohort with its cells."""

    label: str
    note: str
    cells: tuple[HeatCell, ...]


def heat_row(label: str, points: Sequence[Point], *, most: float = 1.0, note: str = "") -> HeatRow:
    """Shade values 0–`most`; None stays blank (the time has not come)."""
    cells = (
        HeatCell(
            p.value, min(9, int((p.value or 0) / most * 9.999)), p.href, p.title or p.label, p.text
        )
        for p in points
    )
    return HeatRow(label, note, tuple(cells))


def _share(value: float | None) -> float | None:
    return None if value is None else rounded(100 * min(max(value, 0.0), 1.0))
