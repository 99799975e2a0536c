"""Work for people: created, handed out, done."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from content.models import Asset
from leadflow.core import events
from leadflow.core.errors import Conflict, Invalid, NotAllowed
from leadflow.core.models import User
from leads import services as leads
from leads.models import Activity
from nurture import queries
from nurture.events import TasksCompleted, TasksCreated
from nurture.models import Task, Touch
from nurture.policies import check_may_complete
from nurture.rendering import guide_html, lead_context


@dataclass(frozen=True)
class NewTask:
    """Work to be created."""

    lead_id: int
    title: str
    due_at: datetime
    kind: str = Task.Kind.CALL
    notes: str = ""
    team_id: int | None = None
    assignee_id: int | None = None


@transaction.atomic
def create_tasks(*, tasks: Sequence[NewTask], at: datetime) -> list[Task]:
    """Create work; what nobody has been given is told to the apps above."""
    rows = Task.objects.bulk_create(
        Task(
            lead_id=task.lead_id,
            title=task.title[:200],
            due_at=task.due_at,
            kind=task.kind,
            notes=task.notes,
            team_id=task.team_id,
            assignee_id=task.assignee_id,
            created_at=at,
        )
        for task in tasks
    )
    if rows:
        events.publish(TasksCreated(at=at, task_ids=tuple(row.pk for row in rows)))
    return rows


@transaction.atomic
def assign_tasks_to(
    *, assignees: Mapping[int, int | None], at: datetime | None = None
) -> list[Task]:
    """Give open tasks to people: task id → user id (None: nobody); returns those that changed."""
    tasks = Task.objects.open().select_for_update(of=("self",)).filter(pk__in=list(assignees))
    changed = []
    for task in tasks.order_by("pk"):
        if task.assignee_id != assignees[task.pk]:
            task.assignee_id = assignees[task.pk]
            changed.append(task)
    Task.objects.bulk_update(changed, ["assignee"])
    return changed


@transaction.atomic
def complete_task(*, task_id: int, by: User, outcome: str, at: datetime, note: str = "") -> Task:
    """Write down what came of a task; raises NotAllowed, Invalid, or Conflict when it is over."""
    if outcome not in Task.Outcome.values:
        raise Invalid("Choose what came of it.", field="outcome")
    visible = Task.objects.visible_to(by).filter(pk=task_id)
    task = visible.select_for_update(of=("self",)).select_related("assignee").first()
    if task is None:
        raise NotAllowed("This task does not exist or is not yours to see.")
    check_may_complete(task, by=by)
    if task.cancelled_at is not None:
        raise Conflict("This task was called off: the person has left the program.")
    if task.done_at is not None:
        raise Conflict("This task has been done already.")
    task.done_at, task.done_by, task.outcome, task.note = at, by, outcome, note.strip()
    task.save(update_fields=["done_at", "done_by", "outcome", "note"])
    if task.touch_id is not None:
        Touch.objects.filter(pk=task.touch_id).update(state=Touch.State.DONE, at=at)
    if task.kind == Task.Kind.CALL:
        leads.record_activities(activities=[_call(task, by=by, at=at)], at=at)
    events.publish(TasksCompleted(at=at, task_ids=(task.pk,)))
    return task


def _call(task: Task, *, by: User, at: datetime) -> Activity:
    return Activity(
        lead_id=task.lead_id,
        kind=Activity.Kind.CALL,
        occurred_at=at,
        by=by,
        title=str(task.get_outcome_display()),
        properties={"outcome": task.outcome, "note": task.note},
        source_kind="task",
        source_id=task.pk,
    )


def talking_points(*, tasks: Collection[Task]) -> dict[int, str]:
    """The call guide of each task for its lead as clean HTML; tasks without a guide are absent."""
    with_guide = [task for task in tasks if task.asset_id]
    guides = Asset.objects.in_bulk({task.asset_id for task in with_guide})
    products = queries.products_by_lead({task.lead_id for task in with_guide})
    found = {}
    for task in with_guide:
        context = lead_context(task.lead, products=products.get(task.lead_id, []))
        try:
            found[task.pk] = guide_html(guides[task.asset_id], context=context)
        except Invalid:
            continue  # a guide that cannot be read is no reason to hide the task
    return found
