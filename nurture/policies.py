"""Who may design programs, and who may stop one for a lead."""

import rules

from leadflow.core.errors import NotAllowed
from leadflow.core.models import User
from leadflow.core.roles import is_anyone, is_care, is_manager, is_marketing, is_sales
from nurture.models import Task

rules.add_perm("nurture.see", is_marketing)
rules.add_perm("nurture.design", is_marketing)
rules.add_perm("nurture.steer", is_marketing | is_sales | is_care)  # pause or stop it for one lead
rules.add_perm("nurture.work", is_anyone)
rules.add_perm("nurture.lead_team", is_manager)


def check_may_design(*, by: User | None) -> None:
    """Raise NotAllowed unless `by` works in marketing (None is LeadFlow itself)."""
    if by is not None and not by.has_perm("nurture.design"):
        raise NotAllowed("Programs are designed by marketing; ask them for a change.")


def check_may_steer(*, by: User | None) -> None:
    """Raise NotAllowed unless `by` may pause and stop programs."""
    if by is not None and not by.has_perm("nurture.steer"):
        raise NotAllowed("You may not change who is in a program.")


def check_may_complete(task: Task, *, by: User) -> None:
    """Raise NotAllowed when the task is somebody else's and `by` does not lead the team."""
    is_theirs = task.assignee_id in {None, by.pk}
    if not is_theirs and not by.has_perm("nurture.lead_team"):
        raise NotAllowed(f"{task.assignee} has this task; ask them to hand it over.")
