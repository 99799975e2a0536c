"""Reports as plain objects, ready for JSON."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from leadflow.core.shares import percent
from leads.queries import LEAKS
from reports.engine.periods import Period
from reports.queries import (
    Answers,
    FunnelReport,
    Group,
    HandoffReport,
    LeakReport,
    Measured,
    Reached,
    StageTime,
    VelocityReport,
)

Json = dict[str, Any]


def funnel_json(report: FunnelReport, period: Period) -> Json:
    """The funnel with its stages, the way from the first offer to a win, and its groups."""
    head = _head("funnel", period, by=report.by.key if report.by else None)
    return head | {
        "stages": _stages(report.overall),
        "overall": _won(report.overall, report),
        "groups": [
            _value(one.group) | {"stages": _stages(one)} | _won(one, report)
            for one in report.groups
        ],
    }


def _stages(group: Reached) -> list[Json]:
    first = group.stages[0].leads
    before = [0, *(stage.leads for stage in group.stages)]
    return [
        {
            "key": stage.key,
            "name": stage.name,
            "abbreviation": stage.abbreviation,
            "leads": stage.leads,
            "from_previous_percent": percent(stage.leads, before[place]),
            "from_first_percent": percent(stage.leads, first),
        }
        for place, stage in enumerate(group.stages)
    ]


def _won(group: Reached, report: FunnelReport) -> Json:
    offered, won = report.path.offered, report.path.won
    return {
        offered: group.offered,
        won: group.won,
        f"{offered}_to_{won}_percent": group.won_percent,
    }


def handoffs_json(reports: Iterable[HandoffReport], period: Period, by: str | None) -> Json:
    """Every hand-off with its answers, reasons and groups, against the target of then."""
    return _head("handoffs", period, by=by) | {
        "handoffs": [
            {
                "key": report.handoff.key,
                "name": report.name,
                **_measured(report),
                "reasons": [
                    {"code": reason.code, "label": reason.label, "offers": reason.offers}
                    for reason in report.reasons
                ],
                "groups": [_value(one.group) | _measured(one) for one in report.groups],
            }
            for report in reports
        ]
    }


def _measured(measured: Measured) -> Json:
    return {
        "target_percent": round(100 * measured.target, 3),
        "gap_points": measured.gap_points,
        **_answers(measured.answers),
    }


def _answers(answers: Answers) -> Json:
    interval = answers.interval
    return {
        "offered": answers.offered,
        "leads": answers.leads,
        "accepted": answers.accepted,
        "rejected": answers.rejected,
        "expired": answers.expired,
        "pending": answers.pending,
        "withdrawn": answers.withdrawn,
        "n": answers.decided,
        "acceptance_percent": percent(answers.accepted, answers.decided),
        "interval_percent": (
            [round(100 * interval.low, 3), round(100 * interval.high, 3)] if interval else None
        ),
        "median_seconds": answers.median_seconds,
        "p90_seconds": answers.p90_seconds,
    }


def sla_json(reports: Iterable[HandoffReport], period: Period, by: str | None) -> Json:
    """Every active hand-off with its clock: answered in time, too late, overdue."""
    return _head("sla", period, by=by) | {
        "handoffs": [
            {
                "key": report.handoff.key,
                "name": report.name,
                "respond_within_minutes": report.handoff.respond_within_minutes,
                "uses_business_time": report.handoff.uses_business_time,
                **_clock(report.answers),
                "groups": [_value(one.group) | _clock(one.answers) for one in report.groups],
            }
            for report in reports
        ]
    }


def _clock(answers: Answers) -> Json:
    return {
        "n": answers.timed,
        "in_time": answers.in_time,
        "late": answers.timed - answers.in_time,
        "overdue": answers.overdue,
        "in_time_percent": percent(answers.in_time, answers.timed),
        "median_seconds": answers.median_seconds,
        "p90_seconds": answers.p90_seconds,
    }


def leaks_json(report: LeakReport) -> Json:
    """Leads that leak now, by stage and kind."""
    kinds = [(leak.key, leak.name) for leak in LEAKS]
    return {
        "report": "leaks",
        "at": report.at.isoformat(),
        "standing": report.standing,
        "leaking": report.leaking,
        "kinds": [{"key": key, "name": name, "leads": report.leads(key)} for key, name in kinds],
        "stages": [
            {
                "key": stage.key,
                "name": stage.name,
                "abbreviation": stage.abbreviation,
                "normal_days": stage.normal_days,
                "standing": stage.standing,
                "leaking": stage.leaking,
                **{key: stage.leads(key) for key, _ in kinds},
            }
            for stage in report.stages
        ],
    }


def velocity_json(report: VelocityReport, period: Period) -> Json:
    """The stages of the path with the days that leads spent there."""
    return _head("velocity", period, by=None) | {
        "stages": [_stage_time(stage) for stage in report.stages]
    }


def _stage_time(stage: StageTime) -> Json:
    return {
        "key": stage.key,
        "name": stage.name,
        "abbreviation": stage.abbreviation,
        "moved_on": stage.moved_on,
        "median_days": stage.median_days,
        "p90_days": stage.p90_days,
        "median_business_hours": stage.median_business_hours,
        "left": stage.left,
        "median_days_left": stage.median_days_left,
    }


def _head(name: str, period: Period, *, by: str | None) -> Json:
    return {"report": name, "from": _day(period.first), "to": _day(period.last), "by": by}


def _value(group: Group) -> Json:
    return {"value": group.key, "label": group.label}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
