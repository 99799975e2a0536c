"""Who may do what with offers and tasks, and the sentence they read when they may not."""

import rules

from leadflow.core.errors import NotAllowed
from leadflow.core.models import Role, User
from leadflow.core.roles import OVERSEERS, is_anyone, is_care, is_manager, is_sales
from leads.models import Offer
from leads.queries import decision_refused

__all__ = ["OVERSEERS", "RECEIVERS", "WORKERS", "decision_refused"]

rules.add_perm("handoff.see_queue", is_sales | is_care)
rules.add_perm("handoff.oversee", is_manager)
rules.add_perm("handoff.call", is_sales | is_care)
rules.add_perm("handoff.give_feedback", is_sales | is_care)
rules.add_perm("handoff.see_feedback", is_anyone)

# Whose job it is to answer what is offered to a team of this side.
RECEIVERS = {"sales": Role.REP, "care": Role.CARE}
# Whose job the tasks of such a team are.
WORKERS = RECEIVERS | {"marketing": Role.MARKETER}


def check_may(act: str, *, by: User, words: str) -> None:
    """Raise NotAllowed with `words` unless the role of `by` includes `act`."""
    if not by.has_perm(f"handoff.{act}"):
        raise NotAllowed(words)


def check_may_run(verb: str, *, by: User) -> None:
    """Raise NotAllowed unless the role of `by` includes this verb."""
    if not by.has_perm(f"leads.{verb}"):
        raise NotAllowed(f"As {by.get_role_display().lower()} you may not {verb} leads.")


def check_may_see_queue(by: User) -> None:
    """Raise NotAllowed unless `by` works on what is handed off."""
    check_may("see_queue", by=by, words="The queue belongs to the teams that receive leads.")


def check_may_decide(offer: Offer, *, by: User) -> None:
    """Raise NotAllowed unless `by` belongs to the receiving team, is the assignee, or oversees."""
    if sentence := decision_refused(offer, by=by):
        raise NotAllowed(sentence)
