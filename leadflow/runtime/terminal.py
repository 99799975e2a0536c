"""What the runtime tells the person at the terminal."""

import sys
from collections.abc import Callable
from contextlib import suppress

Say = Callable[[str], None]


def say(line: str) -> None:
    """Print one line at once; a closed terminal is no reason to stop."""
    with suppress(OSError, ValueError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def complain(line: str) -> None:
    """Print one line on standard error."""
    with suppress(OSError, ValueError):
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
