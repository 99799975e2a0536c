"""What scoring does when leads tell that something happened."""

from leads.events import ActivitiesRecorded, StagesChanged
from scoring import services as scoring

FRESH = frozenset({"enter", "revive"})  # verbs after which facts count anew
ENTERED = "enter"
TAKEN_BACK = "correct"


def score_touched(event: ActivitiesRecorded) -> None:
    """Score the leads that did something, then offer who is ready; silent batches offer nobody."""
    scoring.note_facts(lead_ids=event.lead_ids, at=event.at)
    scoring.score_leads(lead_ids=event.lead_ids, at=event.at)
    if not event.is_silent:
        scoring.offer_ready(lead_ids=event.lead_ids, at=event.at)


def score_entered(event: StagesChanged) -> None:
    """Score new leads and those that begin a new cycle, then offer who is ready.

    After a change was taken back leads are scored, too, but nobody is offered at once: it may be
    the offer that somebody has just taken back.
    """
    if event.verb == ENTERED:
        scoring.note_facts(lead_ids=event.lead_ids, at=event.at, are_new=True)
    if event.verb not in FRESH | {TAKEN_BACK}:
        return
    scoring.score_leads(lead_ids=event.lead_ids, at=event.at)
    if not event.is_silent and event.verb in FRESH:
        scoring.offer_ready(lead_ids=event.lead_ids, at=event.at)
