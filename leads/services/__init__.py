"""Front door of the leads app: everything that changes a lead."""

from leads.queries.calendars import default_week
from leads.queries.pipeline import load_pipeline, pipeline_at
from leads.services.activities import (
    append_history,
    attach_visitors,
    note_activities,
    record_activities,
)
from leads.services.acts import Act, Cause, Change, Moved
from leads.services.bulk import (
    AT_ONCE,
    check_size,
    repeat_refused,
    run_bulk,
    run_bulk_acts,
    start_bulk,
    stop_bulk,
)
from leads.services.capture import (
    Beacon,
    process_submissions,
    read_facts,
    receive_submission,
    reprocess_submissions,
    track,
)
from leads.services.consent import record_consent, withdraw_consent
from leads.services.corrections import take_back
from leads.services.designer import (
    MERGED_AT_ONCE,
    UNASKED,
    Side,
    add_handoff,
    add_stage,
    change_handoff,
    change_stage,
    change_verb,
    move_merged,
    order_stages,
    retire_stage,
    retirement_refused,
    save_reason,
    shift_stage,
)
from leads.services.duplicates import (
    dismiss_pair,
    find_duplicates,
    reopen_pair,
    search_everybody,
)
from leads.services.facts import Person, Upserted, correct_facts, upsert_leads
from leads.services.imports import Tally, import_leads
from leads.services.merging import MERGE_RULES, merge_leads, undo_merge
from leads.services.ownership import assign_offers, assign_owner
from leads.services.people import (
    NewLead,
    create_leads,
    describe_companies,
    insert_leads,
    lock_identity,
    update_facts,
)
from leads.services.pipeline import install_default_pipeline, shipped_pipeline
from leads.services.reported import Reported, record_reported
from leads.services.revival import revive_interested
from leads.services.scores import write_scores
from leads.services.tokens import refresh_tokens
from leads.services.verbs import (
    VERBS,
    accept,
    advance,
    disqualify,
    expire,
    find_target,
    lose,
    move,
    offer,
    recycle,
    reject,
    revive,
    win,
)
from leads.services.whereabouts import hold_leads

__all__ = [
    "AT_ONCE",
    "MERGED_AT_ONCE",
    "MERGE_RULES",
    "UNASKED",
    "VERBS",
    "Act",
    "Beacon",
    "Cause",
    "Change",
    "Moved",
    "NewLead",
    "Person",
    "Reported",
    "Side",
    "Tally",
    "Upserted",
    "accept",
    "add_handoff",
    "add_stage",
    "advance",
    "append_history",
    "assign_offers",
    "assign_owner",
    "attach_visitors",
    "change_handoff",
    "change_stage",
    "change_verb",
    "check_size",
    "correct_facts",
    "create_leads",
    "default_week",
    "describe_companies",
    "dismiss_pair",
    "disqualify",
    "expire",
    "find_duplicates",
    "find_target",
    "hold_leads",
    "import_leads",
    "insert_leads",
    "install_default_pipeline",
    "load_pipeline",
    "lock_identity",
    "lose",
    "merge_leads",
    "move",
    "move_merged",
    "note_activities",
    "offer",
    "order_stages",
    "pipeline_at",
    "process_submissions",
    "read_facts",
    "receive_submission",
    "record_activities",
    "record_consent",
    "record_reported",
    "recycle",
    "refresh_tokens",
    "reject",
    "reopen_pair",
    "repeat_refused",
    "reprocess_submissions",
    "retire_stage",
    "retirement_refused",
    "revive",
    "revive_interested",
    "run_bulk",
    "run_bulk_acts",
    "save_reason",
    "search_everybody",
    "shift_stage",
    "shipped_pipeline",
    "start_bulk",
    "stop_bulk",
    "take_back",
    "track",
    "undo_merge",
    "update_facts",
    "upsert_leads",
    "win",
    "withdraw_consent",
    "write_scores",
]
