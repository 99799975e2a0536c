"""What the hand-off does when leads move or tasks appear; each is safe to run twice."""

from handoff import services
from leads.events import StagesChanged
from nurture.events import TasksCompleted, TasksCreated

NO_ANSWERS = frozenset({"enter", "offer", "revive", "expire", "correct"})


def on_stages_changed(event: StagesChanged) -> None:
    """Assign what was offered; stamp what was answered. Silent history only tells why.

    An offer that waits again because its answer was taken back goes to somebody, too.
    """
    change_ids = [change[1] for change in event.changes]
    if event.verb not in NO_ANSWERS:
        services.record_rejections(change_ids=change_ids)
    if event.is_silent:
        return
    if event.verb not in NO_ANSWERS:
        services.stamp_answers(change_ids=change_ids)
    services.assign_waiting(at=event.at, lead_ids=event.lead_ids)


def on_tasks_created(event: TasksCreated) -> None:
    """Give new tasks to people."""
    services.assign_tasks(at=event.at, task_ids=event.task_ids)


def on_tasks_completed(event: TasksCompleted) -> None:
    """A call that a task asked for answers the clock like any other."""
    services.stamp_calls(task_ids=event.task_ids)
