"""manage.py demo [--leads N] [--days N] [--seed N]"""

import time
from datetime import UTC
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from leadflow.operations.demo import build_demo
from leadflow.operations.demo.company import PASSWORD
from leads.models import Lead


class Command(BaseCommand):
    """Fill an empty database with a believable company and its history."""

    help = "Build the demo company; the same for the same seed and time."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the size, the seed, and the present of the demo."""
        parser.add_argument("--leads", type=int, default=2_000)
        parser.add_argument("--days", type=int, default=365)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--at", help="the present of the demo; now when not given")

    def handle(self, *args: Any, **options: Any) -> None:
        """Build it, with a line of progress for each part."""
        if options["leads"] < 0 or options["days"] < 1:
            raise CommandError("--leads cannot be negative and --days begins at 1.")
        if Lead.objects.exists():
            raise CommandError("This database has leads already; the demo wants an empty one.")
        at = parse_datetime(options["at"]) if options["at"] else timezone.now()
        if at is None:
            raise CommandError("--at wants a time like 2026-03-31T09:00:00+02:00.")
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        started = time.perf_counter()
        count = build_demo(
            count=options["leads"],
            days=options["days"],
            seed=options["seed"],
            at=at,
            progress=self._progress,
        )
        seconds = time.perf_counter() - started
        self.stdout.write(f"{count:,} leads in {seconds:.1f} s; password of everybody: {PASSWORD}")

    def _progress(self, part: str, done: int, of: int) -> None:
        self.stdout.write(f"  {part} {done + 1} of {of}" if part == "history" else f"  {part}")
