"""The hand-off page."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leadflow.core import charts
from reports import policies, queries
from reports.engine.shares import share
from reports.queries import HandoffReport, ReasonCount
from reports.views.acceptance import Acceptance, acceptance
from reports.views.questions import Question, question, read_filter, reader


@dataclass(frozen=True)
class ReasonRow:
    """A reason with its share of all rejections, as a bar from zero."""

    reason: ReasonCount
    share: float | None
    bar: charts.Gauge


@dataclass(frozen=True)
class Section:
    """One hand-off on the page."""

    total: Acceptance
    reasons: tuple[ReasonRow, ...]
    rows: tuple[Acceptance, ...]
    trend: charts.Plot | None
    months: tuple[Acceptance, ...]


@require_safe
def handoffs(request: HttpRequest) -> HttpResponse:
    """What the next team did with the leads it was offered, against the target."""
    policies.check_may_read("handoffs", by=reader(request))
    form = read_filter(request, queries.OFFER_DIMENSIONS)
    if not form.is_valid():
        return render(request, "reports/handoffs.html", {"form": form}, status=422)
    asked = question(request, form)
    reports = queries.handoffs(by=asked.by, zone=asked.zone, **asked.span())
    monthly = queries.handoffs(by="month", zone=asked.zone, **asked.span())
    sections = [_section(*pair, asked) for pair in zip(reports, monthly, strict=True)]
    context = {
        "form": form,
        "asked": asked,
        "sections": sections,
        "split": queries.OFFER_DIMENSIONS.get(asked.by or ""),
    }
    return render(request, "reports/handoffs.html", context)


def _section(report: HandoffReport, monthly: HandoffReport, asked: Question) -> Section:
    months = _rows(monthly, "month", asked)
    return Section(
        total=acceptance(report, asked.period),
        reasons=tuple(_reason(reason, report) for reason in report.reasons),
        rows=_rows(report, asked.by, asked),
        trend=_trend(months) if len(months) > 1 else None,
        months=months,
    )


def _rows(report: HandoffReport, by: str | None, asked: Question) -> tuple[Acceptance, ...]:
    split = queries.OFFER_DIMENSIONS.get(by or "")
    return tuple(
        acceptance(report, asked.period, split=split, group=one.group, answers=one.answers)
        for one in report.groups
    )


def _reason(reason: ReasonCount, report: HandoffReport) -> ReasonRow:
    part = share(reason.offers, report.answers.rejected)
    return ReasonRow(reason, part, charts.gauge(part))


def _trend(months: Sequence[Acceptance]) -> charts.Plot:
    target = 100 * months[0].report.target
    shares = [_point(month) for month in months]
    goal = [charts.Point(month.label, target, title=f"Target {target:g} %") for month in months]
    series = [charts.Series("Acceptance", shares), charts.Series("Target", goal, "muted")]
    return charts.line(series, height=180, unit="%")


def _point(month: Acceptance) -> charts.Point:
    value = month.answers.acceptance
    return charts.Point(
        month.label, None if value is None else round(100 * value, 1), month.decided_href
    )
