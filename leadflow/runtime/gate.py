"""Lets the web process load while the database is brought up to date, and answer only then."""

import os
from pathlib import Path

from leadflow.runtime import locks

VARIABLE = "LEADFLOW_GATE"


def wait() -> None:
    """Return once the launcher that started us opens the gate; at once when there is none."""
    path = os.environ.get(VARIABLE)
    if path:
        with locks.exclusive(Path(path)):
            return
