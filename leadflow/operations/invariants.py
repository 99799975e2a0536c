"""What must be true of all data at any time, as SQL that finds the rows where it is not."""

from dataclasses import dataclass

from django.db import connection

MOST_ROWS = 20


@dataclass(frozen=True)
class Broken:
    """An invariant that does not hold, with some of the rows that break it."""

    name: str
    rows: list[str]


INVARIANTS = {
    "a lead's stage is the last row of its history": """
        SELECT 'lead ' || lead.id FROM leads_lead AS lead
          JOIN LATERAL (
               SELECT id, to_stage FROM leads_stagechange
                WHERE lead_id = lead.id ORDER BY id DESC LIMIT 1
          ) AS newest ON true
         WHERE (newest.id, newest.to_stage) IS DISTINCT FROM (lead.last_change, lead.stage)
    """,
    "every lead has history": """
        SELECT 'lead ' || lead.id FROM leads_lead AS lead
         WHERE NOT EXISTS (SELECT 1 FROM leads_stagechange WHERE lead_id = lead.id)
    """,
    "each line of history begins where the one before it ended": """
        WITH counted AS (  -- records that were merged have a line each: entries number them
            SELECT id, lead_id, from_stage, to_stage, count(*) FILTER (WHERE from_stage IS NULL)
                       OVER (PARTITION BY lead_id ORDER BY cycle) AS record
              FROM leads_stagechange
        )
        SELECT 'stage change ' || id FROM (
            SELECT id, from_stage,
                   lag(to_stage) OVER (PARTITION BY lead_id, record ORDER BY id) AS before
              FROM counted
        ) AS line
         WHERE from_stage IS DISTINCT FROM before
    """,
    "a lead came once, and once more for each record merged into it": """
        SELECT 'lead ' || entered.lead_id FROM (
            SELECT lead_id, count(*) AS times FROM leads_stagechange
             WHERE from_stage IS NULL GROUP BY lead_id
        ) AS entered
          LEFT JOIN (
            SELECT kept_id, count(*) AS times FROM leads_merge
             WHERE undone_at IS NULL GROUP BY kept_id
        ) AS merged ON merged.kept_id = entered.lead_id
         WHERE entered.times <> 1 + COALESCE(merged.times, 0)
    """,
    "a record that was merged away is not there": """
        SELECT 'merge ' || merge.id FROM leads_merge AS merge
          JOIN leads_lead AS lead ON lead.id = merge.gone_id
         WHERE merge.undone_at IS NULL
    """,
    "a pending offer belongs to a lead in that offered stage": """
        SELECT 'offer ' || offer.id FROM leads_offer AS offer
          JOIN leads_handoff AS handoff ON handoff.id = offer.handoff_id
          JOIN leads_lead AS lead ON lead.id = offer.lead_id
         WHERE offer.outcome = 'pending' AND lead.stage <> handoff.offered_id
    """,
    "a lead in the offered stage of an active hand-off has a pending offer": """
        SELECT 'lead ' || lead.id FROM leads_lead AS lead
          JOIN leads_handoff AS handoff ON handoff.offered_id = lead.stage AND handoff.is_active
          JOIN leads_stage AS stage ON stage.key = lead.stage
         WHERE stage.kind <> 'won'  -- who was a customer before the hand-off came is not offered
           AND lead.erased_at IS NULL
           AND NOT EXISTS (
               SELECT 1 FROM leads_offer AS offer
                WHERE offer.lead_id = lead.id AND offer.outcome = 'pending'
         )
    """,
    "nothing personal is left of who was erased": """
        SELECT 'lead ' || lead.id FROM leads_lead AS lead
         WHERE lead.erased_at IS NOT NULL
           AND (lead.email || lead.phone || lead.external_id || lead.first_name || lead.last_name
                || lead.job_title <> '' OR lead.attributes <> '{}' OR lead.company_id IS NOT NULL
                OR EXISTS (SELECT 1 FROM leads_visitor WHERE lead_id = lead.id)
                OR EXISTS (SELECT 1 FROM leads_offer
                            WHERE lead_id = lead.id AND outcome = 'pending'))
    """,
    "nobody got the same step of a program twice": """
        SELECT 'enrollment ' || enrollment_id || ', step ' || step_id FROM nurture_touch
         GROUP BY enrollment_id, step_id HAVING count(*) > 1
    """,
    "no program runs for a lead that left its stages": """
        SELECT 'enrollment ' || enrollment.id FROM nurture_enrollment AS enrollment
          JOIN leads_lead AS lead ON lead.id = enrollment.lead_id
          JOIN leads_handoff AS handoff ON lead.stage IN (handoff.offered_id, handoff.accepted_id)
         WHERE enrollment.state = 'active' AND handoff.is_active
           AND NOT EXISTS (  -- events on their way explain it
               SELECT 1 FROM core_delivery WHERE state = 'pending')
    """,
    "a segment is as large as it says": """
        SELECT 'segment ' || segment.id FROM leads_segment AS segment
          LEFT JOIN (SELECT segment_id, count(*) AS size FROM leads_segmentmember GROUP BY segment_id)
               AS counted ON counted.segment_id = segment.id
         WHERE segment.size <> COALESCE(counted.size, 0)
    """,
    "every member of a segment is a lead": """
        SELECT 'member ' || member.id FROM leads_segmentmember AS member
         WHERE NOT EXISTS (SELECT 1 FROM leads_lead WHERE id = member.lead_id)
           AND NOT EXISTS (SELECT 1 FROM core_delivery WHERE state = 'pending')
    """,
    "every event was understood within a few tries": """
        SELECT 'delivery ' || id || ' to ' || subscriber FROM core_delivery
         WHERE state = 'pending' AND attempts > 8
    """,
}


def find_broken() -> list[Broken]:
    """Check every invariant; returns those that do not hold with up to twenty rows each."""
    broken = []
    with connection.cursor() as cursor:
        for name, statement in INVARIANTS.items():
            cursor.execute(f"SELECT * FROM ({statement}) AS rows LIMIT %s", [MOST_ROWS])
            if rows := [row[0] for row in cursor.fetchall()]:
                broken.append(Broken(name, rows))
    return broken
