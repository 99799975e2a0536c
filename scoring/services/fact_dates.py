"""Dates of facts: kept from now on, wherever something about a lead is told."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from scoring import queries
from scoring.services.turns import block_of, take_turns


@transaction.atomic
def note_facts(*, lead_ids: Collection[int], at: datetime, are_new: bool = False) -> int:
    """Note since when what is known of leads is so; returns how many of them had something new.

    What came with a new lead bears the date of the lead, what comes later that of the news. Facts that
    were there before anybody noted dates have none.
    """
    if not lead_ids:
        return 0
    take_turns(map(block_of, lead_ids))  # of two who note, the second sees what the first wrote
    return queries.note_facts(lead_ids, at=at, are_new=are_new)
