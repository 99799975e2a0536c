"""The panels "Chance to win" and "What may help next" on the record page."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from leadflow.core import charts
from leadflow.core.models import User
from leads.models import Lead
from scoring import queries
from scoring.engine.chances import Reason

TOLD = 4  # reasons on each side
LEAST = 0.01  # what is less likely is not told apart


def load_chance_panel(lead: Lead, user: User) -> Mapping[str, Any] | None:
    """The chance of an open lead with what speaks for it and against it; hidden while it is off."""
    found = queries.lead_chance(lead, at=timezone.now())
    if found is None:
        return None
    chance = found.chance
    parts = [*chance.reasons_for[:TOLD], *chance.reasons_against[:TOLD]]
    return {
        "chance": chance,
        "model": found.model,
        "of_hundred": _of_hundred(chance.share),
        "is_below_one": chance.share < LEAST,
        "chart": charts.score_breakdown([_part(reason) for reason in parts]),
    }


def load_next_panel(lead: Lead, user: User) -> Mapping[str, Any] | None:
    """What leads like this one turned to next; hidden where nothing suits."""
    best = queries.next_best(lead)
    if lead.erased_at is not None or not best.has_any:
        return None
    return {"best": best}


def _part(reason: Reason) -> charts.Part:
    return charts.Part(reason.words, round(100 * reason.share, 1))


def _of_hundred(share: float) -> str:
    """How many of a hundred leads like this become customers."""
    if share < LEAST:
        return "fewer than one"
    return f"about {round(100 * share)}"
