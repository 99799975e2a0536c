"""Geometry of the charts: plain values in, numbers for SVG attributes out. Pure; colour is the stylesheet's.

Across is in per cent of the plot (0–100), so that a chart fits any width with its text unscaled; down is in pixels.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 220
HEAD = 8  # px above the topmost value
LANE = 44  # px of one lane of a program


@dataclass(frozen=True)
class Step:
    """One stage of a funnel as it comes in."""

    name: str
    count: int
    href: str = ""
    note: str = ""


@dataclass(frozen=True)
class FunnelBar:
    """One bar: `width` in per cent of the widest; `conversion` to the next step, None at the last."""

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
                width=_round(100 * step.count / widest),
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
    """A bar for `value` (0–1) with the interval `low`–`high`: good at target, warn while the target is inside."""
    return Gauge(
        value=value,
        at=_share(value) or 0.0,
        target=_share(target),
        low=_share(low),
        high=_share(high),
        whisker=_round((_share(high) or 0.0) - (_share(low) or 0.0)),
        tone=_gauge_tone(value, target, high),
    )


def _gauge_tone(value: float | None, target: float | None, high: float | None) -> str:
    if value is None or target is None:
        return "accent"
    if value >= target:
        return "good"
    return "warn" if high is not None and high >= target else "bad"


@dataclass(frozen=True)
class Point:
    """One value as it comes in."""

    label: str
    value: float | None
    href: str = ""
    title: str = ""


@dataclass(frozen=True)
class Series:
    """Named values over the same labels; `tone` picks the colour (1–6, or a tone word)."""

    name: str
    points: Sequence[Point]
    tone: str = "1"


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where, and what stands there; minor ones give way on narrow screens."""

    at: float
    label: str
    is_minor: bool = False


@dataclass(frozen=True)
class Mark:
    """A bar (x, y, width, height) or a dot (x, y) with its link and its words."""

    x: float
    y: float
    width: float
    height: float
    href: str
    title: str
    tone: str


@dataclass(frozen=True)
class Path:
    """One line: SVG path data in a 100 × height box."""

    name: str
    d: str
    area: str
    tone: str


@dataclass(frozen=True)
class Plot:
    """Axes and marks of a bar or line chart."""

    height: int
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    paths: tuple[Path, ...]
    legend: tuple[tuple[str, str], ...]

    @property
    def base(self) -> int:
        """Where zero is, in px from the top."""
        return self.height


def bars(series: Sequence[Series], *, height: int = HEIGHT, unit: str = "") -> Plot:
    """Bars side by side per label, from zero."""
    top, ticks = _scale(_values(series), height)
    labels = [point.label for point in series[0].points] if series else []
    slot = 100 / max(len(labels), 1)
    thick = slot * 0.68 / max(len(series), 1)
    marks = []
    for which, one in enumerate(series):
        for i, point in enumerate(one.points):
            tall = _round((point.value or 0) / top * (height - HEAD))
            left = i * slot + slot * 0.16 + which * thick
            marks.append(
                Mark(_round(left), _round(height - tall), _round(thick * 0.94), tall,
                     point.href, _title(one, point, unit), one.tone)
            )  # fmt: skip
    middles = [(i + 0.5) * slot for i in range(len(labels))]
    return Plot(height, _x_ticks(labels, middles), ticks, tuple(marks), (), _legend(series))


def line(series: Sequence[Series], *, height: int = HEIGHT, unit: str = "") -> Plot:
    """Lines over the labels; a value of None leaves a gap."""
    top, ticks = _scale(_values(series), height)
    labels = [point.label for point in series[0].points] if series else []
    across = _spread(len(labels))
    marks, paths = [], []
    for one in series:
        dots: list[tuple[float, float] | None] = []
        for x, point in zip(across, one.points, strict=True):
            if point.value is None:
                dots.append(None)
                continue
            y = _round(height - point.value / top * (height - HEAD))
            dots.append((x, y))
            marks.append(Mark(x, y, 0, 0, point.href, _title(one, point, unit), one.tone))
        paths.append(Path(one.name, _d(dots), _area(dots, height), one.tone))
    return Plot(height, _x_ticks(labels, across), ticks, tuple(marks), tuple(paths), _legend(series))


@dataclass(frozen=True)
class Sparkline:
    """A small line in a 100 × 28 box, with its last point."""

    d: str
    area: str
    last: tuple[float, float] | None
    description: str


def sparkline(values: Sequence[float | None]) -> Sparkline:
    """A line without axes: from the least value to the greatest."""
    known = [value for value in values if value is not None]
    least, most = min(known, default=0.0), max(known, default=1.0)
    span = (most - least) or 1.0
    dots = [
        None if value is None else (x, _round(25 - (value - least) / span * 22))
        for x, value in zip(_spread(len(values)), values, strict=True)
    ]
    said = f"from {known[0]:g} to {known[-1]:g}" if known else "no values"
    return Sparkline(_d(dots), _area(dots, 28), next((d for d in reversed(dots) if d), None), said)


@dataclass(frozen=True)
class LaneStep:
    """A step of a program as it comes in: on which day, on which lane."""

    day: float
    lane: str
    label: str
    icon: str = ""
    href: str = ""
    tone: str = "accent"


@dataclass(frozen=True)
class LaneMark:
    """A step in place: `x` per cent, `y` px."""

    x: float
    y: float
    label: str
    icon: str
    href: str
    tone: str
    title: str


@dataclass(frozen=True)
class Lanes:
    """Days across, channels as lanes."""

    height: int
    lanes: tuple[Tick, ...]
    days: tuple[Tick, ...]
    marks: tuple[LaneMark, ...]
    path: str


def timeline_lanes(steps: Sequence[LaneStep], *, days: float | None = None) -> Lanes:
    """Place steps by day (across) and lane (down); the path joins them in time."""
    names = list(dict.fromkeys(step.lane for step in steps))
    last = max([step.day for step in steps] + ([days] if days else []), default=1) or 1
    rows = {name: LANE * i + LANE // 2 for i, name in enumerate(names)}
    ordered = sorted(steps, key=lambda step: step.day)
    marks = tuple(
        LaneMark(_round(4 + 92 * step.day / last), rows[step.lane], step.label, step.icon, step.href,
                 step.tone, f"Day {step.day:g}, {step.lane}: {step.label}")
        for step in ordered
    )  # fmt: skip
    size = _nice(last / 6)
    count = int(last // size) + 1
    day_ticks = tuple(
        Tick(_round(4 + 92 * i * size / last), f"Day {i * size:g}", is_minor=i % 2 == 1)
        for i in range(count)
    )
    return Lanes(
        LANE * max(len(names), 1),
        tuple(Tick(rows[name], name) for name in names),
        day_ticks,
        marks,
        _d([(mark.x, mark.y) for mark in marks]),
    )


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
    return Breakdown(
        tuple(
            PartBar(part.label, part.points, part.note, part.href,
                    _round(zero + min(part.points, 0) / span * 100),
                    _round(abs(part.points) / span * 100),
                    "bad" if part.points < 0 else "accent")
            for part in parts
        ),
        _round(zero),
        sum(part.points for part in parts),
    )  # fmt: skip


@dataclass(frozen=True)
class HeatCell:
    """A cell of a cohort table: `level` 0–9 picks the shade."""

    value: float | None
    level: int
    href: str
    title: str


@dataclass(frozen=True)
class HeatRow:
    """A cohort with its cells."""

    label: str
    note: str
    cells: tuple[HeatCell, ...]


def heat_row(label: str, points: Sequence[Point], *, most: float = 1.0, note: str = "") -> HeatRow:
    """Shade values 0–`most`; None stays blank (the time has not come)."""
    cells = (
        HeatCell(p.value, min(9, int((p.value or 0) / most * 9.999)), p.href, p.title or p.label)
        for p in points
    )
    return HeatRow(label, note, tuple(cells))


def _scale(values: Sequence[float], height: int) -> tuple[float, tuple[Tick, ...]]:
    """The value at the top of the plot and about four ticks of round numbers."""
    size = _nice(max([*values, 0.0]) / 4)
    count = max(1, math.ceil(max([*values, 0.0]) / size - 1e-9))
    top = size * count
    ticks = (
        Tick(_round(height - i / count * (height - HEAD)), _short(i * size)) for i in range(count + 1)
    )
    return top, tuple(ticks)


def _nice(size: float) -> float:
    """The smallest of 1, 2, 2.5, 5 × 10ⁿ that is not below `size`; 1 for nothing."""
    if size <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(size))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= size * (1 - 1e-9))


def _short(value: float) -> str:
    for size, sign in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:g}{sign}"
    return f"{value:g}"


def _x_ticks(labels: Sequence[str], at: Sequence[float]) -> tuple[Tick, ...]:
    """At most about twelve labels, half of them on a narrow screen."""
    every = math.ceil(len(labels) / 12) or 1
    shown = [(label, x) for i, (label, x) in enumerate(zip(labels, at, strict=True)) if i % every == 0]
    narrow = math.ceil(len(shown) / 5) or 1
    return tuple(Tick(_round(x), label, is_minor=i % narrow != 0) for i, (label, x) in enumerate(shown))


def _spread(count: int) -> list[float]:
    return [50.0] if count == 1 else [_round(1 + 98 * i / (count - 1)) for i in range(count)]


def _values(series: Sequence[Series]) -> list[float]:
    return [point.value for one in series for point in one.points if point.value is not None]


def _title(series: Series, point: Point, unit: str) -> str:
    value = f"{point.value:,g}" if point.value is not None else "no value"
    return point.title or " ".join(f"{series.name}, {point.label}: {value} {unit}".split())


def _legend(series: Sequence[Series]) -> tuple[tuple[str, str], ...]:
    return tuple((one.name, one.tone) for one in series)


def _d(dots: Sequence[tuple[float, float] | None]) -> str:
    """SVG path data; a None lifts the pen."""
    parts, pen_is_down = [], False
    for dot in dots:
        if dot is not None:
            parts.append(f"{'L' if pen_is_down else 'M'}{dot[0]:g} {dot[1]:g}")
        pen_is_down = dot is not None
    return "".join(parts)


def _area(dots: Sequence[tuple[float, float] | None], base: float) -> str:
    """The surface under an unbroken line; nothing when it has gaps."""
    known = [dot for dot in dots if dot is not None]
    if len(known) < 2 or len(known) != len(dots):
        return ""
    return f"{_d(known)}L{known[-1][0]:g} {base:g}L{known[0][0]:g} {base:g}Z"


def _share(value: float | None) -> float | None:
    return None if value is None else _round(100 * min(max(value, 0.0), 1.0))


def _round(value: float) -> float:
    return round(value, 2)
