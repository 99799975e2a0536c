"""What leads themselves put right before rows change hands."""

from datetime import datetime

from django.db import connection

from leadflow.core.parts import MergeRule
from leads.models import Consent


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
    said = Consent.objects.filter(lead__in=[kept_id, gone_id])
    newest = said.order_by("lead_id", "purpose", "-at", "-id").distinct("lead_id", "purpose")
    words: dict[tuple[str, datetime], set[bool]] = {}
    for one in newest:
        words.setdefault((one.purpose, one.at), set()).add(one.is_given)
    Consent.objects.bulk_create(
        Consent(lead_id=kept_id, purpose=purpose, is_given=False, source="merge", at=said_at)
        for (purpose, said_at), answers in words.items()
        if len(answers) == 2
    )


def _run(statement: str, **params: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


MERGE_RULES = {
    "guests": MergeRule(("leads.guests",), join_guests),
    "duplicates": MergeRule(("leads.duplicates", "leads.duplicates_of"), carry_pairs),
    "consents": MergeRule(("leads.consents",), keep_refusals),
}
