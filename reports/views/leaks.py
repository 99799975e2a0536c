"""The leak page."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from leadflow.core import charts
from leadflow.core.shares import share
from leads import queries as lead_queries
from reports import policies, queries
from reports.queries import LeakReport, LeakStage
from reports.views.links import address_of
from reports.views.questions import reader

# kind: icon, what it means, what to do
ADVICE = {
    "stuck": (
        "hourglass",
        "They have stood in one stage for longer than is normal there.",
        "Take the next step with them, or give them back with a reason.",
    ),
    "unowned": (
        "user-round-x",
        "Sales accepted them, or should answer for them, and nobody is named.",
        "Give each an owner: a lead that belongs to everybody is called by nobody.",
    ),
    "absent": (
        "calendar-off",
        "Their owner, or who should answer for them, is away or has left.",
        "Hand them to a colleague until the owner is back.",
    ),
    "bouncing": (
        "repeat",
        "On the way again after they came back or were lost twice in 180 days or more often.",
        "Ask sales what was missing before you offer them once more.",
    ),
    "unusable": (
        "phone-off",
        "They have neither e-mail nor phone, or came back with “Contact data unusable”.",
        "Correct what can be corrected, and disqualify the rest.",
    ),
}


@dataclass(frozen=True)
class Cell:
    """Leads that leak in one way in one stage, and where they are listed."""

    stage: LeakStage
    leads: int
    href: str


@dataclass(frozen=True)
class Kind:
    """One kind of leak: what it means, what to do, and how many leads it holds where."""

    key: str
    name: str
    icon: str
    meaning: str
    remedy: str
    leads: int
    share: float | None
    href: str
    cells: tuple[Cell, ...]

    @property
    def worst(self) -> Cell | None:
        """The stage with the most of them; None without any."""
        return max((one for one in self.cells if one.leads), key=lambda c: c.leads, default=None)


@require_safe
def leaks(request: HttpRequest) -> HttpResponse:
    """Where leads are stuck or forgotten at this moment, and what to do about it."""
    policies.check_may_read("leaks", by=reader(request))
    report = queries.leaks(user=reader(request), at=timezone.now())
    kinds = [_kind(leak, report) for leak in lead_queries.LEAKS]
    context = {
        "report": report,
        "kinds": kinds,
        "rows": [_heat(kind) for kind in kinds],
        "columns": [stage.abbreviation for stage in report.stages],
        "leaking_share": share(report.leaking, report.standing),
        "leaking_href": _list(lead_queries.ANY_LEAK),
        "standing_href": _list("", ",".join(stage.key for stage in report.stages)),
        "largest": max(kinds, key=lambda kind: kind.leads),
        "worst": _worst(report),
        "totals": [_cell(lead_queries.ANY_LEAK, stage, stage.leaking) for stage in report.stages],
    }
    return render(request, "reports/leaks.html", context)


def _kind(leak: lead_queries.Leak, report: LeakReport) -> Kind:
    icon, meaning, remedy = ADVICE[leak.key]
    leads = report.leads(leak.key)
    return Kind(
        key=leak.key,
        name=leak.name,
        icon=icon,
        meaning=meaning,
        remedy=remedy,
        leads=leads,
        share=share(leads, report.standing),
        href=_list(leak.key),
        cells=tuple(_cell(leak.key, stage, stage.leads(leak.key)) for stage in report.stages),
    )


def _cell(kind: str, stage: LeakStage, leads: int) -> Cell:
    return Cell(stage, leads, _list(kind, stage.key))


def _worst(report: LeakReport) -> Cell | None:
    stage = report.worst
    return _cell(lead_queries.ANY_LEAK, stage, stage.leaking) if stage else None


def _list(kind: str, stage: str = "") -> str:
    return address_of("leads:list", {"leak": kind, "stage": stage})


def _heat(kind: Kind) -> charts.HeatRow:
    """Shaded by the part of all leads of the stage; nothing stays blank."""
    return charts.heat_row(kind.name, [_point(cell, kind) for cell in kind.cells])


def _point(cell: Cell, kind: Kind) -> charts.Point:
    part = share(cell.leads, cell.stage.standing)
    title = f"{cell.stage.name}: {cell.leads:,} of {cell.stage.standing:,} leads, {kind.name}"
    value = part if cell.leads else None
    return charts.Point(cell.stage.name, value, cell.href, title, f"{cell.leads:,}")
