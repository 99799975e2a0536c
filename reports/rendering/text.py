"""Reports as aligned text, from the same objects as the JSON."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Json = dict[str, Any]
Row = Sequence[Any]


def as_text(report: Json) -> str:
    """A report's JSON as aligned tables, one under the other."""
    blocks: dict[str, Callable[[Json], list[str]]] = {
        "funnel": _funnel,
        "handoffs": _handoffs,
        "leaks": _leaks,
        "sla": _sla,
        "velocity": _velocity,
    }
    name = report["report"]
    return "\n\n".join([f"{name.capitalize()}, {_when(report)}", *blocks[name](report)])


def _when(report: Json) -> str:
    if "at" in report:
        return str(report["at"][:16].replace("T", " "))
    return f"{report['from'] or 'the beginning'} to {report['to'] or 'today'}"


def _funnel(report: Json) -> list[str]:
    overall = _table(
        ("Stage", "Leads", "From previous %", "Of first %"),
        (
            (one["name"], one["leads"], one["from_previous_percent"], one["from_first_percent"])
            for one in report["stages"]
        ),
    )
    offered, won, rate = report["overall"]
    summary = _table((offered, won, rate), [tuple(report["overall"].values())])
    if not report["by"]:
        return [overall, summary]
    stages = [one["abbreviation"] for one in report["stages"]]
    groups = _table(
        (report["by"].capitalize(), *stages, rate),
        (
            (one["label"], *(stage["leads"] for stage in one["stages"]), one[rate])
            for one in report["groups"]
        ),
    )
    return [overall, summary, groups]


ANSWERS = (
    "offered",
    "accepted",
    "rejected",
    "expired",
    "pending",
    "acceptance_percent",
    "gap_points",
)


def _handoffs(report: Json) -> list[str]:
    blocks = []
    for one in report["handoffs"]:
        rows = [("all", *(one[name] for name in ANSWERS))]
        rows += [(part["label"], *(part[name] for name in ANSWERS)) for part in one["groups"]]
        first = f"{one['name']} (target {one['target_percent']:g} %)"
        blocks.append(_table((first, *_headings(ANSWERS)), rows))
        if one["reasons"]:
            reasons = ((reason["label"], reason["offers"]) for reason in one["reasons"])
            blocks.append(_table(("Rejected because", "Offers"), reasons))
    return blocks


CLOCK = ("n", "in_time", "late", "overdue", "in_time_percent")


def _sla(report: Json) -> list[str]:
    return [
        _table(
            (f"{one['name']} (within {one['respond_within_minutes']} min)", *_headings(CLOCK)),
            [
                (part["label"], *(part[name] for name in CLOCK))
                for part in [one | {"label": "all"}, *one["groups"]]
            ],
        )
        for one in report["handoffs"]
    ]


def _leaks(report: Json) -> list[str]:
    kinds = [(kind["key"], kind["name"]) for kind in report["kinds"]]
    rows = [
        (one["name"], one["standing"], *(one[key] for key, _ in kinds), one["leaking"])
        for one in report["stages"]
    ]
    sums = (kind["leads"] for kind in report["kinds"])
    rows.append(("all", report["standing"], *sums, report["leaking"]))
    return [_table(("Stage", "Leads", *(name for _, name in kinds), "Any of them"), rows)]


TIMES = ("moved_on", "median_days", "p90_days", "left", "median_days_left")


def _velocity(report: Json) -> list[str]:
    rows = ((one["name"], *(one[name] for name in TIMES)) for one in report["stages"])
    return [_table(("Stage", *_headings(TIMES)), rows)]


def _headings(names: Sequence[str]) -> list[str]:
    return [name.replace("_percent", " %").replace("_", " ").capitalize() for name in names]


def _table(head: Row, rows: Iterable[Row]) -> str:
    """Columns as wide as their widest cell; the first to the left, figures to the right."""
    lines = [[str(cell) for cell in head], *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) else str(value)
