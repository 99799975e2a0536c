"""Visitors: browsers that agreed to be remembered, and the people they turn out to be."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from leads.models import Consent, Lead, Visitor
from leads.services.activities import attach_visitors
from leads.services.consent import record_consent
from leads.services.tracking.reading import Heard
from leads.services.whereabouts import hold_leads

Belongs = dict[UUID, int | None]


@transaction.atomic
def identify_visitor(*, visitor_id: UUID, lead_id: int, source: str, at: datetime) -> bool:
    """Say who a visitor is; False when it belongs to somebody else already and stays theirs."""
    belongs = _identify({visitor_id: lead_id}, source=source, at=at)
    return belongs[visitor_id] == lead_id


def meet_visitors(heard: Sequence[Heard], *, campaigns: Mapping[str, int], at: datetime) -> Belongs:
    """Whose the visitors of these reports are; new ones are noted, those with a token made known.

    Locks their leads, then the visitors, each in id order, so that whoever identifies a visitor
    meanwhile either sees what is stored here or is seen by it. A visitor that became somebody's after
    the leads were locked is left out: its reports wait for the next round.
    """
    firsts = {h.visitor_id: h for h in reversed(heard) if h.visitor_id}
    if not firsts:
        return {}
    claims = {h.visitor_id: h.claimed_lead for h in heard if h.visitor_id and h.claimed_lead}
    known = Visitor.objects.filter(pk__in=firsts).exclude(lead=None)
    wanted = {*known.values_list("lead_id", flat=True), *claims.values()}
    moved = hold_leads(wanted, to_write=True)
    held = {moved.get(lead_id, lead_id) for lead_id in wanted}
    belongs = _remember(firsts, heard, campaigns)
    if claims:
        belongs |= _follow(claims, moved, belongs, at=at)
    return {v: lead for v, lead in belongs.items() if lead is None or lead in held}


def _follow(
    claims: Mapping[UUID, int], moved: Mapping[int, int], belongs: Belongs, *, at: datetime
) -> Belongs:
    """Make visitors known whose link named a person who is still there."""
    homes = {v: moved.get(lead, lead) for v, lead in claims.items() if belongs[v] is None}
    there = set(
        Lead.objects.filter(pk__in=homes.values(), erased_at=None).values_list("pk", flat=True)
    )
    anew = {v: lead for v, lead in homes.items() if lead in there}
    return _identify(anew, source="tracked link", at=at) if anew else {}


def _identify(leads_by_visitor: Mapping[UUID, int], *, source: str, at: datetime) -> Belongs:
    """Tie visitors to people; a remembered visitor has agreed to it, and that is noted."""
    attached = attach_visitors(leads_by_visitor=leads_by_visitor, at=at)
    record_consent(
        lead_ids=sorted(set(attached.values())),
        purpose=Consent.Purpose.TRACKING,
        source=source,
        at=at,
    )
    return dict(Visitor.objects.filter(pk__in=leads_by_visitor).values_list("pk", "lead_id"))


def _remember(
    firsts: Mapping[UUID, Heard], heard: Sequence[Heard], campaigns: Mapping[str, int]
) -> Belongs:
    """Insert new visitors with where they came from first; returns whose all of them are, locked."""
    ids = sorted(firsts)
    latest = {h.visitor_id: h.at for h in heard if h.visitor_id}
    came = {h.visitor_id: h for h in reversed(heard) if h.visitor_id and h.arrival}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO leads_visitor (id, first_seen_at, last_seen_at, source, campaign_id)
            SELECT * FROM unnest(
                %s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::bigint[])
                ON CONFLICT (id) DO UPDATE
               SET last_seen_at = greatest(leads_visitor.last_seen_at, excluded.last_seen_at),
                   source = coalesce(nullif(leads_visitor.source, ''), excluded.source),
                   campaign_id = coalesce(leads_visitor.campaign_id, excluded.campaign_id)
            RETURNING id, lead_id
            """,
            [
                [str(v) for v in ids],
                [firsts[v].at for v in ids],
                [latest[v] for v in ids],
                [_source(came.get(v)) for v in ids],
                [campaigns.get(_campaign(came.get(v))) for v in ids],
            ],
        )
        return dict(cursor.fetchall())


def _source(came: Heard | None) -> str:
    return came.arrival.origin if came and came.arrival else ""


def _campaign(came: Heard | None) -> str:
    return came.campaign_key if came else ""
