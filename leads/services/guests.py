"""Guests of events."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from leads.models.campaigns import make_guest_code


@transaction.atomic
def register_guests(
    *, campaign_ids_by_lead: Sequence[tuple[int, int, datetime]], source: str
) -> int:
    """Note who registered for what, given as (campaign id, lead id, at); the first time counts.

    Returns how many are registered who were not before.
    """
    firsts: dict[tuple[int, int], datetime] = {}
    for campaign_id, lead_id, at in campaign_ids_by_lead:
        pair = campaign_id, lead_id
        firsts[pair] = min(at, firsts.get(pair, at))
    if not firsts:
        return 0
    rows = sorted(firsts.items())
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO leads_guest AS guest
                   (campaign_id, lead_id, code, registered_at, source, note, created_at)
            SELECT said.campaign_id, said.lead_id, said.code, said.at, %s, '', now()
              FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[])
                   AS said (campaign_id, lead_id, code, at)
                ON CONFLICT (campaign_id, lead_id)
                DO UPDATE SET registered_at = excluded.registered_at
                        WHERE guest.registered_at IS NULL
            """,
            [
                source[:80],
                [campaign_id for (campaign_id, _), _ in rows],
                [lead_id for (_, lead_id), _ in rows],
                [make_guest_code() for _ in rows],
                [at for _, at in rows],
            ],
        )
        return int(cursor.rowcount)
