"""Front door of the nurture app: programs, what goes out, and the work for people."""

from nurture.services.consents import ask_for_consents
from nurture.services.enrollments import (
    Entered,
    enroll,
    enroll_due,
    exit_leads,
    follow_stages,
    pause,
    resume,
    stop,
    stop_channel,
    stop_unwilling,
)
from nurture.services.erasure import redraw_batches, stop_for_erasure
from nurture.services.history import PastEnrollment, record_history
from nurture.services.letters import print_letters
from nurture.services.merging import JOIN
from nurture.services.messages import recover_messages, send_messages
from nurture.services.programs import (
    fill_slot,
    install_default_program,
    move_step,
    switch_program,
)
from nurture.services.steps import take_due_steps
from nurture.services.subscriptions import read_token, resubscribe, suppress, unsubscribe
from nurture.services.tasks import (
    NewTask,
    assign_tasks_to,
    complete_task,
    create_tasks,
    talking_points,
)

__all__ = [
    "JOIN",
    "Entered",
    "NewTask",
    "PastEnrollment",
    "ask_for_consents",
    "assign_tasks_to",
    "complete_task",
    "create_tasks",
    "enroll",
    "enroll_due",
    "exit_leads",
    "fill_slot",
    "follow_stages",
    "install_default_program",
    "move_step",
    "pause",
    "print_letters",
    "read_token",
    "record_history",
    "recover_messages",
    "redraw_batches",
    "resubscribe",
    "resume",
    "send_messages",
    "stop",
    "stop_channel",
    "stop_for_erasure",
    "stop_unwilling",
    "suppress",
    "switch_program",
    "take_due_steps",
    "talking_points",
    "unsubscribe",
]
