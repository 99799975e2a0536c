"""`manage.py report NAME`: the figures of the report pages, for the terminal and for scripts."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from leadflow.core.errors import DomainError, Invalid
from reports import queries, rendering
from reports.engine.periods import Period
from reports.rendering import as_text

Json = dict[str, Any]


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    period: Period
    by: str | None
    handoff: str | None
    at: datetime
    zone: str

    def span(self) -> dict[str, Any]:
        """The period as moments."""
        return {"start": self.period.start(self.zone), "end": self.period.end(self.zone)}


def funnel(wish: Wish) -> Json:
    """Leads per stage."""
    _refuse_handoff(wish, "funnel")
    report = queries.funnel(user=None, at=wish.at, by=wish.by, zone=wish.zone, **wish.span())
    return rendering.funnel_json(report, wish.period)


def handoffs(wish: Wish) -> Json:
    """What became of offers."""
    return rendering.handoffs_json(_handoffs(wish), wish.period, wish.by)


def sla(wish: Wish) -> Json:
    """Whether offers were answered in time."""
    return rendering.sla_json(_handoffs(wish), wish.period, wish.by)


def _handoffs(wish: Wish) -> list[queries.HandoffReport]:
    asked = {"by": wish.by, "zone": wish.zone, "handoff": wish.handoff} | wish.span()
    return queries.handoffs(user=None, at=wish.at, **asked)


def velocity(wish: Wish) -> Json:
    """Days per stage."""
    _refuse_handoff(wish, "velocity")
    if wish.by:
        raise Invalid("The velocity report cannot be split; leave --by out.", field="by")
    report = queries.velocity(user=None, at=wish.at, **wish.span())
    return rendering.velocity_json(report, wish.period)


def leaks(wish: Wish) -> Json:
    """Leads that are stuck or forgotten now."""
    _refuse_handoff(wish, "leaks")
    if wish.by or wish.period != Period():
        raise Invalid("The leaks report shows this moment; leave --from, --to and --by out.")
    return rendering.leaks_json(queries.leaks(user=None, at=wish.at))


def _refuse_handoff(wish: Wish, name: str) -> None:
    if wish.handoff:
        raise Invalid(f"The {name} report is not of one hand-off; leave --handoff out.")


REPORTS: dict[str, Callable[[Wish], Json]] = {
    "funnel": funnel,
    "handoffs": handoffs,
    "leaks": leaks,
    "sla": sla,
    "velocity": velocity,
}


class Command(BaseCommand):
    """Print one report."""

    help = f"Print a report: {', '.join(REPORTS)}."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """NAME and what to narrow it to."""
        parser.add_argument("name", metavar="NAME", help=", ".join(REPORTS))
        parser.add_argument("--from", dest="first", metavar="D", help="first day, as in 2026-01-31")
        parser.add_argument("--to", dest="last", metavar="D", help="last day, included")
        parser.add_argument("--by", metavar="DIM", help=_help_on_by())
        parser.add_argument(
            "--handoff", metavar="KEY", help="one hand-off alone (handoffs and sla)"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look up, ask, print; anything that does not fit is one line and exit code 2."""
        try:
            report = _report(options["name"])(_wish(options))
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        as_json = options["json"]
        self.stdout.write(json.dumps(report, ensure_ascii=False) if as_json else as_text(report))


def _report(name: str) -> Callable[[Wish], Json]:
    if name not in REPORTS:
        raise Invalid(f"There is no report “{name}”. Choose one of: {', '.join(REPORTS)}.")
    return REPORTS[name]


def _wish(options: dict[str, Any]) -> Wish:
    period = Period(first=_day(options, "first", "--from"), last=_day(options, "last", "--to"))
    if period.first and period.last and period.first > period.last:
        raise Invalid(f"--from {period.first} lies after --to {period.last}.", field="from")
    zone = timezone.get_default_timezone_name()
    return Wish(
        period=period,
        by=options["by"] or None,
        handoff=options["handoff"] or None,
        at=timezone.now(),
        zone=zone,
    )


def _day(options: dict[str, Any], name: str, option: str) -> date | None:
    given = options[name]
    if given is None:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError:
        said = f"{option} {given} is no date; write it like 2026-01-31."
        raise Invalid(said, field=name) from None


def _help_on_by() -> str:
    leads, offers = queries.LEAD_DIMENSIONS, queries.OFFER_DIMENSIONS
    return f"funnel: {', '.join(leads)}; handoffs and sla: {', '.join(offers)}"
