"""What scoring tells the apps above it: facts by id."""

from dataclasses import dataclass

from leadflow.core.events import Event


@dataclass(frozen=True, kw_only=True)
class LeadsPredicted(Event):
    """The chance of leads to become customers was worked out anew and has changed."""

    lead_ids: tuple[int, ...]
