"""Front door of the nurture app for reading."""

from nurture.queries.enrollments import (
    allowed_stages,
    candidates,
    due_enrollments,
    marketing_words,
    programs_naming,
    running_program,
)
from nurture.queries.material import (
    had_content,
    hash_address,
    products_by_lead,
    slots_by_step,
    suppressed,
    time_zone,
)
from nurture.queries.outgoing import next_out, outbox_counts, recent_messages
from nurture.queries.person import PERSON_TABLES
from nurture.queries.programs import (
    Overview,
    gaps,
    people_in,
    programs_overview,
    step_rows,
    steps_timeline,
)
from nurture.queries.tasks import open_tasks, task_counts, tasks_of

__all__ = [
    "PERSON_TABLES",
    "Overview",
    "allowed_stages",
    "candidates",
    "due_enrollments",
    "gaps",
    "had_content",
    "hash_address",
    "marketing_words",
    "next_out",
    "open_tasks",
    "outbox_counts",
    "people_in",
    "products_by_lead",
    "programs_naming",
    "programs_overview",
    "recent_messages",
    "running_program",
    "slots_by_step",
    "step_rows",
    "steps_timeline",
    "suppressed",
    "task_counts",
    "tasks_of",
    "time_zone",
]
