"""Closed leads as numbers: gathered block by block, so that memory does not grow with the leads."""

from array import array
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from scoring import queries
from scoring.engine.looks import measure
from scoring.queries.looks import COMPARED, STRETCHES, Outcome
from scoring.services.scores import blocks_of_leads
from scoring.services.turns import BLOCK

MOST = 100_000  # looks: more make no better model, only a slower training
Progress = Callable[[int, int], None]


@dataclass
class Sample:
    """Looks in the order of leads and moments, as a sparse matrix: `columns` are numbers by name."""

    columns: dict[str, int] = field(default_factory=dict)
    starts: "array[int]" = field(default_factory=lambda: array("q", [0]))
    places: "array[int]" = field(default_factory=lambda: array("i"))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    leads: "array[int]" = field(default_factory=lambda: array("q"))
    cycles: "array[int]" = field(default_factory=lambda: array("i"))
    moments: "array[float]" = field(default_factory=lambda: array("d"))  # seconds since 1970
    won: "array[int]" = field(default_factory=lambda: array("b"))

    def __len__(self) -> int:
        return len(self.leads)

    def add(self, outcome: Outcome) -> None:
        """Put one look at the end."""
        look = outcome.look
        for name, value in measure(look).items():
            self.places.append(self.columns.setdefault(name, len(self.columns)))
            self.values.append(value)
        self.starts.append(len(self.places))
        self.leads.append(look.lead_id)
        self.cycles.append(look.cycle)
        self.moments.append(look.at.timestamp())
        self.won.append(outcome.has_won)

    def counts(self) -> dict[str, int]:
        """Looks, leads, and how many of the leads' ways to a customer there are, each counted once."""
        ways: dict[tuple[int, int], int] = {}
        for lead, cycle, won in zip(self.leads, self.cycles, self.won, strict=True):
            ways[lead, cycle] = max(ways.get((lead, cycle), 0), won)
        won = sum(ways.values())
        return {
            "looks": len(self),
            "leads": len(set(self.leads)),
            "won": won,
            "not_won": len(ways) - won,
        }

    def places_with(self, names: Collection[str]) -> set[int]:
        """Looks in which one of these numbers occurs."""
        wanted = {self.columns[name] for name in names if name in self.columns}
        return {
            place
            for place in range(len(self))
            if not wanted.isdisjoint(self.places[self.starts[place] : self.starts[place + 1]])
        }

    def matrix(self) -> Any:
        """The looks as a SciPy matrix in CSR form, looks × numbers."""
        from scipy.sparse import csr_matrix

        shape = (len(self), len(self.columns))
        return csr_matrix((self.values, self.places, self.starts), shape=shape)


def gather_sample(*, horizon_days: int, at: datetime, progress: Progress) -> Sample:
    """Closed leads as they were seen; of very many leads always the same part."""
    blocks = list(blocks_of_leads())
    millionths = lead_share()
    sample = Sample()
    for number, block in enumerate(blocks, 1):
        first = block * BLOCK
        for outcome in queries.read_outcomes(
            first_id=first,
            last_id=first + BLOCK - 1,
            horizon_days=horizon_days,
            at=at,
            millionths=millionths,
        ):
            sample.add(outcome)
        progress(number, len(blocks))
    return sample


def lead_share() -> int:
    """How many of a million leads are looked at, from an estimate of how many there are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'leads_lead'::regclass")
        leads = max(cursor.fetchone()[0], 1)
    return min(COMPARED, int(COMPARED * MOST / (leads * len(STRETCHES) / 2)))
