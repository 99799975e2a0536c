"""What a batch of moves leaves behind, written in bulk: history, lead rows, offers, opportunities, events."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from django.db import connection

from leadflow.core import bulk, events
from leadflow.core.bulk import Same
from leadflow.core.business_time import WorkingWeek, add_business_seconds
from leads.engine.pipeline import HandoffSpec, Pipeline
from leads.events import StagesChanged
from leads.models import Offer, Opportunity
from leads.queries.calendars import working_week
from leads.services.acts import Act, Change

EVENT_SIZE = 5_000
LETS_GO = frozenset({"reject", "expire", "recycle"})
CHANGES_OWNER = LETS_GO | {"accept"}
OUTCOMES = {
    "accept": Offer.Outcome.ACCEPTED,
    "advance": Offer.Outcome.ACCEPTED,
    "win": Offer.Outcome.ACCEPTED,
    "expire": Offer.Outcome.EXPIRED,
}


def write_moves(changes: Sequence[Change], *, act: Act, pipeline: Pipeline) -> None:
    """Write everything that follows from moves of one verb; part of the caller's transaction."""
    if not changes:
        return
    write_history(changes, act=act, version=pipeline.version)
    _update_leads(changes, act=act)
    _close_offers(changes, act=act, pipeline=pipeline)
    if act.verb != "merge":  # whoever follows a merged stage was offered to nobody
        open_offers(changes, act=act, pipeline=pipeline)
    _settle_opportunities(changes, act=act, pipeline=pipeline)
    announce(changes, act=act)


def write_history(changes: Sequence[Change], *, act: Act, version: int) -> None:
    """Append stage changes; the caller ties the lead rows to them in the same transaction."""
    bulk.copy_columns(
        "leads_stagechange",
        {
            "id": [change.id for change in changes],
            "lead_id": [change.lead_id for change in changes],
            "from_stage": [change.from_stage for change in changes],
            "to_stage": [change.to_stage for change in changes],
            "verb": Same(act.verb),
            "at": [change.at for change in changes],
            "recorded_at": Same(datetime.now(tz=UTC)),
            "by_id": [act.by_id_of(change.lead_id) for change in changes],
            "cause_kind": Same(act.cause.kind),
            "cause_id": [act.cause_id_of(change.lead_id) for change in changes]
            if act.cause_id_by_lead
            else Same(act.cause.id),
            "reason": [act.reason_of(change.lead_id) for change in changes]
            if act.reason_by_lead
            else Same(act.reason),
            "note": Same(act.note),
            "cycle": [change.cycle for change in changes],
            "seconds": [change.seconds for change in changes],
            "business_seconds": [change.business_seconds for change in changes],
            "pipeline_version": Same(version),
            "corrects": [change.corrects for change in changes],
            "owner_before": [change.owner_before for change in changes]
            if act.verb in CHANGES_OWNER
            else Same(None),
        },
        len(changes),
    )


def _update_leads(changes: Sequence[Change], *, act: Act) -> None:
    """Write where the leads stand now; who accepts a lead owns it, who gives it back lets it go."""
    owners: list[int | None] = [None] * len(changes)
    if act.verb == "accept":
        owners = [act.by_id_of(change.lead_id) for change in changes]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE leads_lead AS lead
               SET stage = moved.stage, stage_since = moved.at, last_change = moved.change,
                   cycle = moved.cycle,
                   owner_id = CASE WHEN NOT %s THEN COALESCE(moved.owner_id, lead.owner_id) END
              FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::bigint[], %s::int[],
                          %s::bigint[])
                   AS moved (id, stage, at, change, cycle, owner_id)
             WHERE lead.id = moved.id
            """,
            [
                act.verb in LETS_GO,
                [change.lead_id for change in changes],
                [change.to_stage for change in changes],
                [change.at for change in changes],
                [change.id for change in changes],
                [change.cycle for change in changes],
                owners,
            ],
        )


def _close_offers(changes: Sequence[Change], *, act: Act, pipeline: Pipeline) -> None:
    leaving = [change for change in changes if pipeline.awaits_answer(change.from_stage or "")]
    if not leaving:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE leads_offer AS offer
               SET outcome = %s, decided_at = left_by.at, decided_by_id = left_by.by_id,
                   closed_by = left_by.change, reason = %s, note = %s
              FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::bigint[])
                   AS left_by (lead_id, at, change, by_id)
             WHERE offer.lead_id = left_by.lead_id AND offer.outcome = 'pending'
            """,
            [
                OUTCOMES.get(act.verb, Offer.Outcome.REJECTED),
                act.reason,
                act.note,
                [change.lead_id for change in leaving],
                [change.at for change in leaving],
                [change.id for change in leaving],
                [act.by_id_of(change.lead_id) for change in leaving],
            ],
        )


def open_offers(changes: Sequence[Change], *, act: Act, pipeline: Pipeline) -> None:
    """Open an offer for every lead that entered an offered stage; silent history starts no clock."""
    entering = [change for change in changes if pipeline.awaits_answer(change.to_stage)]
    weeks = _weeks(pipeline.offered_sides[change.to_stage] for change in entering)
    handoffs = [pipeline.offered_sides[change.to_stage] for change in entering]
    pairs = list(zip(entering, handoffs, strict=True))
    bulk.copy_columns(
        "leads_offer",
        {
            "lead_id": [change.lead_id for change in entering],
            "handoff_id": [handoff.id for handoff in handoffs],
            "opened_by": [change.id for change in entering],
            "cycle": [change.cycle for change in entering],
            "offered_at": [change.at for change in entering],
            "due_at": [_due(change.at, handoff, weeks) for change, handoff in pairs]
            if act.starts_clock()
            else Same(None),
            "outcome": Same("pending"),
            "team_id": [handoff.team_id for handoff in handoffs],
            "reason": Same(""),
            "note": Same(""),
            "assigned_because": Same(""),
            "cause_kind": Same(act.cause.kind),
            "cause_id": [act.cause_id_of(change.lead_id) for change in entering]
            if act.cause_id_by_lead
            else Same(act.cause.id),
            "is_hand_raise": Same(act.is_hand_raise),
        },
        len(entering),
    )


def _weeks(handoffs: Iterable[HandoffSpec]) -> dict[int | None, WorkingWeek]:
    """The working weeks of hand-offs whose clock counts business time, by calendar id."""
    return {
        handoff.calendar_id: working_week(handoff.calendar_id)
        for handoff in set(handoffs)
        if handoff.uses_business_time
    }


def _due(at: datetime, handoff: HandoffSpec, weeks: Mapping[int | None, WorkingWeek]) -> datetime:
    minutes = handoff.respond_within_minutes
    if handoff.uses_business_time:
        return add_business_seconds(at, minutes * 60, weeks[handoff.calendar_id])
    return at + timedelta(minutes=minutes)


def _settle_opportunities(changes: Sequence[Change], *, act: Act, pipeline: Pipeline) -> None:
    """Open, correct and close what money is expected of the leads that moved."""
    said = [change for change in changes if act.amount_of(change.lead_id) is not None]
    _expect([one for one in said if act.verb == "win" or pipeline.is_open(one.to_stage)], act=act)
    leaving = [
        change
        for change in changes
        if not pipeline.is_open(change.to_stage)
        and (act.verb == "win" or not pipeline.is_won(change.to_stage))
    ]
    if not leaving:
        return
    state = Opportunity.State.WON if act.verb == "win" else Opportunity.State.LOST
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE leads_opportunity AS opportunity
               SET state = %s, closed_at = left_by.at, reason = %s
              FROM unnest(%s::bigint[], %s::timestamptz[]) AS left_by (lead_id, at)
             WHERE opportunity.lead_id = left_by.lead_id AND opportunity.state = 'open'
            """,
            [state, act.reason, [c.lead_id for c in leaving], [c.at for c in leaving]],
        )


def _expect(changes: Sequence[Change], *, act: Act) -> None:
    """One open opportunity per lead, with the amount that was said last."""
    if not changes:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO leads_opportunity (lead_id, amount, currency, state, opened_at, reason)
            SELECT lead_id, amount, %s, 'open', at, ''
              FROM unnest(%s::bigint[], %s::numeric[], %s::timestamptz[]) AS said (lead_id, amount, at)
                ON CONFLICT (lead_id) WHERE state = 'open'
                DO UPDATE SET amount = excluded.amount, currency = excluded.currency
            """,
            [
                act.currency,
                [change.lead_id for change in changes],
                [act.amount_of(change.lead_id) for change in changes],
                [change.at for change in changes],
            ],
        )


def announce(changes: Sequence[Change], *, act: Act) -> None:
    """Publish what happened, a few thousand leads to an event."""
    for start in range(0, len(changes), EVENT_SIZE):
        part = changes[start : start + EVENT_SIZE]
        events.publish(
            StagesChanged(
                at=act.at,
                verb=act.verb,
                is_silent=act.is_silent,
                changes=tuple((c.lead_id, c.id, c.from_stage, c.to_stage) for c in part),
            )
        )
