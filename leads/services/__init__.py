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
from leads.services.capture import Beacon, track
from leads.services.consent import (
    forget_browsers,
    keep_silent,
    note_consents,
    record_consent,
    withdraw_consent,
)
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
from leads.services.erasure import erase_leads, erase_rest
from leads.services.facts import Person, Upserted, correct_facts, upsert_leads
from leads.services.forms import (
    add_fact,
    add_question,
    allow_hosts,
    change_form,
    change_question,
    create_form,
    delete_form,
    duplicate_form,
    remove_question,
    shift_question,
)
from leads.services.guests import register_guests
from leads.services.imports import Tally, import_leads
from leads.services.merging import MERGE_RULES, merge_leads, undo_merge
from leads.services.opt_ins import confirm_opt_in, is_expired
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
from leads.services.privacy import note_export
from leads.services.reported import Reported, record_reported
from leads.services.revival import revive_interested
from leads.services.scores import write_scores
from leads.services.submissions import (
    is_received,
    process_submissions,
    receive_submission,
    reprocess_submissions,
)
from leads.services.tokens import refresh_tokens
from leads.services.understanding import read_facts
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
    "add_fact",
    "add_handoff",
    "add_question",
    "add_stage",
    "advance",
    "allow_hosts",
    "append_history",
    "assign_offers",
    "assign_owner",
    "attach_visitors",
    "change_form",
    "change_handoff",
    "change_question",
    "change_stage",
    "change_verb",
    "check_size",
    "confirm_opt_in",
    "correct_facts",
    "create_form",
    "create_leads",
    "default_week",
    "delete_form",
    "describe_companies",
    "disqualify",
    "duplicate_form",
    "erase_leads",
    "erase_rest",
    "expire",
    "find_target",
    "forget_browsers",
    "hold_leads",
    "import_leads",
    "insert_leads",
    "install_default_pipeline",
    "is_expired",
    "is_received",
    "keep_silent",
    "load_pipeline",
    "lock_identity",
    "lose",
    "merge_leads",
    "move",
    "move_merged",
    "note_activities",
    "note_consents",
    "note_export",
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
    "register_guests",
    "reject",
    "remove_question",
    "repeat_refused",
    "reprocess_submissions",
    "retire_stage",
    "retirement_refused",
    "revive",
    "revive_interested",
    "run_bulk",
    "run_bulk_acts",
    "save_reason",
    "shift_question",
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
