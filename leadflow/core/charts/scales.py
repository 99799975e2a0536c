"""Shared by all charts: round numbers, places across, SVG path data."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Dots = Sequence[tuple[float, float] | None]


@dataclass(frozen=True)
class Point:
    """One value as it comes in; `text` stands in its place where it is drawn as words."""

    label: str
    value: float | None
    href: str = ""
    title: str = ""
    text: str = ""


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where, and what stands there; minor ones give way on narrow screens."""

    at: float
    label: str
    is_minor: bool = False


def nice(size: float) -> float:
    """The smallest of 1, 2, 2.5, 5 × 10ⁿ that is not below `size`; 1 for nothing."""
    if size <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(size))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= size * (1 - 1e-9))


def spread(count: int) -> list[float]:
    """`count` places from edge to edge, in per cent."""
    return [50.0] if count == 1 else [rounded(1 + 98 * i / (count - 1)) for i in range(count)]


def path_data(dots: Dots) -> str:
    """SVG path data; a None lifts the pen."""
    parts, pen_is_down = [], False
    for dot in dots:
        if dot is not None:
            parts.append(f"{'L' if pen_is_down else 'M'}{dot[0]:g} {dot[1]:g}")
        pen_is_down = dot is not None
    return "".join(parts)


def area_under(dots: Dots, base: float) -> str:
    """The surface under an unbroken line; nothing when it has gaps."""
    known = [dot for dot in dots if dot is not None]
    if len(known) < 2 or len(known) != len(dots):
        return ""
    return f"{path_data(known)}L{known[-1][0]:g} {base:g}L{known[0][0]:g} {base:g}Z"


def rounded(value: float) -> float:
    """Two digits: a hundredth of a per cent is less than a pixel."""
    return round(value, 2)
