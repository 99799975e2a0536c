"""The clocks of offers: warned once, breached once, answered once; also after an outage."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection, transaction

from handoff.events import OffersBreached
from handoff.models import Notice
from leadflow.core import events
from leadflow.core.models import Role, User
from leads import services as leads
from leads.models import Handoff, Offer

WARN_SHARE_LEFT = 0.25  # warned when a quarter of the time to respond is left
MOST_EXPIRED = 5_000


def watch_clocks(*, at: datetime) -> int:
    """Stamp the offers that are overdue or nearly so, and tell who must know; returns how many."""
    with transaction.atomic():
        breached = _stamp_breached(at=at)
        _tell_of_breaches(breached, at=at)
        warned = _stamp_warned(at=at)
        _tell_assignees(warned, kind=Notice.Kind.WARNING, at=at)
    return len(breached) + len(warned)


def _stamp_breached(*, at: datetime) -> list[int]:
    """Counts on the partial index offers_waiting: only offers past due are read."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO handoff_clock AS clock (offer_id, breached_at)
            SELECT offer.id, offer.due_at
              FROM leads_offer AS offer
              JOIN leads_handoff AS handoff ON handoff.id = offer.handoff_id
              LEFT JOIN handoff_clock AS stamped ON stamped.offer_id = offer.id
             WHERE offer.outcome = 'pending' AND offer.due_at <= %s
               AND handoff.is_active AND stamped.breached_at IS NULL
             ORDER BY offer.id
                ON CONFLICT (offer_id) DO UPDATE SET breached_at = EXCLUDED.breached_at
             WHERE clock.breached_at IS NULL
         RETURNING offer_id
            """,
            [at],
        )
        return [row[0] for row in cursor.fetchall()]


def _stamp_warned(*, at: datetime) -> list[int]:
    """Reads no more of offers_waiting than the last quarter of the longest time to respond."""
    minutes = Handoff.objects.filter(is_active=True).values_list(
        "respond_within_minutes", flat=True
    )
    longest = max(minutes, default=0) * WARN_SHARE_LEFT
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO handoff_clock AS clock (offer_id, warned_at)
            SELECT offer.id, %(at)s
              FROM leads_offer AS offer
              JOIN leads_handoff AS handoff ON handoff.id = offer.handoff_id
              LEFT JOIN handoff_clock AS stamped ON stamped.offer_id = offer.id
             WHERE offer.outcome = 'pending'
               AND offer.due_at > %(at)s
               AND offer.due_at <= %(at)s + make_interval(secs => %(longest)s * 60)
               AND offer.due_at <= %(at)s
                   + make_interval(secs => handoff.respond_within_minutes * %(share)s * 60)
               AND handoff.is_active AND stamped.warned_at IS NULL
             ORDER BY offer.id
                ON CONFLICT (offer_id) DO UPDATE SET warned_at = EXCLUDED.warned_at
             WHERE clock.warned_at IS NULL
         RETURNING offer_id
            """,
            {"at": at, "longest": longest, "share": WARN_SHARE_LEFT},
        )
        return [row[0] for row in cursor.fetchall()]


def _tell_of_breaches(offer_ids: Collection[int], *, at: datetime) -> None:
    """Tell the assignees, and those the hand-off escalates to: managers where it names nobody."""
    if not offer_ids:
        return
    _tell_assignees(offer_ids, kind=Notice.Kind.BREACH, at=at)
    chain = Handoff.escalate_to.through.objects.filter(user__is_active=True)
    named: dict[int, set[int]] = {}
    for handoff_id, user_id in chain.values_list("handoff_id", "user_id"):
        named.setdefault(handoff_id, set()).add(user_id)
    managers = set(
        User.objects.filter(role=Role.MANAGER, is_active=True).values_list("pk", flat=True)
    )
    offers = Offer.objects.filter(pk__in=list(offer_ids)).values_list("pk", "handoff_id")
    _write_notices(
        [
            Notice(offer_id=offer_id, user_id=user_id, kind=Notice.Kind.BREACH, at=at)
            for offer_id, handoff_id in offers
            for user_id in sorted(named.get(handoff_id, managers))
        ]
    )
    events.publish(OffersBreached(at=at, offer_ids=tuple(offer_ids)))


def _tell_assignees(offer_ids: Collection[int], *, kind: str, at: datetime) -> None:
    offers = Offer.objects.filter(pk__in=list(offer_ids), assignee__isnull=False)
    _write_notices(
        [
            Notice(offer_id=offer_id, user_id=user_id, kind=kind, at=at)
            for offer_id, user_id in offers.values_list("pk", "assignee_id")
        ]
    )


def _write_notices(notices: list[Notice]) -> None:
    Notice.objects.bulk_create(notices, ignore_conflicts=True, batch_size=2_000)


@transaction.atomic
def put_notices_away(*, by: User, at: datetime) -> int:
    """Mark every notice of `by` as read; returns how many were new."""
    return Notice.objects.filter(user=by, read_at=None).update(read_at=at)


@transaction.atomic
def stamp_responses(*, offer_ids: Collection[int], by: User | None, at: datetime) -> int:
    """Stamp the first human response to offers; a later one changes nothing."""
    ids = sorted(offer_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO handoff_clock AS clock
                   (offer_id, first_response_at, first_response_by_id, breached_at)
            SELECT offer.id, %(at)s, %(by)s,
                   CASE WHEN offer.due_at < %(at)s THEN offer.due_at END
              FROM leads_offer AS offer
             WHERE offer.id = ANY(%(ids)s)
             ORDER BY offer.id
                ON CONFLICT (offer_id) DO UPDATE
                   SET first_response_at = EXCLUDED.first_response_at,
                       first_response_by_id = EXCLUDED.first_response_by_id,
                       breached_at = COALESCE(clock.breached_at, EXCLUDED.breached_at)
             WHERE clock.first_response_at IS NULL
         RETURNING offer_id
            """,
            {"at": at, "by": by.pk if by else None, "ids": ids},
        )
        return len(cursor.fetchall())


@transaction.atomic
def stamp_answers(*, change_ids: Collection[int]) -> int:
    """Stamp the answers that people gave by these stage changes, whichever way they came in."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO handoff_clock AS clock
                   (offer_id, first_response_at, first_response_by_id, breached_at)
            SELECT offer.id, offer.decided_at, offer.decided_by_id,
                   CASE WHEN offer.due_at < offer.decided_at THEN offer.due_at END
              FROM leads_stagechange AS change
              JOIN leads_offer AS offer
                ON offer.lead_id = change.lead_id AND offer.closed_by = change.id
             WHERE change.id = ANY(%s) AND offer.decided_by_id IS NOT NULL
             ORDER BY offer.id
                ON CONFLICT (offer_id) DO UPDATE
                   SET first_response_at = EXCLUDED.first_response_at,
                       first_response_by_id = EXCLUDED.first_response_by_id,
                       breached_at = COALESCE(clock.breached_at, EXCLUDED.breached_at)
             WHERE clock.first_response_at IS NULL
         RETURNING offer_id
            """,
            [sorted(change_ids)],
        )
        return len(cursor.fetchall())


def expire_offers(*, at: datetime) -> int:
    """End the offers whose hand-off says that silence ends them; returns how many."""
    expiring = Handoff.objects.filter(is_active=True, expire_after_minutes__isnull=False)
    return sum(_expire(handoff, at=at) for handoff in expiring)


def _expire(handoff: Handoff, *, at: datetime) -> int:
    due_before = at - timedelta(minutes=handoff.expire_after_minutes or 0)
    silent = Offer.objects.pending().filter(handoff=handoff, due_at__lte=due_before)
    lead_ids = list(
        silent.order_by("due_at", "id").values_list("lead_id", flat=True)[:MOST_EXPIRED]
    )
    cause = leads.Cause("handoff", handoff.pk)
    return len(leads.expire(lead_ids=lead_ids, at=at, cause=cause).changes) if lead_ids else 0
