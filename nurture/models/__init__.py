"""Programs, who is in them, what went out, and the work for people."""

from nurture.models.enrollments import Enrollment, ExitReason, Touch
from nurture.models.outgoing import Letter, LetterBatch, Message, Suppression
from nurture.models.programs import Channel, Program, Slot, Step
from nurture.models.tasks import Task

__all__ = [
    "Channel",
    "Enrollment",
    "ExitReason",
    "Letter",
    "LetterBatch",
    "Message",
    "Program",
    "Slot",
    "Step",
    "Suppression",
    "Task",
    "Touch",
]
