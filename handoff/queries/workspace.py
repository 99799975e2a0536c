"""What one person may do with one lead now."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django_fsm import can_proceed

from handoff import policies
from leadflow.core.models import User
from leads import queries as lead_queries
from leads import services as leads
from leads.models import Lead, Offer, Opportunity

NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # where a verb leads depends on no time
LABELS = {
    "accept": ("Accept", "check"),
    "reject": ("Reject", "corner-up-left"),
    "offer": ("Offer", "send"),
    "advance": ("Advance", "arrow-right"),
    "win": ("Won", "trophy"),
    "lose": ("Lost", "circle-x"),
    "recycle": ("Recycle", "recycle"),
    "disqualify": ("Disqualify", "ban"),
    "revive": ("Revive", "rotate-ccw"),
}
KEYS = {"accept": "a", "reject": "r"}


@dataclass(frozen=True)
class Move:
    """One verb that is possible: its words, and what has to be said along with it."""

    verb: str
    label: str
    icon: str
    key: str = ""
    asks_reason: bool = False
    needs_reason: bool = False
    needs_note: bool = False
    asks_amount: bool = False
    is_possible: bool = True

    @property
    def asks(self) -> bool:
        """Whether something may be filled in first."""
        return self.asks_reason or self.needs_note or self.asks_amount


def moves_for(lead: Lead, user: User) -> list[Move]:
    """The verbs that the stage of `lead` and the role and team of `user` allow, in order."""
    lead.pipeline = leads.load_pipeline()
    barred, reasoned = _verbs_of_others(lead, user), lead_queries.verbs_with_reasons()
    return [
        _describe(verb, lead, reasoned)
        for verb in LABELS
        if verb not in barred
        and user.has_perm(f"leads.{verb}")
        and can_proceed(getattr(lead, verb))
    ]


def move_named(verb: str, lead: Lead, user: User) -> Move:
    """One verb with what it asks for, possible now or not; raises KeyError for an unknown one."""
    possible = {move.verb: move for move in moves_for(lead, user)}
    return possible.get(verb) or _move(
        verb, lead.pipeline, lead_queries.verbs_with_reasons(), is_possible=False
    )


def rejection() -> Move:
    """What rejecting asks for, whichever offer it is about."""
    return _move("reject", leads.load_pipeline(), lead_queries.verbs_with_reasons())


def _move(verb: str, pipeline: Any, reasoned: Collection[str], **more: Any) -> Move:
    label, icon = LABELS[verb]
    return Move(
        verb=verb,
        icon=icon,
        key=KEYS.get(verb, ""),
        asks_reason=verb in reasoned,
        needs_reason=verb in pipeline.needing_reason,
        needs_note=verb in pipeline.needing_note,
        **{"label": label, **more},
    )


def _verbs_of_others(lead: Lead, user: User) -> frozenset[str]:
    """Answers that belong to the people the lead was offered to."""
    offer = Offer.objects.pending().filter(lead=lead).select_related("team").first()
    if offer is not None and policies.decision_refused(offer, by=user):
        return frozenset({"accept", "reject"})
    return frozenset()


def _describe(verb: str, lead: Lead, reasoned: Collection[str]) -> Move:
    target = leads.find_target(lead.stage, leads.Act(verb=verb, at=NEVER), lead.pipeline)
    requires = lead.pipeline.requires(target.stage) if target else ()
    asks_amount = "amount" in requires and not _has_amount(lead)
    label = LABELS[verb][0]
    if verb == "advance":
        label = f"Advance to {lead.pipeline.name(target.stage if target else '')}"
    if verb == "offer":
        ahead = lead.pipeline.offered_sides[target.stage if target else ""]
        label = f"Offer: {ahead.name}"
    move = _move(verb, lead.pipeline, reasoned, label=label, asks_amount=asks_amount)
    return replace(move, label=f"{label}…") if move.asks else move


def _has_amount(lead: Lead) -> bool:
    return Opportunity.objects.filter(lead=lead, state=Opportunity.State.OPEN).exists()
