"""Activities: recorded once, tied to a person as soon as that person is known."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from leadflow.core import bulk, events
from leads.events import ActivitiesRecorded, LeadsIdentified
from leads.models import Activity, Consent, Visit, Visitor
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
    *,
    activities: Sequence[Activity],
    consents: Sequence[Consent],
    visits: Sequence[Visit] = (),
    at: datetime,
) -> None:
    """Append much of the past, silently: activities, consents, arrivals. Nothing is checked for repeats."""
    bulk.copy_instances(activities)
    bulk.copy_instances(consents)
    bulk.copy_instances(visits)
    ids = {row.lead_id for row in activities if row.lead_id}
    ids |= {consent.lead_id for consent in consents}
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
def attach_visitors(*, leads_by_visitor: Mapping[UUID, int], at: datetime) -> dict[UUID, int]:
    """Tie visitors and what they did before to people; returns the visitors attached and whose they are.

    A visitor that already belongs to somebody stays theirs: two people are never made one. One whose
    first report is still waiting is noted here, so that the report finds its owner.
    """
    if not leads_by_visitor:
        return {}
    moved = hold_leads(leads_by_visitor.values(), to_write=True)
    homes = {visitor: moved.get(lead, lead) for visitor, lead in leads_by_visitor.items()}
    ids = sorted(homes)
    Visitor.objects.bulk_create(
        (Visitor(pk=pk, first_seen_at=at, last_seen_at=at) for pk in ids), ignore_conflicts=True
    )
    free = Visitor.objects.select_for_update(no_key=True).filter(pk__in=ids, lead=None)
    attached = {pk: homes[pk] for pk in free.order_by("pk").values_list("pk", flat=True)}
    if attached:
        _give(attached)
        lead_ids = tuple(sorted(set(attached.values())))
        events.publish(LeadsIdentified(at=at, lead_ids=lead_ids))
        note_activities(lead_ids=lead_ids, at=at)
    return attached


def _give(attached: Mapping[UUID, int]) -> None:
    """Write whose visitors are, with all they did; a campaign that brought one brought the person."""
    visitors = [str(pk) for pk in attached]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE leads_visitor AS visitor SET lead_id = known.lead_id
              FROM unnest(%s::uuid[], %s::bigint[]) AS known (visitor_id, lead_id)
             WHERE visitor.id = known.visitor_id
            """,
            [visitors, list(attached.values())],
        )
        for table in ("leads_activity", "leads_visit"):  # by the partial indexes of visitors
            cursor.execute(
                f"""
                UPDATE {table} AS done SET lead_id = visitor.lead_id
                  FROM leads_visitor AS visitor
                 WHERE visitor.id = ANY(%s::uuid[])
                   AND done.visitor_id = visitor.id AND done.lead_id IS NULL
                """,
                [visitors],
            )
        cursor.execute(
            """
            UPDATE leads_lead AS lead SET campaign_id = came.campaign_id
              FROM (SELECT DISTINCT ON (lead_id) lead_id, campaign_id FROM leads_visitor
                     WHERE id = ANY(%s::uuid[]) AND campaign_id IS NOT NULL
                     ORDER BY lead_id, first_seen_at, id) AS came
             WHERE lead.id = came.lead_id AND lead.campaign_id IS NULL
            """,
            [visitors],
        )
