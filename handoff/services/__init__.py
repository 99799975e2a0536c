"""Front door of the handoff app: who gets a lead, by when, and what they answer."""

from handoff.services.calls import OUTCOMES, log_call
from handoff.services.clocks import (
    expire_offers,
    put_notices_away,
    stamp_answers,
    stamp_responses,
    watch_clocks,
)
from handoff.services.decisions import (
    Decided,
    Step,
    accept_offers,
    act,
    reject_offers,
    take_offers,
)
from handoff.services.feedback import forget_answers, give_feedback, record_rejections
from handoff.services.routing import assign_waiting
from handoff.services.work import assign_tasks, finish_task, stamp_calls

__all__ = [
    "OUTCOMES",
    "Decided",
    "Step",
    "accept_offers",
    "act",
    "assign_tasks",
    "assign_waiting",
    "expire_offers",
    "finish_task",
    "forget_answers",
    "give_feedback",
    "log_call",
    "put_notices_away",
    "record_rejections",
    "reject_offers",
    "stamp_answers",
    "stamp_calls",
    "stamp_responses",
    "take_offers",
    "watch_clocks",
]
