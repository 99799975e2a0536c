"""The velocity page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leadflow.core import charts
from reports import policies, queries
from reports.queries import VelocityReport
from reports.views.questions import question, read_filter, reader


@require_safe
def velocity(request: HttpRequest) -> HttpResponse:
    """How long leads stay in each stage before they move on."""
    policies.check_may_read("velocity", by=reader(request))
    form = read_filter(request, {})
    if not form.is_valid():
        return render(request, "reports/velocity.html", {"form": form}, status=422)
    asked = question(request, form)
    report = queries.velocity(**asked.span())
    context = {"form": form, "asked": asked, "report": report, "chart": _chart(report)}
    return render(request, "reports/velocity.html", context)


def _chart(report: VelocityReport) -> charts.Plot | None:
    """Bars of the median and the 90th percentile per stage; None when nothing moved."""
    if not any(stage.moved_on for stage in report.stages):
        return None
    half = [charts.Point(stage.abbreviation, _days(stage.median_days)) for stage in report.stages]
    most = [charts.Point(stage.abbreviation, _days(stage.p90_days)) for stage in report.stages]
    series = [charts.Series("Half within", half), charts.Series("90 % within", most, "2")]
    return charts.bars(series, unit="days")


def _days(days: float | None) -> float | None:
    return None if days is None else round(days, 1)
