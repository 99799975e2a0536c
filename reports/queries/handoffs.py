"""What became of the leads that one team offered to the next: figures from offers alone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leadflow.core.shares import Interval, share, wilson
from leads import queries as lead_queries
from leads.models import Handoff, Reason
from reports.engine.periods import Period
from reports.queries.agreements import Agreements, load_agreements
from reports.queries.dimensions import OFFER_DIMENSIONS, Dimension, Group, Value, dimension
from reports.queries.path import PathStage
from reports.queries.visibility import Condition, is_among, visible_leads


@dataclass(frozen=True)
class Answers:
    """Offers by outcome, and how long an answer took (seconds; a rejection is an answer).

    `leads` are fewer than `offered` where one was offered again. Offers of people who were erased
    before anybody had answered are `withdrawn`: no answer, good or bad, and no clock.
    """

    offered: int = 0
    leads: int = 0
    accepted: int = 0
    rejected: int = 0
    expired: int = 0
    pending: int = 0
    withdrawn: int = 0
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
class Measured:
    """Answers against the acceptance that was agreed for them (`target`, 0–1)."""

    answers: Answers
    target: float

    @property
    def gap_points(self) -> float | None:
        """Acceptance minus target in percentage points; negative below the target."""
        acceptance = self.answers.acceptance
        return None if acceptance is None else round(100 * (acceptance - self.target), 3)


@dataclass(frozen=True)
class AnswerGroup(Measured):
    """The answers of one value of a dimension; a month has the target of its end."""

    group: Group


@dataclass(frozen=True)
class HandoffReport(Measured):
    """One hand-off as it was called then: its answers, why leads came back, and its groups."""

    handoff: Handoff
    name: str
    offered: PathStage
    accepted: PathStage
    reasons: tuple[ReasonCount, ...]
    groups: tuple[AnswerGroup, ...]


def handoffs(
    *,
    user: User | None,
    at: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
    by: str | None = None,
    zone: str = "UTC",
    handoff: str | None = None,
    only: Mapping[str, str] | None = None,
) -> list[HandoffReport]:
    """Hand-offs in use at the end of the period or with offers in it; overdue as of `at`.

    Counts the offers made from `start` to before `end`; `by` is a key of OFFER_DIMENSIONS and
    `handoff` that of one hand-off (Invalid otherwise); months are those of `zone`. `only` narrows
    by filters of the list of leads, as in {"offer_rep": "7"}.
    """
    split = dimension(by, OFFER_DIMENSIONS)
    wanted = _wanted(handoff)
    ask = _Question(user=user, at=at, start=start, end=end, zone=zone, only=only or {})
    totals = {handoff_id: answers for handoff_id, _, answers in _answers(ask, None)}
    agreed = load_agreements(end)
    groups = _groups(ask, split) if split else {}
    reasons = _reasons(ask)
    return [
        HandoffReport(
            answers=totals.get(row.pk, Answers()),
            target=agreed.target(row.key),
            handoff=row,
            name=agreed.name(row),
            offered=agreed.stage(row.offered_id),
            accepted=agreed.stage(row.accepted_id),
            reasons=tuple(reasons.get(row.pk, ())),
            groups=tuple(_measured(groups.get(row.pk, ()), row, agreed, ask, split)),
        )
        for row in wanted
        if row.pk in totals or agreed.is_active(row.key)
    ]


def _wanted(key: str | None) -> list[Handoff]:
    rows = list(Handoff.objects.select_related("receiving_team"))
    if not key:
        return rows
    found = [row for row in rows if row.key == key]
    if not found:
        known = ", ".join(row.key for row in rows)
        raise Invalid(f"There is no hand-off “{key}”. Choose one of: {known}.", field="handoff")
    return found


@dataclass(frozen=True)
class _Question:
    user: User | None
    at: datetime
    start: datetime | None
    end: datetime | None
    zone: str
    only: Mapping[str, str]

    def where(self) -> Condition:
        """The offers in question, as SQL with parameters."""
        visible, params = visible_leads("offer.lead_id", self.user)
        narrowed: str = "TRUE"
        only: dict[str, Any] = {}
        if self.only:
            offers = lead_queries.list_offers(self.only)
            narrowed, only = is_among("offer.id", offers, name="only")
        start = "AND offer.offered_at >= %(start)s" if self.start else ""
        end = "AND offer.offered_at < %(end)s" if self.end else ""
        own = {"at": self.at, "start": self.start, "end": self.end, "zone": self.zone}
        return f"{visible} AND {narrowed} {start} {end}", own | params | only

    def end_of(self, month: str) -> datetime | None:
        """The end of a month, or of the period when that comes first."""
        end = Period.month(month).end(self.zone)
        return min(end, self.end) if end and self.end else end


ANSWERS = """
    SELECT offer.handoff_id,
           {column} AS value,
           count(*) AS offered,
           count(DISTINCT offer.lead_id) AS leads,
           count(*) FILTER (WHERE outcome = 'accepted') AS accepted,
           count(*) FILTER (WHERE outcome = 'rejected') AS rejected,
           count(*) FILTER (WHERE outcome = 'expired') AS expired,
           count(*) FILTER (WHERE outcome = 'pending') AS pending,
           count(*) FILTER (WHERE outcome = 'withdrawn') AS withdrawn,
           count(*) FILTER (WHERE outcome = 'pending' AND due_at < %(at)s) AS overdue,
           count(*) FILTER (WHERE outcome IN ('accepted', 'rejected', 'expired')
                                  AND due_at IS NOT NULL) +
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
     ORDER BY offer.handoff_id, value
"""


def _answers(ask: _Question, split: Dimension | None) -> list[tuple[int, Value, Answers]]:
    where, params = ask.where()
    statement = ANSWERS.format(
        column=split.column if split else "NULL::int",
        joins=_joins(split),
        where=where,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [(row[0], row[1], Answers(*row[2:])) for row in cursor.fetchall()]


def _joins(split: Dimension | None) -> str:
    if split is None or not split.is_of_lead:
        return ""
    return f"JOIN leads_lead AS lead ON lead.id = offer.lead_id {split.join}"


Groups = Mapping[int, Sequence[tuple[Group, Answers]]]


def _groups(ask: _Question, split: Dimension) -> Groups:
    rows = _answers(ask, split)
    words = split.groups({value for _, value, _ in rows})
    if not split.is_ordered:
        rows.sort(key=lambda row: (-row[2].offered, words[row[1]].label))
    groups: dict[int, list[tuple[Group, Answers]]] = defaultdict(list)
    for handoff_id, value, answers in rows:
        groups[handoff_id].append((words[value], answers))
    return groups


def _measured(
    groups: Sequence[tuple[Group, Answers]],
    row: Handoff,
    agreed: Agreements,
    ask: _Question,
    split: Dimension | None,
) -> list[AnswerGroup]:
    """Groups against the target; months against the one that was in effect at their end."""
    if split is None or not split.is_month:
        target = agreed.target(row.key)
        return [AnswerGroup(answers, target, group) for group, answers in groups]
    return [
        AnswerGroup(answers, agreed.target(row.key, ask.end_of(group.key or "")), group)
        for group, answers in groups
    ]


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
