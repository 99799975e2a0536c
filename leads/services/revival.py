"""Revival by rule: who has been let go and shows new interest begins a new cycle."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from leads.engine.pipeline import DISQUALIFIED
from leads.services.acts import INTEREST, Act, Cause
from leads.services.verbs import move


def revive_interested(*, lead_ids: Collection[int], at: datetime) -> int:
    """Begin a new cycle for those who did what their detour revives on, after they came there.

    Returns how many were revived; what machines did is no interest, and who was disqualified never
    comes back by rule. Twice is once: an interest that has revived a lead does not do so again, also
    where somebody has taken the revival back.
    """
    found = _find_interested(lead_ids)
    if not found:
        return 0
    act = Act(verb="revive", at=at, cause=Cause(INTEREST), cause_id_by_lead=found)
    return len(move(lead_ids=list(found), act=act).changes)


def _find_interested(lead_ids: Collection[int]) -> dict[int, int]:
    """Leads with the first activity that shows their interest.

    Counts on the index activity_of_lead; the time of the last activity on the lead rows spares most
    leads even that.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT lead.id, interest.id
              FROM leads_lead AS lead
              JOIN leads_stage AS stage ON stage.key = lead.stage
             CROSS JOIN LATERAL (
                   SELECT activity.id
                     FROM leads_activity AS activity
                    WHERE activity.lead_id = lead.id AND activity.occurred_at > lead.stage_since
                      AND NOT activity.is_automatic
                      AND jsonb_exists(stage.revives_on, activity.kind)
                      AND NOT EXISTS (
                          SELECT FROM leads_stagechange AS change
                           WHERE change.lead_id = lead.id AND change.cause_kind = %s
                             AND change.recorded_at >= activity.recorded_at
                          )
                    ORDER BY activity.occurred_at, activity.id
                    LIMIT 1
                   ) AS interest
             WHERE lead.id = ANY(%s) AND lead.last_activity_at > lead.stage_since
               AND stage.kind = 'detour' AND stage.key <> %s
               AND jsonb_array_length(stage.revives_on) > 0
            """,
            [INTEREST, sorted(set(lead_ids)), DISQUALIFIED],
        )
        return dict(cursor.fetchall())
