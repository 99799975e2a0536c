"""What scoring does when leads tell that something happened."""

from leads import services as leads
from leads.events import (
    ActivitiesRecorded,
    LeadsMerged,
    MergeUndone,
    StagesChanged,
)
from scoring import services as scoring
from scoring.events import LeadsPredicted

FRESH = frozenset({"enter", "revive"})  # verbs after which facts count anew
TAKEN_BACK = "correct"


def score_touched(event: ActivitiesRecorded) -> None:
    """Score the leads that did something, then offer who is ready; silent batches offer nobody."""
    scoring.score_leads(lead_ids=event.lead_ids, at=event.at)
    if not event.is_silent:
        scoring.offer_ready(lead_ids=event.lead_ids, at=event.at)


def score_entered(event: StagesChanged) -> None:
    """Score new leads and those that begin a new cycle, then offer who is ready.

    After a change was taken back leads are scored, too, but nobody is offered at once: it may be
    the offer that somebody has just taken back.
    """
    if event.verb not in FRESH | {TAKEN_BACK}:
        return
    scoring.score_leads(lead_ids=event.lead_ids, at=event.at)
    if not event.is_silent and event.verb in FRESH:
        scoring.offer_ready(lead_ids=event.lead_ids, at=event.at)


def predict_touched(event: ActivitiesRecorded | StagesChanged) -> None:
    """Work out the chances of leads anew that did something or moved; nobody moves by that."""
    scoring.note_facts(at_by_lead=dict.fromkeys(event.lead_ids, event.at))
    scoring.predict_leads(lead_ids=event.lead_ids, at=event.at)


def predict_merged(event: LeadsMerged | MergeUndone) -> None:
    """Two records became one, or two again: both are looked at."""
    scoring.predict_leads(lead_ids=(event.kept_id, event.gone_id), at=event.at)


def follow_segments(event: LeadsPredicted) -> None:
    """Segments may ask for chances."""
    leads.follow_segments(event=event)


def offer_predicted(event: LeadsPredicted) -> None:
    """A lead definition that both sides have signed may ask for chances."""
    scoring.offer_predicted(lead_ids=event.lead_ids, at=event.at)
