"""What nurture tells the apps above it: facts by id."""

from dataclasses import dataclass

from leadflow.core.events import Event


@dataclass(frozen=True, kw_only=True)
class TasksCreated(Event):
    """There is new work that nobody has been given yet."""

    task_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class TasksCompleted(Event):
    """People did what tasks asked for."""

    task_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class EnrollmentsChanged(Event):
    """Leads entered a program, came to its end, left it, or go on after all."""

    lead_ids: tuple[int, ...]
