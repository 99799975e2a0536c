"""What scoring does when leads tell that something happened."""

from leads.events import ActivitiesRecorded, StagesChanged
from scoring import services as scoring

FRESH = frozenset({"enter", "revive"})  # verbs after which facts count anew


def score_touched(event: ActivitiesRecorded) -> None:
    """Score the leads that did something, then offer who is ready; silent batches offer nobody."""
    scoring.score_leads(lead_ids=event.lead_ids, at=event.at)
    if not event.is_silent:
        scoring.offer_ready(lead_ids=event.lead_ids, at=event.at)


def score_entered(event: StagesChanged) -> None:
    """Score new leads and those that begin a new cycle, then offer who is ready."""
    if event.verb not in FRESH:
        return
    scoring.score_leads(lead_ids=event.lead_ids, at=event.at)
    if not event.is_silent:
        scoring.offer_ready(lead_ids=event.lead_ids, at=event.at)
