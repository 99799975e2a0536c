"""Front door of the leads app: everything that changes a lead."""

from leads.services.activities import attach_visitors, note_activities, record_activities
from leads.services.capture import (
    Beacon,
    process_submissions,
    read_facts,
    receive_submission,
    reprocess_submissions,
    track,
)
from leads.services.consent import record_consent, withdraw_consent
from leads.services.imports import Tally, import_leads
from leads.services.ownership import assign_offers, assign_owner
from leads.services.people import NewLead, create_leads, lock_identity, update_facts
from leads.services.pipeline import install_default_pipeline, load_pipeline
from leads.services.scores import write_scores
from leads.services.verbs import (
    VERBS,
    Act,
    Cause,
    Change,
    Moved,
    accept,
    advance,
    default_week,
    disqualify,
    expire,
    lose,
    move,
    offer,
    recycle,
    reject,
    revive,
    win,
)

__all__ = [
    "VERBS",
    "Act",
    "Beacon",
    "Cause",
    "Change",
    "Moved",
    "NewLead",
    "Tally",
    "accept",
    "advance",
    "assign_offers",
    "assign_owner",
    "attach_visitors",
    "create_leads",
    "import_leads",
    "default_week",
    "disqualify",
    "expire",
    "install_default_pipeline",
    "load_pipeline",
    "lock_identity",
    "lose",
    "move",
    "note_activities",
    "offer",
    "process_submissions",
    "receive_submission",
    "record_activities",
    "read_facts",
    "record_consent",
    "recycle",
    "reject",
    "reprocess_submissions",
    "revive",
    "track",
    "update_facts",
    "win",
    "withdraw_consent",
    "write_scores",
]
