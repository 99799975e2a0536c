#!/usr/bin/env python
"""Django's command line, with the embedded services running when a command may need them."""

import os
import signal
import sys

from leadflow.runtime.errors import StartError

WITHOUT_SERVICES = {"help", "version", "--version", "collectstatic", "spectacular"}


def needs_services(arguments: list[str]) -> bool:
    """May this command line talk to PostgreSQL or Redis?"""
    if not arguments or {"--help", "-h"} & set(arguments):
        return False
    return arguments[0] not in WITHOUT_SERVICES


def main() -> None:
    """Run one management command; trouble with the services is one line and exit code 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadflow.settings")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an orderly leave, as with Ctrl-C
    try:
        _run()
    except StartError as error:
        sys.exit(f"LeadFlow: {error}")


def _run() -> None:
    try:
        from django.core.management import execute_from_command_line

        from leadflow.runtime import embedded
    except ImportError as error:
        raise StartError(f"{error}. Run `make setup`, then .venv/bin/python manage.py") from error
    if needs_services(sys.argv[1:]):
        embedded.ensure()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
