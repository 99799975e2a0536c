"""Programs go on where the change that had ended them was taken back."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from nurture.models import Program
from nurture.services.scheduling import schedule, tell

_RESUME = """
    WITH correction AS (
        SELECT answer.lead_id, answer.id, undone.id AS undone, undone.at AS undone_at
          FROM leads_stagechange AS answer
          JOIN leads_stagechange AS undone ON undone.id = answer.corrects
          JOIN leads_lead AS lead ON lead.last_change = answer.id  -- and has not moved on since
         WHERE answer.id = ANY(%(ids)s)
    ), last AS (
        SELECT DISTINCT ON (lead_id) id, lead_id, state, exit_reason, exited_at, since_change
          FROM nurture_enrollment
         WHERE program_id = %(program)s AND lead_id IN (SELECT lead_id FROM correction)
         ORDER BY lead_id, entry DESC
    ), word AS (
        SELECT DISTINCT ON (lead_id) lead_id, is_given
          FROM leads_consent
         WHERE purpose = 'marketing' AND lead_id IN (SELECT lead_id FROM correction)
         ORDER BY lead_id, at DESC, id DESC
    )
    UPDATE nurture_enrollment AS enrollment
       SET state = 'active', exited_at = NULL, exit_reason = '', exit_note = '',
           since_change = correction.id
      FROM correction
      JOIN last USING (lead_id)
      LEFT JOIN word USING (lead_id)
     WHERE enrollment.id = last.id
       AND last.state = 'exited' AND last.exit_reason = 'stage'
       AND last.since_change < correction.undone AND last.exited_at >= correction.undone_at
       AND word.is_given IS NOT FALSE
 RETURNING enrollment.id, enrollment.lead_id
"""


def resume_corrected(program: Program, *, correction_ids: Collection[int], at: datetime) -> int:
    """Let enrollments go on that ended by a change taken back since; returns how many do.

    They go on with the next step: what was on its way and called off meanwhile does not come back.
    Whoever does not want marketing mail any more stays out.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RESUME, {"ids": sorted(correction_ids), "program": program.pk})
        resumed = dict(cursor.fetchall())
    tell(resumed.values(), at=at)
    schedule(enrollment_ids=list(resumed), at=at)
    return len(resumed)
