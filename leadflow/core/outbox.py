"""Delivers what the outbox holds: claimed by state, one transaction each, retried until it works."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from leadflow.core import events
from leadflow.core.models import Delivery, OutboxEvent

logger = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 3600
KEEP_DONE_FOR = timedelta(days=30)


def deliver_due(*, at: datetime, most: int = 500) -> int:
    """Run the handlers of up to `most` pending deliveries; returns how many were tried."""
    tried = 0
    now = max(
        at, timezone.now()
    )  # a rehearsal's past `at` must not hide what has just been published
    while tried < most and _deliver_next(at=now):
        tried += 1
    return tried


@transaction.atomic
def _deliver_next(*, at: datetime) -> bool:
    """Claim one delivery and run its handler; the claim and the handler's work commit together."""
    delivery = (
        Delivery.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("event")
        .filter(state=Delivery.State.PENDING, due_at__lte=at)
        .order_by("due_at", "id")
        .first()
    )
    if delivery is None:
        return False
    try:
        with transaction.atomic():
            _call(delivery)
    except Exception as error:  # noqa: BLE001  (a handler's bug must not stop the others)
        _put_off(delivery, error=error, at=at)
    else:
        Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.DONE, error="")
    return True


def _call(delivery: Delivery) -> None:
    handler = events.subscribers_of(delivery.event.kind).get(delivery.subscriber)
    if handler is not None:  # a subscriber that was removed owes nothing any more
        handler(events.restore(delivery.event))


def _put_off(delivery: Delivery, *, error: Exception, at: datetime) -> None:
    logger.exception("%s failed on event %s", delivery.subscriber, delivery.event_id)
    attempts = delivery.attempts + 1
    Delivery.objects.filter(pk=delivery.pk).update(
        attempts=attempts,
        error=f"{type(error).__name__}: {error}"[:2000],
        due_at=at + timedelta(seconds=min(2 ** min(attempts, 12), LONGEST_PAUSE_SECONDS)),
    )


def drop_delivered(*, at: datetime) -> int:
    """Delete events that every subscriber has handled and that are older than thirty days."""
    waiting = Delivery.objects.exclude(state=Delivery.State.DONE).values("event_id")
    old = OutboxEvent.objects.filter(published_at__lt=at - KEEP_DONE_FOR).exclude(pk__in=waiting)
    return old.delete()[0]
