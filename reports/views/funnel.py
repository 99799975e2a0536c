"""The funnel page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leadflow.core import charts
from leadflow.core.shares import share
from reports import policies, queries
from reports.queries import FunnelGroup, FunnelReport, HandoffReport, StageCount
from reports.views.acceptance import acceptance
from reports.views.links import leads_behind
from reports.views.questions import Question, question, read_filter, reader


@require_safe
def funnel(request: HttpRequest) -> HttpResponse:
    """How many leads reached each stage, what sales did with them, and where they came from."""
    policies.check_may_read("funnel", by=reader(request))
    form = read_filter(request, queries.LEAD_DIMENSIONS)
    if not form.is_valid():
        return render(request, "reports/funnel.html", {"form": form}, status=422)
    asked = question(request, form)
    report = queries.funnel(by=asked.by, zone=asked.zone, **asked.span())
    handoffs = queries.handoffs(**asked.span())
    context = {"form": form, "asked": asked} | _figures(report, handoffs, asked)
    return render(request, "reports/funnel.html", context)


def _figures(
    report: FunnelReport, handoffs: Sequence[HandoffReport], asked: Question
) -> dict[str, Any]:
    stages = [StageCell(count, _href(count, asked)) for count in report.overall.stages]
    return {
        "report": report,
        "stages": stages,
        "offered": report.path.stage(report.path.offered),
        "won": report.path.stage(report.path.won),
        "offered_share": share(report.overall.offered, report.overall.stages[0].leads),
        "offered_href": leads_behind(period=asked.period, reached=report.path.offered),
        "won_href": leads_behind(period=asked.period, reached=report.path.won),
        "chart": _chart(stages),
        "acceptances": [acceptance(one, asked.period) for one in handoffs],
        "rows": [_row(one, report, asked) for one in report.groups],
    }


@dataclass(frozen=True)
class StageCell:
    """One figure with the leads behind it."""

    count: StageCount
    href: str


@dataclass(frozen=True)
class GroupRow:
    """One group of the table: its figures along the path, and its part of all offered leads."""

    group: FunnelGroup
    cells: tuple[StageCell, ...]
    part: charts.Gauge


def _href(count: StageCount, asked: Question) -> str:
    return leads_behind(period=asked.period, reached=count.key)


def _chart(stages: Sequence[StageCell]) -> charts.Funnel:
    return charts.funnel(
        [charts.Step(cell.count.name, cell.count.leads, cell.href) for cell in stages]
    )


def _row(one: FunnelGroup, report: FunnelReport, asked: Question) -> GroupRow:
    return GroupRow(
        group=one,
        cells=tuple(
            StageCell(
                count,
                leads_behind(
                    period=asked.period, reached=count.key, split=report.by, group=one.group
                ),
            )
            for count in one.stages
        ),
        part=charts.gauge(share(one.offered, report.overall.offered)),
    )
