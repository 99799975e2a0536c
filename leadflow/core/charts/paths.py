"""A path through the lanes of teams: its stops from left to right, and what joins them."""

from collections.abc import Sequence
from dataclasses import dataclass

from leadflow.core.charts.scales import Tick, rounded

LANE = 92  # px of one lane
STOP = 52  # px of one stop


@dataclass(frozen=True)
class PathStop:
    """A stop as it comes in: its lane, and in `joined_by` what the way from the one before is called.

    `is_handoff` draws that way as a hand-off.
    """

    label: str
    name: str
    lane: str
    note: str = ""
    tone: str = "neutral"
    href: str = ""
    joined_by: str = ""
    is_handoff: bool = False


@dataclass(frozen=True)
class StopMark:
    """A stop in place: `left`, `x` (middle) and `width` in per cent, `y` in px."""

    left: float
    x: float
    width: float
    y: int
    label: str
    name: str
    note: str
    tone: str
    href: str
    title: str


@dataclass(frozen=True)
class Way:
    """The way between two stops: from and to in per cent and px, and its words with their place."""

    x1: float
    y1: int
    x2: float
    y2: int
    label: str
    x: float
    y: int
    is_handoff: bool
    title: str


@dataclass(frozen=True)
class PathChart:
    """A path through lanes."""

    height: int
    lanes: tuple[Tick, ...]
    rules: tuple[int, ...]
    stops: tuple[StopMark, ...]
    ways: tuple[Way, ...]


def path_chart(stops: Sequence[PathStop]) -> PathChart:
    """Place stops from left to right, each in its lane; lanes stand in the order of the path."""
    names = list(dict.fromkeys(stop.lane for stop in stops))
    rows = {name: LANE * n + LANE // 2 for n, name in enumerate(names)}
    step = 100 / max(len(stops), 1)
    marks = tuple(_mark(stop, n, step, rows[stop.lane]) for n, stop in enumerate(stops))
    ways = tuple(
        _way(stop, before, mark)
        for stop, before, mark in zip(stops[1:], marks, marks[1:], strict=False)
    )
    return PathChart(
        height=LANE * max(len(names), 1),
        lanes=tuple(Tick(rows[name], name) for name in names),
        rules=tuple(LANE * n for n in range(1, len(names))),
        stops=marks,
        ways=ways,
    )


def _mark(stop: PathStop, place: int, step: float, y: int) -> StopMark:
    return StopMark(
        left=rounded(step * (place + 0.14)),
        x=rounded(step * (place + 0.5)),
        width=rounded(step * 0.72),
        y=y,
        label=stop.label,
        name=stop.name,
        note=stop.note,
        tone=stop.tone,
        href=stop.href,
        title=f"{stop.name}{': ' + stop.note if stop.note else ''}",
    )


def _way(stop: PathStop, before: StopMark, mark: StopMark) -> Way:
    """From edge to edge on one lane; from the bottom of one stop to the next one's top across lanes."""
    same = before.y == mark.y
    x1 = before.left + before.width if same else before.x
    x2 = mark.left if same else mark.x
    half = 0 if same else STOP // 2 if mark.y > before.y else -STOP // 2
    return Way(
        x1=rounded(x1),
        y1=before.y + half,
        x2=rounded(x2),
        y2=mark.y - half,
        label=stop.joined_by,
        x=rounded((x1 + x2) / 2),
        y=(before.y + mark.y) // 2 - (STOP // 2 + 8 if same else 0),
        is_handoff=stop.is_handoff,
        title=f"{before.name} → {mark.name}{': ' + stop.joined_by if stop.joined_by else ''}",
    )
