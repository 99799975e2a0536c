"""Tasks by urgency."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from leadflow.core.models import User
from nurture import queries as nurture
from nurture.models import Task

MOST = 200


@dataclass(frozen=True)
class Stretch:
    """Tasks that are due in one stretch of time."""

    name: str
    tone: str
    tasks: list[Task]


@dataclass(frozen=True)
class TaskList:
    """Open tasks of one view in stretches, with how many there are in each view."""

    stretches: list[Stretch]
    counts: dict[str, int]
    view: str
    more: int


def tasks_for(user: User, at: datetime, *, view: str = "") -> TaskList:
    """Open tasks that `user` may take, overdue first. Views: mine, all. Constant queries."""
    tasks = nurture.open_tasks(user)
    counts = {"mine": tasks.filter(assignee=user).count(), "all": tasks.count()}
    view = view or ("mine" if counts["mine"] or not user.has_perm("handoff.oversee") else "all")
    chosen = tasks.filter(assignee=user) if view == "mine" else tasks
    shown = list(chosen.order_by("due_at", "id")[:MOST])
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = midnight + timedelta(days=1)
    stretches = [
        Stretch("Overdue", "bad", [task for task in shown if task.due_at < at]),
        Stretch("Today", "warn", [task for task in shown if at <= task.due_at < tomorrow]),
        Stretch("Later", "neutral", [task for task in shown if task.due_at >= tomorrow]),
    ]
    found = [stretch for stretch in stretches if stretch.tasks]
    return TaskList(found, counts, view, counts[view] - len(shown))
