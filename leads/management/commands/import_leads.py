"""manage.py import_leads FILE [--mapping FILE] [--dry-run] [--json]"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from leadflow.core.errors import DomainError
from leads import services as leads


class Command(BaseCommand):
    """Import people from a CSV or spreadsheet file, silently: no mail, no clock."""

    help = "Import leads from a CSV or spreadsheet file; running it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file, its mapping, and how to answer."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, help="JSON: which column is which fact")
        parser.add_argument("--dry-run", action="store_true", help="do everything, keep nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the import and say what it did."""
        try:
            tally = leads.import_leads(
                path=options["file"],
                mapping_path=options["mapping"],
                at=timezone.now(),
                is_rehearsal=options["dry_run"],
                progress=self._progress if self.stderr.isatty() else lambda rows: None,
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(asdict(tally)) if options["json"] else self._words(tally))

    def _progress(self, rows: int) -> None:
        self.stderr.write(f"\r{rows:,} rows", ending="")

    def _words(self, tally: leads.Tally) -> str:
        lines = [
            f"{tally.rows:,} rows in {tally.seconds:.1f} s: {tally.created:,} created, "
            f"{tally.updated:,} updated, {tally.unchanged:,} unchanged, "
            f"{tally.duplicates:,} duplicates, {tally.rejected:,} rejected."
        ]
        lines += [f"  row {e['row']} {e['column']}: {e['message']}" for e in tally.errors[:20]]
        return "\n".join(lines)
