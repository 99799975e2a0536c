"""Work for people, as each may see it."""

from datetime import datetime

from django.db.models import Q, QuerySet

from leadflow.core.models import Role, User
from leads.models import Lead
from nurture.models import Task


def open_tasks(user: User) -> QuerySet[Task]:
    """Open tasks `user` may take, soonest first: their own, and their team's that nobody has.

    Managers and admins see everybody's.
    """
    tasks = (
        Task.objects.visible_to(user)
        .open()
        .select_related("lead", "lead__company", "team", "assignee")
    )
    if user.role not in {Role.ADMIN, Role.MANAGER}:
        nobodys = Q(assignee=None) & (Q(team=None) | Q(team=user.team_id))
        tasks = tasks.filter(Q(assignee=user) | nobodys)
    return tasks.order_by("due_at", "id")


def task_counts(*, user: User, at: datetime) -> dict[str, int]:
    """How many tasks are open for `user`, and how many of them are late."""
    tasks = open_tasks(user)
    return {"open": tasks.count(), "late": tasks.filter(due_at__lt=at).count()}


def tasks_of(*, lead: Lead, user: User) -> QuerySet[Task]:
    """Open tasks about one lead, soonest first."""
    return Task.objects.visible_to(user).open().filter(lead=lead).select_related("assignee", "team")
