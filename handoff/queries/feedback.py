"""What sales says: rejections with their reasons, and remarks."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from handoff.models import Feedback
from leadflow.core.models import User
from leads.models import Lead, Offer, Reason


@dataclass(frozen=True)
class ReasonCount:
    """How many leads came back for one reason."""

    code: str
    label: str
    count: int
    share: float


def rejections(user: User, *, reason: str = "") -> QuerySet[Offer]:
    """Rejected offers of leads that `user` may see, the latest first."""
    found = Offer.objects.visible_to(user).filter(outcome=Offer.Outcome.REJECTED)
    if reason:
        found = found.filter(reason=reason)
    related = ("lead__company", "lead__campaign", "decided_by", "handoff")
    return found.select_related(*related).order_by("-decided_at", "-pk")


def reason_counts(user: User) -> list[ReasonCount]:
    """Rejections per reason, the most frequent first; the counts of what `rejections` lists."""
    rows = (
        rejections(user)
        .order_by()
        .values("reason")
        .annotate(n=Count("pk"))
        .order_by("-n", "reason")
    )
    found = [(row["reason"], row["n"]) for row in rows]
    labels = dict(Reason.objects.filter(verb="reject").values_list("code", "label"))
    total = sum(count for _, count in found) or 1
    return [
        ReasonCount(
            code, labels.get(code) or code.replace("_", " ") or "No reason", count, count / total
        )
        for code, count in found
    ]


def reason_labels() -> dict[str, str]:
    """Words for the coded reasons of rejections."""
    return dict(Reason.objects.filter(verb="reject").values_list("code", "label"))


def feedback_on(lead: Lead, user: User) -> QuerySet[Feedback]:
    """Remarks on one lead, the latest first."""
    return remarks(user).filter(lead=lead)


def remarks(user: User) -> QuerySet[Feedback]:
    """Remarks on leads that `user` may see, the latest first."""
    found = Feedback.objects.visible_to(user)
    return found.select_related("lead__company", "by", "asset", "campaign", "offer")
