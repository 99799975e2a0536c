"""Calls that people make: on the record once, and the first one answers the clock."""

from datetime import datetime

from django.db import transaction

from handoff import policies
from handoff.services.clocks import stamp_responses
from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads import services as leads
from leads.models import Activity, Lead, Offer
from nurture.models import Task

OUTCOMES = {
    str(code): str(words) for code, words in Task.Outcome.choices if code != Task.Outcome.DONE
}


@transaction.atomic
def log_call(
    *, lead: Lead, by: User, outcome: str, at: datetime, note: str = "", token: int | None = None
) -> None:
    """Put a call on the lead's record and stamp the first response to a pending offer.

    A call sent twice with the same `token` is one call. Raises Invalid for an unknown outcome.
    """
    policies.check_may("call", by=by, words="Calls are logged by sales and customer care.")
    if outcome not in OUTCOMES:
        raise Invalid("Say how the call went.", field="outcome")
    call = Activity(
        lead=lead,
        kind=Activity.Kind.CALL,
        occurred_at=at,
        by=by,
        title=OUTCOMES[outcome],
        properties={"outcome": outcome, "text": note.strip()},
        source_kind="logged_call" if token else "",
        source_id=token,
    )
    leads.record_activities(activities=[call], at=at)
    offers = Offer.objects.pending().filter(lead=lead).select_related("team")
    mine = [offer.pk for offer in offers if not policies.decision_refused(offer, by=by)]
    stamp_responses(offer_ids=mine, by=by, at=at)
