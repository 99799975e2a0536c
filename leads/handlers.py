"""What leads do when something happens to them: interest revives who was let go, segments follow."""

from leadflow.core.events import Event
from leads import services as leads
from leads.events import ActivitiesRecorded, LeadsErased, LeadsMerged, MergeUndone, StagesChanged

TAKEN_BACK = "correct"


def revive_active(event: ActivitiesRecorded) -> None:
    """Revive who shows new interest; history that was written down later shows none."""
    if not event.is_silent:
        leads.revive_interested(lead_ids=event.lead_ids, at=event.at)


def revive_let_go(event: StagesChanged) -> None:
    """Revive who showed interest while they were being let go: their activity was told too early."""
    if not event.is_silent and event.verb != TAKEN_BACK:
        leads.revive_interested(lead_ids=event.lead_ids, at=event.at)


def erase_rest(event: LeadsErased) -> None:
    """Blank what came in about people while they were being erased."""
    leads.erase_rest(lead_ids=event.lead_ids)
    leads.drop_import_files(at=event.at)


def follow_segments(event: Event) -> None:
    """Bring the segments up to date that look at something this event may have changed."""
    leads.follow_segments(event=event)


def leave_segments(event: LeadsErased) -> None:
    """Whoever is forgotten belongs to no segment any more."""
    leads.follow_leads(lead_ids=event.lead_ids, at=event.at)


def follow_merged(event: LeadsMerged | MergeUndone) -> None:
    """Two records became one, or two again: every segment looks at both."""
    leads.follow_leads(lead_ids=(event.kept_id, event.gone_id), at=event.at)
