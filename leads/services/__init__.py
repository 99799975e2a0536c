"""Front door of the leads app: everything that changes a lead."""

from leads.services.activities import (
    append_history,
    attach_visitors,
    note_activities,
    record_activities,
)
from leads.services.acts import Act, Cause, Change, Moved
from leads.services.capture import (
    Beacon,
    process_submissions,
    read_facts,
    receive_submission,
    reprocess_submissions,
    track,
)
from leads.services.consent import record_consent, withdraw_consent
from leads.services.facts import Person, Upserted, correct_facts, upsert_leads
from leads.services.history import default_week
from leads.services.imports import Tally, import_leads
from leads.services.ownership import assign_offers, assign_owner
from leads.services.people import (
    NewLead,
    create_leads,
    describe_companies,
    insert_leads,
    lock_identity,
    update_facts,
)
from leads.services.pipeline import install_default_pipeline, load_pipeline, pipeline_at
from leads.services.reported import Reported, record_reported
from leads.services.scores import write_scores
from leads.services.verbs import (
    VERBS,
    accept,
    advance,
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
    "Person",
    "Reported",
    "Tally",
    "Upserted",
    "accept",
    "advance",
    "append_history",
    "assign_offers",
    "assign_owner",
    "attach_visitors",
    "correct_facts",
    "create_leads",
    "default_week",
    "describe_companies",
    "disqualify",
    "expire",
    "import_leads",
    "insert_leads",
    "install_default_pipeline",
    "load_pipeline",
    "lock_identity",
    "lose",
    "move",
    "note_activities",
    "offer",
    "pipeline_at",
    "process_submissions",
    "read_facts",
    "receive_submission",
    "record_activities",
    "record_consent",
    "record_reported",
    "recycle",
    "reject",
    "reprocess_submissions",
    "revive",
    "track",
    "update_facts",
    "upsert_leads",
    "win",
    "withdraw_consent",
    "write_scores",
]
