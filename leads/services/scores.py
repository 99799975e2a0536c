"""The score snapshot on the lead rows: scoring computes it, this alone writes it."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from leadflow.core import events
from leads.events import LeadsScored

EVENT_SIZE = 5_000


@transaction.atomic
def write_scores(*, scores: Sequence[tuple[int, int, int, str]], at: datetime) -> list[int]:
    """Write (lead id, engagement, fit, grade) where it differs; returns the ids that changed."""
    if not scores:
        return []
    ids, engagement, fit, grades = zip(*sorted(scores), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH fresh AS (
                SELECT * FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::text[])
                    AS fresh (id, engagement, fit, grade)
            ), locked AS (
                SELECT lead.id FROM leads_lead AS lead JOIN fresh USING (id)
                 WHERE (lead.engagement, lead.fit, lead.grade)
                       IS DISTINCT FROM (fresh.engagement, fresh.fit, fresh.grade)
                   AND lead.erased_at IS NULL  -- what they had stays in the figures
                 ORDER BY lead.id FOR NO KEY UPDATE OF lead
            )
            UPDATE leads_lead AS lead
               SET engagement = fresh.engagement, fit = fresh.fit, grade = fresh.grade,
                   score = fresh.engagement + fresh.fit,
                   scored_at = GREATEST(lead.scored_at, %s)
              FROM fresh JOIN locked USING (id)
             WHERE lead.id = fresh.id
         RETURNING lead.id
            """,
            [list(ids), list(engagement), list(fit), list(grades), at],
        )
        changed = sorted(row[0] for row in cursor.fetchall())
    for start in range(0, len(changed), EVENT_SIZE):
        events.publish(LeadsScored(at=at, lead_ids=tuple(changed[start : start + EVENT_SIZE])))
    return changed
