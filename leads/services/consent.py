"""Consent: what people agreed to, dated, with the wording they saw."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from leadflow.core import events
from leads.events import ConsentGiven, ConsentWithdrawn
from leads.models import Consent


@transaction.atomic
def record_consent(
    *,
    lead_ids: Collection[int],
    purpose: str,
    source: str,
    at: datetime,
    wording: str = "",
    wording_version: int = 1,
) -> None:
    """Note that people gave their consent."""
    Consent.objects.bulk_create(
        Consent(
            lead_id=lead_id,
            purpose=purpose,
            is_given=True,
            wording=wording,
            wording_version=wording_version,
            source=source,
            at=at,
        )
        for lead_id in lead_ids
    )
    events.publish(ConsentGiven(at=at, lead_ids=tuple(sorted(lead_ids))))


@transaction.atomic
def withdraw_consent(*, lead_ids: Collection[int], purpose: str, source: str, at: datetime) -> None:
    """Note that people withdrew their consent; what is queued for them stops with this transaction."""
    Consent.objects.bulk_create(
        Consent(lead_id=lead_id, purpose=purpose, is_given=False, source=source, at=at)
        for lead_id in lead_ids
    )
    events.publish(ConsentWithdrawn(at=at, lead_ids=tuple(sorted(lead_ids))))
