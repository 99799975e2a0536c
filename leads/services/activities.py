"""Activities: recorded once, tied to a person as soon as that person is known."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from leadflow.core import bulk, events
from leads.events import ActivitiesRecorded, LeadsIdentified
from leads.models import Activity, Consent, Lead, Visitor
from leads.services.whereabouts import hold_leads


@transaction.atomic
def record_activities(
    *, activities: Sequence[Activity], at: datetime, is_silent: bool = False
) -> list[Activity]:
    """Append activities; one that its source has reported before is left out.

    Those of a lead that was merged away meanwhile are the kept one's.
    """
    moved = hold_leads({row.lead_id for row in activities if row.lead_id})
    for activity in activities:
        if activity.lead_id in moved:
            activity.lead_id = moved[activity.lead_id]
    rows = Activity.objects.bulk_create(activities, ignore_conflicts=True, batch_size=2_000)
    note_activities(
        lead_ids={row.lead_id for row in rows if row.lead_id}, at=at, is_silent=is_silent
    )
    return rows


@transaction.atomic
def append_history(
    *, activities: Sequence[Activity], consents: Sequence[Consent], at: datetime
) -> None:
    """Append many activities and consents of the past, silently; nothing is checked for repeats."""
    bulk.copy_instances(activities)
    bulk.copy_instances(consents)
    ids = {row.lead_id for row in activities if row.lead_id}
    note_activities(lead_ids=ids, at=at, is_silent=True)


def note_activities(*, lead_ids: Collection[int], at: datetime, is_silent: bool = False) -> None:
    """Keep the time of the last activity on the lead rows and tell the apps above."""
    ids = sorted(lead_ids)
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH locked AS (  -- in id order, as everybody locks leads
                SELECT id FROM leads_lead WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
            ), latest AS (
                SELECT lead_id, max(occurred_at) AS at
                  FROM leads_activity
                 WHERE lead_id = ANY(%s) AND NOT is_automatic
                 GROUP BY lead_id
            )
            UPDATE leads_lead AS lead SET last_activity_at = latest.at
              FROM latest JOIN locked ON locked.id = latest.lead_id
             WHERE lead.id = latest.lead_id AND lead.last_activity_at IS DISTINCT FROM latest.at
            """,
            [ids, ids],
        )
    for start in range(0, len(ids), 5_000):
        part = tuple(ids[start : start + 5_000])
        events.publish(ActivitiesRecorded(at=at, lead_ids=part, is_silent=is_silent))


@transaction.atomic
def attach_visitors(*, leads_by_visitor: Mapping[UUID, int], at: datetime) -> int:
    """Tie visitors and what they did before to people; returns the number of visitors attached.

    A visitor that already belongs to somebody stays theirs: two people are never made one.
    """
    moved = hold_leads(set(leads_by_visitor.values()))
    homes = {
        visitor_id: moved.get(lead_id, lead_id) for visitor_id, lead_id in leads_by_visitor.items()
    }
    attached = []
    visitors = Visitor.objects.select_for_update().filter(pk__in=list(homes), lead=None)
    for visitor in visitors.order_by("pk"):
        visitor.lead_id = homes[visitor.pk]
        attached.append(visitor)
    Visitor.objects.bulk_update(attached, ["lead"])
    for visitor in attached:
        Activity.objects.filter(visitor=visitor, lead=None).update(lead=visitor.lead_id)
        person = Lead.objects.filter(pk=homes[visitor.pk], campaign=None)
        person.update(campaign=visitor.campaign_id)
    if attached:
        ids = tuple(sorted({visitor.lead_id for visitor in attached if visitor.lead_id}))
        events.publish(LeadsIdentified(at=at, lead_ids=ids))
        note_activities(lead_ids=ids, at=at)
    return len(attached)
