"""manage.py reference: write docs/reference from the code."""

from typing import Any

from django.core.management.base import BaseCommand

from leadflow.operations.reference import write_pages


class Command(BaseCommand):
    """Write the generated reference pages."""

    help = "Write docs/reference from the code."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write what is stale and say so."""
        self.stdout.write(", ".join(write_pages()) or "Every page is up to date.")
