"""What leads themselves put right before rows change hands."""

from datetime import datetime

from django.db import connection

from leadflow.core.parts import MergeRule


def join_guests(kept_id: int, gone_id: int, at: datetime) -> None:
    """On the guest list of one event: the earliest of each time; who comes in one name comes."""
    _run(
        """
        UPDATE leads_guest AS kept
           SET invited_at = LEAST(kept.invited_at, gone.invited_at),
               registered_at = LEAST(kept.registered_at, gone.registered_at),
               attended_at = LEAST(kept.attended_at, gone.attended_at),
               cancelled_at = CASE WHEN kept.cancelled_at IS NOT NULL
                                   AND gone.cancelled_at IS NOT NULL THEN kept.cancelled_at END,
               note = COALESCE(NULLIF(kept.note, ''), gone.note)
          FROM leads_guest AS gone
         WHERE kept.lead_id = %(kept)s AND gone.lead_id = %(gone)s
           AND gone.campaign_id = kept.campaign_id
        """,
        kept=kept_id,
        gone=gone_id,
    )


def carry_pairs(kept_id: int, gone_id: int, at: datetime) -> None:
    """Likely duplicates of the one that goes, also those that were said to be two, are the other's."""
    _run(
        """
        INSERT INTO leads_duplicatepair
               (first_id, second_id, likeness, reasons, state, found_at, decided_at, decided_by_id)
        SELECT LEAST(other, %(kept)s), GREATEST(other, %(kept)s), likeness, reasons, state,
               found_at, decided_at, decided_by_id
          FROM (SELECT CASE WHEN first_id = %(gone)s THEN second_id ELSE first_id END AS other,
                       likeness, reasons, state, found_at, decided_at, decided_by_id
                  FROM leads_duplicatepair
                 WHERE %(gone)s IN (first_id, second_id)) AS pair
         WHERE other <> %(kept)s
            ON CONFLICT (first_id, second_id) DO NOTHING
        """,
        kept=kept_id,
        gone=gone_id,
    )
    _run(
        "DELETE FROM leads_duplicatepair WHERE %(gone)s IN (first_id, second_id)",
        gone=gone_id,
    )


def keep_refusals(kept_id: int, gone_id: int, at: datetime) -> None:
    """Where a yes and a no were said at the same moment by two records, the no is said once more."""
    _run(
        """
        WITH latest AS (
            SELECT purpose, max(at) AS at
              FROM leads_consent
             WHERE lead_id IN (%(kept)s, %(gone)s)
             GROUP BY purpose
            HAVING count(DISTINCT lead_id) = 2
        )
        INSERT INTO leads_consent (lead_id, purpose, is_given, wording, wording_version, source, at)
        SELECT %(kept)s, said.purpose, FALSE, '', 1, 'merge', said.at
          FROM latest
          JOIN leads_consent AS said USING (purpose, at)
         WHERE said.lead_id IN (%(kept)s, %(gone)s)
         GROUP BY said.purpose, said.at
        HAVING count(DISTINCT said.lead_id) = 2 AND count(DISTINCT said.is_given) = 2
        """,
        kept=kept_id,
        gone=gone_id,
    )


def _run(statement: str, **params: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


MERGE_RULES = {
    "guests": MergeRule(("leads.guests",), join_guests),
    "duplicates": MergeRule(("leads.duplicates", "leads.duplicates_of"), carry_pairs),
    "consents": MergeRule(("leads.consents",), keep_refusals),
}
