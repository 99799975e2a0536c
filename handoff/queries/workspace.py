"""What one person may do with one lead now."""

from dataclasses import dataclass

from django_fsm import can_proceed

from handoff import policies
from leadflow.core.models import User
from leads import services as leads
from leads.models import Lead, Offer

ASKS_FOR_REASON = frozenset({"reject", "lose", "recycle", "disqualify"})
LABELS = {
    "accept": ("Accept", "check"),
    "reject": ("Reject…", "corner-up-left"),
    "offer": ("Offer", "send"),
    "advance": ("Advance", "arrow-right"),
    "win": ("Won", "trophy"),
    "lose": ("Lost…", "circle-x"),
    "recycle": ("Recycle…", "recycle"),
    "disqualify": ("Disqualify…", "ban"),
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
    asks_amount: bool = False
    is_possible: bool = True

    @property
    def asks(self) -> bool:
        """Whether something must be filled in first."""
        return self.asks_reason or self.asks_amount


def moves_for(lead: Lead, user: User) -> list[Move]:
    """The verbs that the stage of `lead` and the role and team of `user` allow, in order."""
    lead.pipeline = leads.load_pipeline()
    barred = _verbs_of_others(lead, user)
    return [
        _describe(verb, lead)
        for verb in LABELS
        if verb not in barred
        and user.has_perm(f"leads.{verb}")
        and can_proceed(getattr(lead, verb))
    ]


def move_named(verb: str, lead: Lead, user: User) -> Move:
    """One verb with what it asks for, possible now or not; raises KeyError for an unknown one."""
    possible = {move.verb: move for move in moves_for(lead, user)}
    label, icon = LABELS[verb]
    return possible.get(verb) or Move(
        verb, label, icon, asks_reason=verb in ASKS_FOR_REASON, is_possible=False
    )


def _verbs_of_others(lead: Lead, user: User) -> frozenset[str]:
    """Answers that belong to the people the lead was offered to."""
    offer = Offer.objects.pending().filter(lead=lead).select_related("team").first()
    if offer is not None and policies.decision_refused(offer, by=user):
        return frozenset({"accept", "reject"})
    return frozenset()


def _describe(verb: str, lead: Lead) -> Move:
    label, icon = LABELS[verb]
    asks_amount = False
    if verb == "advance":
        target = lead.pipeline.next_step(lead.stage) or ""
        asks_amount = "amount" in lead.pipeline.requires(target)
        label = f"Advance to {lead.pipeline.name(target)}" + ("…" if asks_amount else "")
    if verb == "offer":
        ahead = lead.pipeline.offered_sides[lead.pipeline.offer_ahead(lead.stage) or ""]
        label = f"Offer: {ahead.name}"
    return Move(
        verb, label, icon, KEYS.get(verb, ""), verb in ASKS_FOR_REASON, asks_amount=asks_amount
    )
