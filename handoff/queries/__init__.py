"""Front door of the handoff app for reading."""

from handoff.queries.feedback import (
    ReasonCount,
    feedback_on,
    reason_counts,
    reason_labels,
    rejections,
    remarks,
)
from handoff.queries.panels import feedback_panel, work_panel
from handoff.queries.person import PERSON_TABLES
from handoff.queries.queue import (
    Queue,
    QueueRow,
    fingerprint,
    leads_in_hand,
    offers_before,
    queue_for,
    teams_that_receive,
    unread_notices,
)
from handoff.queries.tasks import TaskList, tasks_for
from handoff.queries.workspace import Move, move_named, moves_for, rejection

__all__ = [
    "PERSON_TABLES",
    "Move",
    "Queue",
    "QueueRow",
    "ReasonCount",
    "TaskList",
    "feedback_on",
    "feedback_panel",
    "fingerprint",
    "leads_in_hand",
    "move_named",
    "moves_for",
    "offers_before",
    "queue_for",
    "reason_counts",
    "reason_labels",
    "rejection",
    "rejections",
    "remarks",
    "tasks_for",
    "teams_that_receive",
    "unread_notices",
    "work_panel",
]
