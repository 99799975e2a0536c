"""manage.py api_key EMAIL [--name NAME]"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from leadflow.core.models import ApiToken, User


class Command(BaseCommand):
    """Issue a key with which a program acts as a user."""

    help = "Print a new key for the API; it acts as EMAIL and cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whom the key acts as, and what it is for."""
        parser.add_argument("email")
        parser.add_argument("--name", default="API")

    def handle(self, *args: Any, **options: Any) -> None:
        """Issue the key."""
        user = User.objects.filter(email=options["email"].lower(), is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody active signs in as {options['email']}.")
        self.stdout.write(ApiToken.objects.issue(user=user, name=options["name"]))
