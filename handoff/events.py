"""What the handoff app tells the apps above it: facts by id."""

from dataclasses import dataclass

from leadflow.core.events import Event


@dataclass(frozen=True, kw_only=True)
class OffersAssigned(Event):
    """Offers were given to people."""

    offer_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class OffersBreached(Event):
    """Offers passed their due time without an answer."""

    offer_ids: tuple[int, ...]
