"""What the record page of a lead shows of the hand-off."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from handoff import policies
from handoff.models import Feedback
from handoff.queries.feedback import feedback_on
from handoff.queries.workspace import moves_for
from leadflow.core.models import User
from leads.models import Lead, Offer, Opportunity
from leads.queries import change_to_take_back

PRIMARY = ("accept", "advance", "win", "offer")


def work_panel(lead: Lead, user: User) -> Mapping[str, Any] | None:
    """The verbs that are possible now, what can be taken back, the pending offer and opportunity."""
    moves = moves_for(lead, user)
    offers = Offer.objects.pending().filter(lead=lead).select_related("assignee", "team", "handoff")
    offer = offers.first()
    undo = change_to_take_back(lead=lead, user=user, at=timezone.now())
    if not moves and offer is None and undo is None:
        return None
    forward = [move for move in moves if move.verb in PRIMARY]
    return {
        "forward": forward,
        "back": [move for move in moves if move not in forward],
        "offer": offer,
        "undo": undo,
        "not_mine": policies.decision_refused(offer, by=user) if offer else "",
        "opportunity": Opportunity.objects.filter(lead=lead, state=Opportunity.State.OPEN).first(),
        "may_call": user.has_perm("handoff.call"),
    }


def feedback_panel(lead: Lead, user: User) -> Mapping[str, Any] | None:
    """Remarks on the lead, and whether the reader may add one; None for neither."""
    may_give = user.has_perm("handoff.give_feedback")
    remarks = list(feedback_on(lead, user)[:5])
    if not remarks and not may_give:
        return None
    return {
        "remarks": remarks,
        "may_give": may_give,
        "abouts": Feedback.About.choices,
        "ratings": Feedback.Rating.choices,
    }
