"""How the leads of a definition fared: what sales said of them, and what came of those it took."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Aggregate, Count, DurationField, F, Q

from leadflow.core.models import User
from leadflow.core.shares import Interval, share, wilson
from leads import queries as leads
from leads.models import Offer, Reason
from leads.models.history import OfferQuerySet

Outcome = Offer.Outcome


class Median(Aggregate):
    """The middle value."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True)
class Rejections:
    """How often sales gave one reason."""

    code: str
    label: str
    offers: int


@dataclass(frozen=True)
class Fared:
    """Offers of one version by outcome, and what came of the accepted ones; times are median seconds."""

    offered: int = 0
    raised: int = 0
    accepted: int = 0
    rejected: int = 0
    expired: int = 0
    pending: int = 0
    won: int = 0
    ended: int = 0
    open: int = 0
    answer_seconds: float | None = None
    win_seconds: float | None = None
    reasons: tuple[Rejections, ...] = ()

    @property
    def decided(self) -> int:
        """The n of the acceptance."""
        return self.accepted + self.rejected + self.expired

    @property
    def acceptance(self) -> float | None:
        """Accepted ÷ decided; pending offers stand apart."""
        return share(self.accepted, self.decided)

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of the acceptance."""
        return wilson(self.accepted, self.decided)

    @property
    def closed(self) -> int:
        """The n of the win rate: accepted, and won or over since then."""
        return self.won + self.ended

    @property
    def win_rate(self) -> float | None:
        """Won ÷ closed; leads that sales still works on stand apart."""
        return share(self.won, self.closed)

    @property
    def win_interval(self) -> Interval | None:
        """The 95 % interval of the win rate."""
        return wilson(self.won, self.closed)


def how_leads_fared(definition_ids: Collection[int], *, user: User) -> dict[int, Fared]:
    """What became of the offers of these versions, among the leads that `user` may see; two queries."""
    offers = Offer.objects.visible_to(user).filter(
        cause_kind="definition", cause_id__in=list(definition_ids)
    )
    reasons = _reasons(offers)
    return {
        pk: Fared(**_in_seconds(row), reasons=tuple(reasons[pk]))
        for pk, row in ((row.pop("cause_id"), row) for row in _count(offers))
    }


def _count(offers: OfferQuerySet) -> list[Any]:
    answered = Q(outcome__in=[Outcome.ACCEPTED, Outcome.REJECTED])
    rows = leads.with_result(offers).order_by().values("cause_id")
    return list(
        rows.annotate(
            offered=Count("pk"),
            raised=Count("pk", filter=Q(is_hand_raise=True)),
            accepted=Count("pk", filter=Q(outcome=Outcome.ACCEPTED)),
            rejected=Count("pk", filter=Q(outcome=Outcome.REJECTED)),
            expired=Count("pk", filter=Q(outcome=Outcome.EXPIRED)),
            pending=Count("pk", filter=Q(outcome=Outcome.PENDING)),
            won=Count("pk", filter=Q(result="won")),
            ended=Count("pk", filter=Q(result="ended")),
            open=Count("pk", filter=Q(result="open")),
            answer_seconds=Median(F("decided_at") - F("offered_at"), filter=answered),
            win_seconds=Median(F("won_at") - F("offered_at"), filter=Q(result="won")),
        )
    )


def _in_seconds(row: dict[str, Any]) -> dict[str, Any]:
    spans = {name: row[name] for name in ("answer_seconds", "win_seconds")}
    return row | {name: span and span.total_seconds() for name, span in spans.items()}


def _reasons(offers: OfferQuerySet) -> dict[int, list[Rejections]]:
    """Reasons by version, the most frequent first."""
    labels = dict(Reason.objects.filter(verb="reject").values_list("code", "label"))
    found: dict[int, list[Rejections]] = defaultdict(list)
    rows = offers.filter(outcome=Outcome.REJECTED).order_by().values_list("cause_id", "reason")
    for pk, code, count in rows.annotate(n=Count("pk")).order_by("-n", "reason"):
        found[pk or 0].append(Rejections(code, labels.get(code, code or "no reason"), count))
    return found
