"""Bars, lines and sparklines: values over labels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from leadflow.core.charts.scales import Point, Tick, area_under, nice, path_data, rounded, spread

HEIGHT = 220
HEAD = 8  # px above the topmost value


@dataclass(frozen=True)
class Series:
    """Named values over the same labels; `tone` picks the colour (1–6, or a tone word)."""

    name: str
    points: Sequence[Point]
    tone: str = "1"


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
    top, ticks = _scale(_values(series), height, unit)
    labels = [point.label for point in series[0].points] if series else []
    slot = 100 / max(len(labels), 1)
    thick = slot * 0.68 / max(len(series), 1)
    marks = []
    for which, one in enumerate(series):
        for i, point in enumerate(one.points):
            tall = rounded((point.value or 0) / top * (height - HEAD))
            left = i * slot + slot * 0.16 + which * thick
            marks.append(
                Mark(rounded(left), rounded(height - tall), rounded(thick * 0.94), tall,
                     point.href, _title(one, point, unit), one.tone)
            )  # fmt: skip
    middles = [(i + 0.5) * slot for i in range(len(labels))]
    return Plot(height, _x_ticks(labels, middles), ticks, tuple(marks), (), _legend(series))


def line(series: Sequence[Series], *, height: int = HEIGHT, unit: str = "") -> Plot:
    """Lines over the labels; a value of None leaves a gap."""
    top, ticks = _scale(_values(series), height, unit)
    labels = [point.label for point in series[0].points] if series else []
    across = spread(len(labels))
    marks, paths = [], []
    for one in series:
        dots: list[tuple[float, float] | None] = []
        for x, point in zip(across, one.points, strict=True):
            if point.value is None:
                dots.append(None)
                continue
            y = rounded(height - point.value / top * (height - HEAD))
            dots.append((x, y))
            marks.append(Mark(x, y, 0, 0, point.href, _title(one, point, unit), one.tone))
        paths.append(Path(one.name, path_data(dots), area_under(dots, height), one.tone))
    return Plot(
        height, _x_ticks(labels, across), ticks, tuple(marks), tuple(paths), _legend(series)
    )


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
        None if value is None else (x, rounded(25 - (value - least) / span * 22))
        for x, value in zip(spread(len(values)), values, strict=True)
    ]
    said = f"from {known[0]:g} to {known[-1]:g}" if known else "no values"
    return Sparkline(
        path_data(dots), area_under(dots, 28), next((d for d in reversed(dots) if d), None), said
    )


def _scale(values: Sequence[float], height: int, unit: str) -> tuple[float, tuple[Tick, ...]]:
    """The value at the top of the plot and about four ticks of round numbers; shares bear their sign."""
    size = nice(max([*values, 0.0]) / 4)
    count = max(1, math.ceil(max([*values, 0.0]) / size - 1e-9))
    top, sign = size * count, " %" if unit == "%" else ""
    ticks = (
        Tick(rounded(height - i / count * (height - HEAD)), _short(i * size) + sign)
        for i in range(count + 1)
    )
    return top, tuple(ticks)


def _short(value: float) -> str:
    for size, sign in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:g}{sign}"
    return f"{value:g}"


def _x_ticks(labels: Sequence[str], at: Sequence[float]) -> tuple[Tick, ...]:
    """At most about twelve labels, half of them on a narrow screen."""
    every = math.ceil(len(labels) / 12) or 1
    shown = [
        (label, x) for i, (label, x) in enumerate(zip(labels, at, strict=True)) if i % every == 0
    ]
    narrow = math.ceil(len(shown) / 5) or 1
    return tuple(
        Tick(rounded(x), label, is_minor=i % narrow != 0) for i, (label, x) in enumerate(shown)
    )


def _values(series: Sequence[Series]) -> list[float]:
    return [point.value for one in series for point in one.points if point.value is not None]


def _title(series: Series, point: Point, unit: str) -> str:
    if point.title or point.value is None:
        return point.title or f"{series.name}, {point.label}: no value"
    value = f"{point.value:,.2f}".rstrip("0").rstrip(".")
    return f"{series.name}, {point.label}: {value} {unit}".rstrip()


def _legend(series: Sequence[Series]) -> tuple[tuple[str, str], ...]:
    return tuple((one.name, one.tone) for one in series)
