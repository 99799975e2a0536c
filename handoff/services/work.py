"""Who does the tasks."""

from datetime import datetime


def assign_tasks(*, at: datetime) -> int:
    """Not yet."""
    return 0
