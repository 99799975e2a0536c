"""What sales says, kept where marketing reads it."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from handoff import policies
from handoff.models import Clock, Feedback
from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads.models import Activity, Lead


@transaction.atomic
def give_feedback(
    *,
    lead: Lead,
    by: User,
    at: datetime,
    note: str = "",
    about: str = "lead",
    rating: int | None = None,
) -> Feedback:
    """Keep a remark of `by` on a lead, the content it saw or its campaign.

    Raises Invalid when nothing is said. The same remark sent twice is one.
    """
    policies.check_may(
        "give_feedback", by=by, words="Feedback is what sales and customer care give."
    )
    if not note.strip() and rating is None:
        raise Invalid("Write a remark or choose a rating.", field="note")
    said = {"lead": lead, "by": by, "about": about, "note": note.strip(), "rating": rating}
    Lead.objects.select_for_update(no_key=True, of=("self",)).only("pk").get(pk=lead.pk)
    last = Feedback.objects.filter(lead=lead, by=by).order_by("-pk").first()
    if last is not None and all(getattr(last, name) == value for name, value in said.items()):
        return last
    return Feedback.objects.create(**said, **_subject(lead, about), at=at)


def _subject(lead: Lead, about: str) -> dict[str, int | None]:
    """What the remark is about: the lead's campaign, or the content they saw last."""
    if about == Feedback.About.CAMPAIGN:
        return {"campaign_id": lead.campaign_id}
    if about == Feedback.About.ASSET:
        seen = Activity.objects.filter(lead=lead, asset__isnull=False)
        latest = seen.order_by("-occurred_at", "-id").values_list("asset_id", flat=True)
        return {"asset_id": latest.first()}
    return {}


def forget_answers(offer_ids: Collection[int]) -> None:
    """Drop what was kept of answers that are being taken back: the remark, and the response itself.

    What was stamped before the answer (a call, a breach) has happened and stays.
    """
    Feedback.objects.filter(offer__in=list(offer_ids)).delete()
    answers = Clock.objects.filter(
        offer__in=list(offer_ids), first_response_at=F("offer__decided_at")
    )
    Clock.objects.filter(pk__in=list(answers.values_list("pk", flat=True))).update(
        first_response_at=None, first_response_by=None
    )


@transaction.atomic
def record_rejections(*, change_ids: Collection[int]) -> int:
    """Keep the rejections made by these stage changes as feedback, once each."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO handoff_feedback (lead_id, offer_id, by_id, about, note, at)
            SELECT offer.lead_id, offer.id, offer.decided_by_id, 'lead', offer.note,
                   offer.decided_at
              FROM leads_stagechange AS change
              JOIN leads_offer AS offer
                ON offer.lead_id = change.lead_id AND offer.closed_by = change.id
             WHERE change.id = ANY(%s) AND offer.outcome = 'rejected'
             ORDER BY offer.id
                ON CONFLICT (offer_id) DO NOTHING
            """,
            [sorted(change_ids)],
        )
        return cursor.rowcount
