"""manage.py check_invariants [--json]"""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from leadflow.operations.invariants import INVARIANTS, find_broken


class Command(BaseCommand):
    """Check what must be true of all data; exit 1 and name the rows when it is not."""

    help = "Check the SQL invariants over all data; exit 1 when one is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how to answer."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what is broken and leave with its exit status."""
        broken = find_broken()
        if options["json"]:
            rows = [asdict(one) for one in broken]
            self.stdout.write(json.dumps({"checked": len(INVARIANTS), "broken": rows}))
        for one in () if options["json"] else broken:
            self.stdout.write(f"Broken: {one.name}\n  {', '.join(one.rows)}")
        if not broken and not options["json"]:
            self.stdout.write(f"All {len(INVARIANTS)} invariants hold.")
        if broken:
            raise SystemExit(1)
