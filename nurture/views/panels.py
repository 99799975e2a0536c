"""What the lead's record page shows of nurture."""

from collections.abc import Mapping
from typing import Any

from leads.models import Lead
from nurture import queries
from nurture.models import Enrollment, ExitReason


def load_program(lead: Lead, user: Any) -> Mapping[str, Any] | None:
    """The program a lead is or was in; None hides the box."""
    enrollment = queries.running_program(lead)
    if enrollment is None:
        return None
    return {
        "enrollment": enrollment,
        "is_running": enrollment.state == Enrollment.State.ACTIVE,
        "may_steer": user.has_perm("nurture.steer"),
        "may_see": user.has_perm("nurture.see"),
        "exit_in_words": dict(ExitReason.choices).get(enrollment.exit_reason, "Left early"),
    }
