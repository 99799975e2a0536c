"""Two records of one person are made one; everything about it can be undone."""

from leads.services.merging.joining import merge_leads
from leads.services.merging.rules import MERGE_RULES
from leads.services.merging.undoing import undo_merge

__all__ = ["MERGE_RULES", "merge_leads", "undo_merge"]
