"""What a benchmark prints: one JSON line per figure, with its floor measured in the same run."""

import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """A median over runs; `floor` is what the plainest program that does the same work reaches."""

    name: str
    value: float
    unit: str
    goal: float
    better: str
    runs: int
    spread: float
    floor: float | None = None
    ratio: float | None = None


def report(
    name: str,
    values: list[float],
    *,
    unit: str,
    goal: float,
    better: str = "higher",
    floors: list[float] | None = None,
) -> None:
    """Print the figure; spread is (max − min) ÷ median, ratio is value ÷ floor (or its inverse)."""
    value = statistics.median(values)
    floor = statistics.median(floors) if floors else None
    ratio = None
    if floor:
        ratio = round(value / floor if better == "higher" else floor / value, 3)
    figure = Figure(
        name=name,
        value=round(value, 2),
        unit=unit,
        goal=goal,
        better=better,
        runs=len(values),
        spread=round((max(values) - min(values)) / value, 3) if value else 0.0,
        floor=round(floor, 2) if floor else None,
        ratio=ratio,
    )
    sys.stdout.write(json.dumps({k: v for k, v in asdict(figure).items() if v is not None}) + "\n")
    sys.stdout.flush()


Benchmark = Callable[[int], None]
benchmarks: dict[str, Benchmark] = {}


def benchmark(function: Benchmark) -> Benchmark:
    """Register a benchmark under the name of its figure; it takes the number of leads."""
    benchmarks[function.__name__] = function
    return function
