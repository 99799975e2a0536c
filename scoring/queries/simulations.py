"""What replays of the past have shown: figures for every threshold, and the leads behind them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Q, QuerySet
from django.db.models.expressions import RawSQL

from leadflow.core.shares import Interval, share, wilson
from leads.models import Handoff
from scoring.models import SimulatedCycle, Simulation

MOST_STEPS = 40
SIZES = (1, 2, 5, 10, 20, 50, 100)  # from one position to the next, as people count
WEEK = timedelta(days=7)
DECIDED = ("accepted", "rejected", "expired")
# Acceptance may be so far from its target before anybody is asked to look at the agreement.
BAND = 0.10
PERIOD, PERIODS, FEWEST = timedelta(days=30), 3, 5

# One row per threshold and lead; `met_at` is when it would have been offered, if ever.
MET = """
WITH met AS (
    SELECT step, cycle.*, cycle.moments[width_bucket(step - 1, cycle.reached) + 1] AS met_at
      FROM scoring_simulatedcycle AS cycle CROSS JOIN unnest(%(steps)s::int[]) AS step
     WHERE cycle.simulation_id = %(id)s
),
told AS (
    SELECT met.*, met_at > %(from_at)s AS is_offered, outcome = ANY(%(decided)s) AS is_decided,
           offered_at > %(from_at)s AS was_offered,
           won_at IS NOT NULL OR ended_at IS NOT NULL AS is_closed
      FROM met
)"""
FIGURES = """
SELECT step,
       count(*) FILTER (WHERE is_offered),
       count(*) FILTER (WHERE is_offered AND is_decided),
       count(*) FILTER (WHERE is_offered AND outcome = 'accepted'),
       count(*) FILTER (WHERE is_offered AND outcome = 'pending'),
       count(*) FILTER (WHERE is_offered AND outcome = ''),
       count(*) FILTER (WHERE is_offered AND outcome <> '' AND is_closed),
       count(*) FILTER (WHERE is_offered AND outcome <> '' AND won_at IS NOT NULL),
       count(*) FILTER (WHERE won_at > %(from_at)s AND met_at IS NULL),
       count(*) FILTER (WHERE was_offered AND met_at IS NULL)
  FROM told GROUP BY step ORDER BY step"""
WEEKLY = """
SELECT step, floor(date_part('epoch', met_at - %(from_at)s) / 604800)::int AS week, count(*)
  FROM told WHERE is_offered GROUP BY 1, 2"""
REAL = """
SELECT count(*), count(*) FILTER (WHERE outcome = ANY(%(decided)s)),
       count(*) FILTER (WHERE outcome = 'accepted'), count(*) FILTER (WHERE outcome = 'pending'), 0,
       count(*) FILTER (WHERE won_at IS NOT NULL OR ended_at IS NOT NULL),
       count(*) FILTER (WHERE won_at IS NOT NULL), 0, 0
  FROM scoring_simulatedcycle WHERE simulation_id = %(id)s AND offered_at > %(from_at)s"""
REAL_WEEKLY = """
SELECT floor(date_part('epoch', offered_at - %(from_at)s) / 604800)::int AS week, count(*)
  FROM scoring_simulatedcycle WHERE simulation_id = %(id)s AND offered_at > %(from_at)s GROUP BY 1"""


@dataclass(frozen=True)
class Step:
    """What one threshold would have given; shares only of leads that sales has seen.

    `unknown` were never offered in truth: nobody can say what sales would have done. `missed` became
    customers without an offer, `dropped` were offered in truth and would not have been.
    """

    threshold: int
    offers: int = 0
    decided: int = 0
    accepted: int = 0
    pending: int = 0
    unknown: int = 0
    closed: int = 0
    won: int = 0
    missed: int = 0
    dropped: int = 0
    weekly: list[int] = field(default_factory=list)

    @property
    def acceptance(self) -> float | None:
        """Accepted ÷ decided, 0–1."""
        return share(self.accepted, self.decided)

    @property
    def acceptance_range(self) -> Interval | None:
        """Where the acceptance lies, 95 %."""
        return wilson(self.accepted, self.decided)

    @property
    def win_rate(self) -> float | None:
        """Won ÷ ended one way or the other, 0–1."""
        return share(self.won, self.closed)

    @property
    def win_range(self) -> Interval | None:
        """Where the win rate lies, 95 %."""
        return wilson(self.won, self.closed)

    @property
    def changed(self) -> int:
        """Leads of whom it would have gone another way than it went."""
        return self.unknown + self.dropped

    @cached_property
    def per_week(self) -> float:
        """Offers a week."""
        return self.offers / len(self.weekly) if self.weekly else 0.0

    def reps_needed(self, *, calls_a_day: int, calls_a_lead: int) -> float:
        """People who call each lead so often, at so many calls on each of five days a week."""
        return self.per_week * calls_a_lead / (calls_a_day * 5)


def steps_of(simulation: Simulation) -> list[Step]:
    """The figures of a finished replay, the lowest threshold first."""
    return [Step(**step) for step in simulation.steps]


def thresholds_of(simulation: Simulation) -> list[int]:
    """Positions of the threshold, that of the agreement among them; one where it cannot be moved."""
    at = simulation.threshold
    if not simulation.axis:
        return [1]
    low, high = floor_of(simulation), max(2 * at, at + 10)
    least = -(-(high - low) // MOST_STEPS)
    size = next((one for one in SIZES if one >= least), least)
    below = list(range(at, low - 1, -size))
    return sorted({*below, *range(at, high + 1, size)})


def floor_of(simulation: Simulation) -> int:
    """The lowest threshold that is looked at."""
    return max(1, simulation.threshold // 4) if simulation.axis else 1


def work_out_steps(simulation: Simulation) -> list[dict[str, Any]]:
    """Figures for every threshold from the cycles that were kept, ready to be stored."""
    weeks = weeks_of(simulation)
    params = _params(simulation) | {"steps": thresholds_of(simulation)}
    found: dict[int, list[int]] = {step: [0] * len(weeks) for step in params["steps"]}
    with connection.cursor() as cursor:
        cursor.execute(MET + WEEKLY, params)
        for step, week, count in cursor.fetchall():
            found[step][min(week, len(weeks) - 1)] += count
        cursor.execute(MET + FIGURES, params)
        figures = {row[0]: row for row in cursor.fetchall()}
    return [
        asdict(replace(Step(*figures.get(step, (step,))), weekly=weekly))
        for step, weekly in found.items()
    ]


def work_out_reality(simulation: Simulation) -> dict[str, Any]:
    """The same figures of what was offered really."""
    params, weekly = _params(simulation), [0] * len(weeks_of(simulation))
    with connection.cursor() as cursor:
        cursor.execute(REAL_WEEKLY, params)
        for week, count in cursor.fetchall():
            weekly[min(week, len(weekly) - 1)] += count
        cursor.execute(REAL, params)
        real = Step(simulation.threshold, *cursor.fetchone())
    return asdict(replace(real, weekly=weekly))


def weeks_of(simulation: Simulation) -> list[datetime]:
    """The beginnings of the weeks that were replayed."""
    count = max(1, round((simulation.until_at - simulation.from_at) / WEEK))
    return [simulation.from_at + week * WEEK for week in range(count)]


def _params(simulation: Simulation) -> dict[str, Any]:
    return {"id": simulation.pk, "from_at": simulation.from_at, "decided": list(DECIDED)}


MET_AT = """scoring_simulatedcycle.moments[
    width_bucket(%s, scoring_simulatedcycle.reached) + 1]"""

# Which leads stand behind a figure
BEHIND: dict[str, str] = {
    "offers": "would have been offered",
    "accepted": "would have been offered, and were accepted",
    "refused": "would have been offered, and were rejected or ran out",
    "unknown": "would have been offered, but sales never saw them",
    "dropped": "were offered, but would not have been",
    "won": "would have been offered, and were won",
    "missed": "were won, but would not have been offered",
}


def cycles_behind(
    simulation: Simulation, *, which: str, threshold: int
) -> QuerySet[SimulatedCycle]:
    """The leads behind a figure at a threshold, with `met_at`; raises KeyError for no figure."""
    met_at = RawSQL(MET_AT, [threshold - 1], output_field=DateTimeField(null=True))
    began, offered = simulation.from_at, Q(met_at__gt=simulation.from_at)
    wanted = {
        "offers": offered,
        "accepted": offered & Q(outcome="accepted"),
        "refused": offered & Q(outcome__in=["rejected", "expired"]),
        "unknown": offered & Q(outcome=""),
        "dropped": Q(offered_at__gt=began, met_at=None),
        "won": offered & ~Q(outcome="") & Q(won_at__isnull=False),
        "missed": Q(won_at__gt=began, met_at=None),
    }[which]
    cycles = SimulatedCycle.objects.filter(simulation=simulation).annotate(met_at=met_at)
    return cycles.filter(wanted).select_related("lead__company", "lead__owner")


ANSWERS = """
SELECT handoff_id, width_bucket(decided_at, %s::timestamptz[]) AS period,
       count(*) FILTER (WHERE outcome = 'accepted'), count(*)
  FROM leads_offer
 WHERE outcome = ANY(%s) AND decided_at >= %s AND decided_at < %s
 GROUP BY 1, 2 HAVING count(*) >= %s"""


@dataclass(frozen=True)
class Review:
    """Acceptance that has stayed outside its band; shares of the last periods, the oldest first."""

    handoff: Handoff
    low: float
    high: float
    shares: Sequence[float]

    @property
    def is_low(self) -> bool:
        """Whether sales takes too few, rather than more than was agreed."""
        return self.shares[-1] < self.low


def reviews_due(*, at: datetime) -> list[Review]:
    """Hand-offs whose acceptance was on one side of the band in each of the last three months."""
    handoffs = Handoff.objects.filter(is_active=True).select_related("offered", "accepted")
    shares = _acceptances(at=at)
    return [
        review
        for handoff in handoffs
        if (review := _review(handoff, shares.get(handoff.pk, {}))) is not None
    ]


def _review(handoff: Handoff, shares: dict[int, float]) -> Review | None:
    low, high = max(float(handoff.target) - BAND, 0.0), min(float(handoff.target) + BAND, 1.0)
    known = [shares[period] for period in sorted(shares)]
    is_outside = all(one < low for one in known) or all(one > high for one in known)
    return Review(handoff, low, high, known) if len(known) == PERIODS and is_outside else None


def _acceptances(*, at: datetime) -> dict[int, dict[int, float]]:
    """Shares of accepted answers by hand-off and month; months with too few answers are left out."""
    begins = [at - n * PERIOD for n in range(PERIODS, -1, -1)]
    found: dict[int, dict[int, float]] = {}
    with connection.cursor() as cursor:
        cursor.execute(ANSWERS, [begins, list(DECIDED), begins[0], at, FEWEST])
        for handoff_id, period, accepted, decided in cursor.fetchall():
            found.setdefault(handoff_id, {})[period] = accepted / decided
    return found
