"""Closed leads to learn from: who reads a lot and gives a phone number buys more often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from content.models import Asset
from leads import services as leads
from leads.models import Activity
from scoring import services as scoring

DAYS = 400
VERBS = ("offer", "accept", "advance", "advance", "win")


@dataclass(frozen=True)
class Past:
    """One lead of the past: when it came, whether it has a phone, what it read, when it bought."""

    came_at: datetime
    has_phone: bool
    reads: tuple[datetime, ...]
    won_at: datetime | None


def tell(count: int, *, at: datetime, seed: int = 1, eager: float = 0.55) -> list[Past]:
    """Stories of leads over the last `DAYS` days: the odds depend on phone and reading."""
    random, found = Random(seed), []
    for _ in range(count):
        came_at = at - timedelta(days=random.uniform(1, DAYS))
        has_phone, reads = random.random() < 0.5, random.choice((0, 1, 4, 8))
        chance = eager * (1.0 if has_phone else 0.2) * (0.2 + 0.1 * reads)
        won_at = (
            came_at + timedelta(days=random.uniform(12, 50)) if random.random() < chance else None
        )
        acts = tuple(came_at + timedelta(hours=random.uniform(0, 60)) for _ in range(reads))
        found.append(Past(came_at, has_phone, acts, won_at if won_at and won_at < at else None))
    return sorted(found, key=lambda one: one.came_at)


def write(pasts: Sequence[Past], *, at: datetime, asset: Asset | None = None) -> list[int]:
    """Make the stories true through the real services; returns the ids of the leads."""
    people = [
        leads.NewLead(at=one.came_at, facts={"phone": f"+49301{i:06}" if one.has_phone else ""})
        for i, one in enumerate(pasts)
    ]
    ids = leads.insert_leads(people=people, at=at, is_silent=True)
    scoring.note_facts(lead_ids=ids, at=at, are_new=True)
    leads.append_history(
        activities=[
            Activity(lead_id=pk, kind="page_view", occurred_at=moment, asset=asset)
            for pk, one in zip(ids, pasts, strict=True)
            for moment in one.reads
        ],
        consents=[],
        at=at,
    )
    won = {pk: one.won_at for pk, one in zip(ids, pasts, strict=True) if one.won_at}
    for step, verb in enumerate(VERBS):
        act = leads.Act(
            verb=verb,
            at=at,
            is_silent=True,
            at_by_lead={pk: moment - timedelta(days=4 - step) for pk, moment in won.items()},
            amount_by_lead={pk: Decimal(1_000) for pk in won} if step == 3 else {},
        )
        leads.move(lead_ids=list(won), act=act)
    return ids
