"""Front door of the nurture app for reading."""

from nurture.queries.enrollments import (
    allowed_stages,
    candidates,
    due_enrollments,
    marketing_words,
    programs_naming,
    running_program,
    unwanted,
)
from nurture.queries.fields import PROGRAM, programs_using_segments
from nurture.queries.material import (
    had_content,
    hash_address,
    hash_addresses,
    products_by_lead,
    slots_by_step,
    suppressed,
    suppression_words,
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
    "PROGRAM",
    "Overview",
    "allowed_stages",
    "candidates",
    "due_enrollments",
    "gaps",
    "had_content",
    "hash_address",
    "hash_addresses",
    "marketing_words",
    "next_out",
    "open_tasks",
    "outbox_counts",
    "people_in",
    "products_by_lead",
    "programs_naming",
    "programs_overview",
    "programs_using_segments",
    "recent_messages",
    "running_program",
    "slots_by_step",
    "step_rows",
    "steps_timeline",
    "suppressed",
    "suppression_words",
    "task_counts",
    "tasks_of",
    "time_zone",
    "unwanted",
]
