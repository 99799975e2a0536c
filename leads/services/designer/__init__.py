"""The pipeline designer: every edit is checked as a whole and written as a new version."""

from leads.services.designer.handoffs import Side, add_handoff, change_handoff
from leads.services.designer.merging import MERGED_AT_ONCE, move_merged
from leads.services.designer.rules import UNASKED, change_verb, save_reason
from leads.services.designer.stages import (
    add_stage,
    change_stage,
    order_stages,
    retire_stage,
    retirement_refused,
    shift_stage,
)

__all__ = [
    "MERGED_AT_ONCE",
    "UNASKED",
    "Side",
    "add_handoff",
    "add_stage",
    "change_handoff",
    "change_stage",
    "change_verb",
    "move_merged",
    "order_stages",
    "retire_stage",
    "retirement_refused",
    "save_reason",
    "shift_stage",
]
