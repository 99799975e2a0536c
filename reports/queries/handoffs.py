"""What became of the leads that one team offered to the next: figures from offers alone."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from leadflow.core.models import User
from leads.models import Handoff, Reason
from reports.engine.shares import Interval, share, wilson
from reports.queries.dimensions import OFFER_DIMENSIONS, Dimension, Group, Value, dimension
from reports.queries.visibility import visible_leads


@dataclass(frozen=True)
class Answers:
    """Offers by outcome, and how long an answer took (seconds; a rejection is an answer)."""

    offered: int = 0
    accepted: int = 0
    rejected: int = 0
    expired: int = 0
    pending: int = 0
    overdue: int = 0
    timed: int = 0
    in_time: int = 0
    median_seconds: float | None = None
    p90_seconds: float | None = None

    @property
    def decided(self) -> int:
        """The n of the acceptance: accepted, rejected and expired."""
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
    def in_time_share(self) -> float | None:
        """Answered before due ÷ offers with a clock that were closed or are overdue."""
        return share(self.in_time, self.timed)


@dataclass(frozen=True)
class ReasonCount:
    """How often one coded reason was given for a rejection."""

    code: str
    label: str
    offers: int


@dataclass(frozen=True)
class AnswerGroup:
    """The answers of one value of a dimension."""

    group: Group
    answers: Answers


@dataclass(frozen=True)
class HandoffReport:
    """One hand-off: its answers against the target, why leads came back, and its groups."""

    handoff: Handoff
    answers: Answers
    reasons: tuple[ReasonCount, ...]
    groups: tuple[AnswerGroup, ...]

    @property
    def target(self) -> float:
        """The agreed acceptance, 0–1."""
        return float(self.handoff.target)

    @property
    def gap_points(self) -> float | None:
        """Acceptance minus target in percentage points; negative below the target."""
        acceptance = self.answers.acceptance
        return None if acceptance is None else round(100 * (acceptance - self.target), 3)


def handoffs(
    *,
    user: User | None,
    at: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
    by: str | None = None,
    zone: str = "UTC",
) -> list[HandoffReport]:
    """Every active hand-off, from the offers made from `start` to before `end`; overdue as of `at`.

    `by` is a key of OFFER_DIMENSIONS (Invalid otherwise); months are those of `zone`.
    """
    split = dimension(by, OFFER_DIMENSIONS)
    ask = _Question(user=user, at=at, start=start, end=end, zone=zone)
    totals = {handoff_id: answers for handoff_id, _, answers in _answers(ask, None)}
    groups = _groups(ask, split) if split else {}
    reasons = _reasons(ask)
    return [
        HandoffReport(
            handoff=handoff,
            answers=totals.get(handoff.pk, Answers()),
            reasons=tuple(reasons.get(handoff.pk, ())),
            groups=tuple(groups.get(handoff.pk, ())),
        )
        for handoff in Handoff.objects.filter(is_active=True).select_related("offered", "accepted")
    ]


@dataclass(frozen=True)
class _Question:
    user: User | None
    at: datetime
    start: datetime | None
    end: datetime | None
    zone: str

    def where(self) -> tuple[str, dict[str, Any]]:
        """The offers in question, as SQL with parameters."""
        visible, params = visible_leads("offer.lead_id", self.user)
        start = "AND offer.offered_at >= %(start)s" if self.start else ""
        end = "AND offer.offered_at < %(end)s" if self.end else ""
        own = {"at": self.at, "start": self.start, "end": self.end, "zone": self.zone}
        return f"{visible} {start} {end}", own | params


ANSWERS = """
    SELECT offer.handoff_id,
           {column} AS value,
           count(*) AS offered,
           count(*) FILTER (WHERE outcome = 'accepted') AS accepted,
           count(*) FILTER (WHERE outcome = 'rejected') AS rejected,
           count(*) FILTER (WHERE outcome = 'expired') AS expired,
           count(*) FILTER (WHERE outcome = 'pending') AS pending,
           count(*) FILTER (WHERE outcome = 'pending' AND due_at < %(at)s) AS overdue,
           count(*) FILTER (WHERE outcome <> 'pending' AND due_at IS NOT NULL) +
           count(*) FILTER (WHERE outcome = 'pending' AND due_at < %(at)s) AS timed,
           count(*) FILTER (WHERE outcome IN ('accepted', 'rejected')
                                  AND decided_at <= due_at) AS in_time,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part('epoch', decided_at - offered_at))
               FILTER (WHERE outcome IN ('accepted', 'rejected')) AS median_seconds,
           percentile_cont(0.9) WITHIN GROUP (ORDER BY date_part('epoch', decided_at - offered_at))
               FILTER (WHERE outcome IN ('accepted', 'rejected')) AS p90_seconds
      FROM leads_offer AS offer
      {joins}
     WHERE {where}
     GROUP BY offer.handoff_id, value
"""


def _answers(ask: _Question, split: Dimension | None) -> list[tuple[int, Value, Answers]]:
    where, params = ask.where()
    statement = ANSWERS.format(
        column=split.column if split else "NULL::int",
        joins="JOIN leads_lead AS lead ON lead.id = offer.lead_id" if split else "",
        where=where,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [(row[0], row[1], Answers(*row[2:])) for row in cursor.fetchall()]


def _groups(ask: _Question, split: Dimension) -> dict[int, list[AnswerGroup]]:
    rows = _answers(ask, split)
    words = split.groups({value for _, value, _ in rows})
    groups: dict[int, list[AnswerGroup]] = defaultdict(list)
    for handoff_id, value, answers in sorted(rows, key=lambda row: _order(row[1], row[2], split)):
        groups[handoff_id].append(AnswerGroup(words[value], answers))
    return groups


def _order(value: Value, answers: Answers, split: Dimension) -> tuple[int, str]:
    return (0 if split.is_month else -answers.offered, str(value))


REASONS = """
    SELECT offer.handoff_id, offer.reason, count(*) AS offers
      FROM leads_offer AS offer
     WHERE offer.outcome = 'rejected' AND {where}
     GROUP BY offer.handoff_id, offer.reason
     ORDER BY offers DESC, offer.reason
"""


def _reasons(ask: _Question) -> dict[int, list[ReasonCount]]:
    labels = dict(Reason.objects.filter(verb="reject").values_list("code", "label"))
    where, params = ask.where()
    found: dict[int, list[ReasonCount]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(REASONS.format(where=where), params)
        for handoff_id, code, offers in cursor.fetchall():
            label = labels.get(code, code or "no reason given")
            found[handoff_id].append(ReasonCount(code, label, offers))
    return found
