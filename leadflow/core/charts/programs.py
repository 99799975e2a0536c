"""A program over time: days across, channels as lanes."""

from collections.abc import Sequence
from dataclasses import dataclass

from leadflow.core.charts.scales import Tick, nice, path_data, rounded

LANE = 44  # px of one lane


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
        LaneMark(
            x=rounded(4 + 92 * step.day / last),
            y=rows[step.lane],
            label=step.label,
            icon=step.icon,
            href=step.href,
            tone=step.tone,
            title=f"Day {step.day:g}, {step.lane}: {step.label}",
        )
        for step in ordered
    )
    size = nice(last / 6)
    count = int(last // size) + 1
    day_ticks = tuple(
        Tick(rounded(4 + 92 * i * size / last), f"Day {i * size:g}", is_minor=i % 2 == 1)
        for i in range(count)
    )
    return Lanes(
        LANE * max(len(names), 1),
        tuple(Tick(rows[name], name) for name in names),
        day_ticks,
        marks,
        path_data([(mark.x, mark.y) for mark in marks]),
    )
