"""manage.py tick [--at TIME] [--json]"""

import json
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from leadflow import schedule
from leadflow.core import presence


class Command(BaseCommand):
    """Run every due sweep once, as of a time: a month of nurture can be rehearsed in a minute."""

    help = "Run every due sweep once, as of --at (now when not given)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the time and how to answer."""
        parser.add_argument(
            "--at", help="a time like 2026-03-31T09:00:00+02:00; UTC without a zone"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse a future time beside live workers, else run the schedule."""
        at = _read_time(options["at"])
        if at > timezone.now() and presence.workers_run():
            raise CommandError(
                "Workers run on this database: a tick in the future would do their work too early. "
                "Stop LeadFlow first, or leave out --at."
            )
        handled = schedule.run_all(at=at)
        if options["json"]:
            self.stdout.write(json.dumps({"at": at.isoformat(), "handled": handled}))
            return
        for name, count in handled.items():
            self.stdout.write(f"{name:<22}{count:>8,}")


def _read_time(text: str | None) -> datetime:
    if not text:
        return timezone.now()
    try:
        moment = parse_datetime(text) or datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"“{text}” is not a time like 2026-03-31T09:00:00+02:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
