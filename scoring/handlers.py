"""What scoring does when leads tell that something happened."""

from leadflow.core.events import Event
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
ENTERED = "enter"
TAKEN_BACK = "correct"


def score_touched(event: ActivitiesRecorded) -> None:
    """Score the leads that did something, then offer who is ready; silent batches offer nobody."""
    scoring.note_facts(lead_ids=event.lead_ids, at=event.at)
    scoring.score_leads(lead_ids=event.lead_ids, at=event.at)
    if event.is_silent:
        scoring.hold_ready(lead_ids=event.lead_ids, at=event.at)
    else:
        scoring.offer_ready(lead_ids=event.lead_ids, at=event.at)


def score_entered(event: StagesChanged) -> None:
    """Score new leads and those that begin a new cycle, then offer who is ready.

    After a change was taken back leads are scored, too, but nobody is offered at once: it may be
    the offer that somebody has just taken back. Any other verb may bring leads before a hand-off.
    """
    if event.verb == ENTERED:
        scoring.note_facts(lead_ids=event.lead_ids, at=event.at, are_new=True)
    if event.verb in FRESH | {TAKEN_BACK}:
        scoring.score_leads(lead_ids=event.lead_ids, at=event.at)
    if event.is_silent:
        scoring.hold_ready(lead_ids=event.lead_ids, at=event.at)
    elif event.verb in FRESH:
        scoring.offer_ready(lead_ids=event.lead_ids, at=event.at)
    elif event.verb in leads.VERBS:
        scoring.follow_truth(event=event)


def offer_ready(event: Event) -> None:
    """Definitions may ask for more than points: tags, events, segments, consent …"""
    scoring.follow_truth(event=event)


def predict_touched(event: ActivitiesRecorded | StagesChanged) -> None:
    """Work out the chances of leads anew that did something or moved; nobody moves by that."""
    scoring.predict_leads(lead_ids=event.lead_ids, at=event.at)


def predict_merged(event: LeadsMerged | MergeUndone) -> None:
    """Two records became one, or two again: both are looked at."""
    scoring.predict_leads(lead_ids=(event.kept_id, event.gone_id), at=event.at)


def follow_segments(event: LeadsPredicted) -> None:
    """Segments may ask for chances."""
    leads.follow_segments(event=event)
