"""Who may read which report, and the sentence they read when they may not."""

import rules

from leadflow.core.errors import NotAllowed
from leadflow.core.models import Role, User
from leadflow.core.roles import is_marketing, is_sales

# A rep reads the funnel and the leaks of the leads they may see; the other pages compare people
# with each other.
READERS = {
    "funnel": frozenset({Role.ADMIN, Role.MANAGER, Role.MARKETER, Role.REP}),
    "leaks": frozenset({Role.ADMIN, Role.MANAGER, Role.MARKETER, Role.REP}),
    "handoffs": frozenset({Role.ADMIN, Role.MANAGER, Role.MARKETER}),
    "velocity": frozenset({Role.ADMIN, Role.MANAGER, Role.MARKETER}),
}
NAMES = {
    "funnel": "the funnel",
    "leaks": "the leaks",
    "handoffs": "hand-offs",
    "velocity": "velocity",
}

rules.add_perm("reports.funnel", is_marketing | is_sales)
rules.add_perm("reports.leaks", is_marketing | is_sales)
rules.add_perm("reports.handoffs", is_marketing)
rules.add_perm("reports.velocity", is_marketing)


def check_may_read(report: str, *, by: User) -> None:
    """Raise NotAllowed unless the role of `by` reads this report."""
    if not by.has_perm(f"reports.{report}"):
        role = by.get_role_display().lower()
        raise NotAllowed(f"As {role} you may not read {NAMES[report]}. Ask an admin for access.")
