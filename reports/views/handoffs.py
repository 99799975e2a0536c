"""The hand-off page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leadflow.core import charts
from leadflow.core.shares import share
from leads.models import Handoff
from reports import policies, queries
from reports.queries import AnswerGroup, HandoffReport, ReasonCount
from reports.views.acceptance import Acceptance, acceptance
from reports.views.links import address_of, leads_behind, param_of
from reports.views.questions import Question, question, read_filter, reader


@dataclass(frozen=True)
class ReasonRow:
    """A reason with its share of all rejections, as a bar from zero, and the leads behind it."""

    reason: ReasonCount
    share: float | None
    bar: charts.Gauge
    href: str


@dataclass(frozen=True)
class Row:
    """One group; `href` shows this page for it alone."""

    acceptance: Acceptance
    href: str


@dataclass(frozen=True)
class Section:
    """One hand-off on the page."""

    total: Acceptance
    reasons: tuple[ReasonRow, ...]
    rows: tuple[Row, ...]
    trend: charts.Plot | None
    months: tuple[Acceptance, ...]


@require_safe
def handoffs(request: HttpRequest) -> HttpResponse:
    """What the next team did with the leads it was offered, against the target."""
    policies.check_may_read("handoffs", by=reader(request))
    form = read_filter(request, queries.OFFER_DIMENSIONS, handoffs=_choices())
    if not form.is_valid():
        return render(request, "reports/handoffs.html", {"form": form}, status=422)
    asked = question(request, form)
    narrowed = {"handoff": form.handoff, "only": asked.only, "zone": asked.zone} | asked.span()
    reports = queries.handoffs(by=asked.by, **narrowed)
    monthly = queries.handoffs(by="month", **narrowed)
    context = {
        "form": form,
        "asked": asked,
        "sections": [_section(*pair, asked) for pair in zip(reports, monthly, strict=True)],
        "split": queries.OFFER_DIMENSIONS.get(asked.by or ""),
        "kept": asked.only,
        "narrowed": _narrowed(asked.only),
        "everything": address_of("reports:handoffs", _without_groups(asked)),
    }
    return render(request, "reports/handoffs.html", context)


def _choices() -> list[tuple[str, str]]:
    """Hand-offs that are in use or were once."""
    used = Handoff.objects.filter(is_active=True) | Handoff.objects.filter(offers__isnull=False)
    return list(used.distinct().values_list("key", "name"))


def _narrowed(only: Mapping[str, str]) -> list[str]:
    """What the page is narrowed to, in words."""
    by_param = {one.param: one for one in queries.OFFER_DIMENSIONS.values() if one.param}
    return [
        f"{by_param[name].name}: {by_param[name].label_of(value)}" for name, value in only.items()
    ]


def _without_groups(asked: Question) -> dict[str, str]:
    """The parameters of this page but for the groups it is narrowed to."""
    return {name: value for name, value in asked.params.items() if name not in asked.only}


def _section(report: HandoffReport, monthly: HandoffReport, asked: Question) -> Section:
    months = _groups(monthly, "month", asked)
    return Section(
        total=acceptance(report, asked.period, only=asked.only),
        reasons=tuple(_reason(reason, report, asked) for reason in report.reasons),
        rows=_rows(report, asked),
        trend=_trend(months) if len(months) > 1 else None,
        months=months,
    )


def _groups(report: HandoffReport, by: str | None, asked: Question) -> tuple[Acceptance, ...]:
    split = queries.OFFER_DIMENSIONS.get(by or "")
    return tuple(
        acceptance(report, asked.period, split=split, one=one, only=asked.only)
        for one in report.groups
    )


def _rows(report: HandoffReport, asked: Question) -> tuple[Row, ...]:
    groups = zip(_groups(report, asked.by, asked), report.groups, strict=True)
    return tuple(Row(shown, _narrow(one, report, asked)) for shown, one in groups)


def _narrow(one: AnswerGroup, report: HandoffReport, asked: Question) -> str:
    """This page for one group alone; "" for months, which have the period for it."""
    split = queries.OFFER_DIMENSIONS[asked.by or ""]
    if not split.param:
        return ""
    chosen = {split.param: param_of(one.group), "by": "", "handoff": report.handoff.key}
    return address_of("reports:handoffs", {**asked.params, **chosen})


def _reason(reason: ReasonCount, report: HandoffReport, asked: Question) -> ReasonRow:
    part = share(reason.offers, report.answers.rejected)
    href = leads_behind(
        period=asked.period,
        outcome=f"{report.handoff.key}:rejected",
        only={**asked.only, "offer_reason": reason.code or "__blank"},
    )
    return ReasonRow(reason, part, charts.gauge(part), href)


def _trend(months: Sequence[Acceptance]) -> charts.Plot:
    shares = [_point(month) for month in months]
    goal = [_goal(month) for month in months]
    series = [charts.Series("Acceptance", shares), charts.Series("Target", goal, "muted")]
    return charts.line(series, height=180, unit="%")


def _point(month: Acceptance) -> charts.Point:
    value = month.answers.acceptance
    return charts.Point(
        month.label, None if value is None else round(100 * value, 1), month.decided_href
    )


def _goal(month: Acceptance) -> charts.Point:
    target = 100 * month.measured.target
    return charts.Point(month.label, target, title=f"Target, {month.label}: {target:g} %")
