"""What the nurture app keeps about a person, table by table."""

from leadflow.core.parts import PersonTable
from nurture.models import Enrollment, Letter, Message, Task, Touch

PERSON_TABLES = {
    "enrollments": PersonTable(
        Enrollment,
        "Programs",
        exported={
            "program": "program__name",
            "entered_at": "entered_at",
            "state": "state",
            "paused_at": "paused_at",
            "exited_at": "exited_at",
            "exit_reason": "exit_reason",
            "exit_note": "exit_note",
        },
        erased={"exit_note": ""},
        cycle="cycle",
    ),
    "touches": PersonTable(
        Touch,
        "Program steps",
        exported={
            "program": "step__program__name",
            "step": "step__name",
            "channel": "channel",
            "state": "state",
            "due_at": "due_at",
            "at": "at",
            "note": "note",
        },
        erased={"note": ""},
    ),
    "messages": PersonTable(
        Message,
        "E-mails",
        exported={
            "queued_at": "queued_at",
            "sent_at": "sent_at",
            "to": "to_address",
            "subject": "subject",
            "content": "asset__title",
            "content_version": "asset_version",
            "marketing": "is_marketing",
            "state": "state",
            "message_id": "message_id",
            "error": "error",
        },
        erased={"to_address": "", "subject": "", "error": ""},
    ),
    "letters": PersonTable(
        Letter,
        "Letters",
        exported={
            "queued_at": "queued_at",
            "printed_at": "printed_at",
            "content": "asset__title",
            "content_version": "asset_version",
            "state": "state",
            "error": "error",
        },
        erased={"error": ""},
    ),
    "tasks": PersonTable(
        Task,
        "Tasks",
        exported={
            "created_at": "created_at",
            "kind": "kind",
            "title": "title",
            "notes": "notes",
            "due_at": "due_at",
            "assignee": "assignee__name",
            "done_at": "done_at",
            "done_by": "done_by__name",
            "outcome": "outcome",
            "note": "note",
            "cancelled_at": "cancelled_at",
        },
        erased={"title": "", "notes": "", "note": ""},
    ),
}
