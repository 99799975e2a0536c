"""Pages of the hand-off."""

from handoff.views.corrections import take_back
from handoff.views.feedback import feedback, give_feedback
from handoff.views.queue import accept, queue, read_notices, reject, take
from handoff.views.tasks import finish_task, tasks
from handoff.views.workspace import act, call

__all__ = [
    "accept",
    "act",
    "call",
    "feedback",
    "finish_task",
    "give_feedback",
    "queue",
    "read_notices",
    "reject",
    "take",
    "take_back",
    "tasks",
]
