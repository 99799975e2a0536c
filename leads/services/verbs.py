"""The verbs: the only way a lead changes its stage, one lead or a hundred thousand at a time.

Every verb locks the leads in id order, runs the transition of each in memory, and writes leads, offers,
history and one event per few thousand leads in bulk.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django_fsm import TransitionNotAllowed

from leadflow.core import bulk, events
from leadflow.core.business_time import (
    ROUND_THE_CLOCK,
    WorkingWeek,
    add_business_seconds,
    worked_until,
)
from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import Calendar, Holiday, User
from leads import policies
from leads.engine.pipeline import HandoffSpec, Pipeline
from leads.events import StagesChanged
from leads.models import Lead, Offer, Opportunity, Reason, StageChange
from leads.services.pipeline import load_pipeline

EVENT_SIZE = 5_000
LETS_GO = frozenset({"reject", "expire", "recycle"})
NEEDS_REASON = frozenset({"reject", "lose", "disqualify"})
OUTCOMES = {
    "accept": Offer.Outcome.ACCEPTED,
    "advance": Offer.Outcome.ACCEPTED,
    "win": Offer.Outcome.ACCEPTED,
    "expire": Offer.Outcome.EXPIRED,
}


@dataclass(frozen=True)
class Cause:
    """What made a change when no person did: a kind and the id of its row."""

    kind: str = ""
    id: int | None = None


@dataclass(frozen=True)
class Act:
    """One verb with all that is said along with it.

    History that comes in bulk says per lead when it happened, who did it (user id), and the amount.
    """

    verb: str
    at: datetime
    by: User | None = None
    cause: Cause = Cause()
    reason: str = ""
    note: str = ""
    towards: str = ""
    amount: Decimal | None = None
    currency: str = "EUR"
    is_silent: bool = False
    may_skip: bool = False
    at_by_lead: Mapping[int, datetime] = field(default_factory=dict)
    by_id_by_lead: Mapping[int, int] = field(default_factory=dict)
    amount_by_lead: Mapping[int, Decimal] = field(default_factory=dict)

    def time_of(self, lead_id: int) -> datetime:
        """When it happened to this lead."""
        return self.at_by_lead.get(lead_id, self.at)

    def by_id_of(self, lead_id: int) -> int | None:
        """Who did it to this lead."""
        return self.by_id_by_lead.get(lead_id, self.by.pk if self.by else None)

    def amount_of(self, lead_id: int) -> Decimal | None:
        """The money expected of this lead, where it was said."""
        return self.amount_by_lead.get(lead_id, self.amount)


@dataclass(frozen=True)
class Change:
    """One lead's move, as written to history."""

    lead_id: int
    id: int
    from_stage: str | None
    to_stage: str
    at: datetime
    cycle: int
    seconds: int | None = None
    business_seconds: int | None = None


@dataclass(frozen=True)
class Moved:
    """What a batch did: the changes, and a sentence for each lead that could not be moved."""

    changes: tuple[Change, ...]
    refused: Mapping[int, str]

    def or_raise(self) -> "Moved":
        """Raise Conflict with the first refusal, for callers that move one lead."""
        if self.refused:
            raise Conflict(next(iter(self.refused.values())))
        return self


@transaction.atomic
def move(*, lead_ids: Collection[int], act: Act) -> Moved:
    """Apply one verb to many leads; each is moved or refused with a reason, the rest goes on.

    Raises NotAllowed when the role of `act.by` lacks the verb, Invalid when a reason is missing.
    """
    _check_act(act)
    pipeline = load_pipeline(lock=True)
    leads = _lock(lead_ids, by=act.by)
    refused = {pk: "This lead does not exist or is not yours to see." for pk in set(lead_ids) - {lead.pk for lead in leads}}
    refused |= _lacking(leads, act=act, pipeline=pipeline)
    before = {lead.pk: (lead.stage, lead.stage_since) for lead in leads}
    moved = [lead for lead in leads if lead.pk not in refused and _run(lead, act, pipeline, refused)]
    changes = _describe(moved, before=before, act=act)
    _write(changes, act=act, pipeline=pipeline)
    return Moved(changes=tuple(changes), refused=refused)


def _check_act(act: Act) -> None:
    if act.by is not None:
        policies.check_may(act.verb, by=act.by)
    if act.reason:
        reason = Reason.objects.filter(verb=act.verb, code=act.reason, is_active=True).first()
        if reason is None:
            raise Invalid(f"“{act.reason}” is no reason for {act.verb}.", field="reason")
        if reason.needs_note and not act.note.strip():
            raise Invalid(f"“{reason.label}” needs a note that says more.", field="note")
    elif act.verb in NEEDS_REASON:
        raise Invalid(f"Choose a reason to {act.verb} the lead.", field="reason")
    if act.amount is not None and act.amount < 0:
        raise Invalid("An amount cannot be negative.", field="amount")


def _lock(lead_ids: Collection[int], *, by: User | None) -> list[Lead]:
    leads = Lead.objects.filter(pk__in=list(lead_ids))
    if by is not None:
        leads = leads.filter(pk__in=Lead.objects.visible_to(by).filter(pk__in=list(lead_ids)).values("pk"))
    fields = ("id", "stage", "stage_since", "cycle", "owner_id", "last_change")
    return list(leads.select_for_update(no_key=True, of=("self",)).order_by("pk").only(*fields))


def _lacking(leads: Sequence[Lead], *, act: Act, pipeline: Pipeline) -> dict[int, str]:
    """Leads that may not enter the stage ahead because something it requires is not known."""
    if act.verb != "advance":
        return {}
    wanting = {
        lead.pk
        for lead in leads
        if act.amount_of(lead.pk) is None
        and (target := pipeline.next_step(lead.stage, act.towards, may_skip=act.may_skip))
        and "amount" in pipeline.requires(target)
    }
    if not wanting:
        return {}
    having = Opportunity.objects.filter(lead__in=wanting, state=Opportunity.State.OPEN)
    known = set(having.values_list("lead_id", flat=True))
    return dict.fromkeys(wanting - known, "Say what amount you expect before this becomes an opportunity.")


def _run(lead: Lead, act: Act, pipeline: Pipeline, refused: dict[int, str]) -> bool:
    lead.pipeline, lead.towards, lead.may_skip = pipeline, act.towards, act.may_skip
    try:
        getattr(lead, act.verb)()
    except TransitionNotAllowed:
        name = pipeline.name(lead.stage)
        refused[lead.pk] = f"You cannot {act.verb} a lead that is in “{name}”."
        return False
    return True


def _describe(
    leads: Sequence[Lead], *, before: Mapping[int, tuple[str, datetime]], act: Act
) -> list[Change]:
    """History rows with the time spent in the stage that was left."""
    week = default_week()
    changes = []
    for lead, change_id in zip(leads, bulk.take_ids(StageChange, len(leads)), strict=True):
        stage, since = before[lead.pk]
        at = act.time_of(lead.pk)
        spent = max(0.0, (at - since).total_seconds())
        worked = max(0.0, worked_until(at, week) - worked_until(since, week))
        cycle = lead.cycle
        changes.append(
            Change(lead.pk, change_id, stage, lead.stage, at, cycle, int(spent), int(worked))
        )
    return changes


def _write(changes: Sequence[Change], *, act: Act, pipeline: Pipeline) -> None:
    if not changes:
        return
    write_history(changes, act=act, version=pipeline.version)
    _update_leads(changes, act=act)
    _close_offers(changes, act=act, pipeline=pipeline)
    open_offers(changes, act=act, pipeline=pipeline)
    _settle_opportunities(changes, act=act, pipeline=pipeline)
    announce(changes, act=act)


def write_history(changes: Sequence[Change], *, act: Act, version: int) -> None:
    """Append stage changes; the caller ties the lead rows to them in the same transaction."""
    recorded_at = datetime.now(tz=UTC)
    bulk.copy_rows(
        "leads_stagechange",
        (
            "id lead_id from_stage to_stage verb at recorded_at by_id cause_kind cause_id "
            "reason note cycle seconds business_seconds pipeline_version"
        ).split(),
        (
            (
                change.id, change.lead_id, change.from_stage, change.to_stage, act.verb, change.at,
                recorded_at, act.by_id_of(change.lead_id), act.cause.kind, act.cause.id, act.reason, act.note,
                change.cycle, change.seconds, change.business_seconds, version,
            )  # fmt: skip
            for change in changes
        ),
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
    week = default_week() if entering else ROUND_THE_CLOCK
    rows = []
    for change in entering:
        handoff = pipeline.offered_sides[change.to_stage]
        due_at = None if act.is_silent else _due(change.at, handoff, week)
        rows.append(
            (
                change.lead_id, handoff.id, change.id, change.cycle, change.at, due_at, "pending",
                handoff.team_id, "", "", "", act.cause.kind, act.cause.id,
            )
        )  # fmt: skip
    columns = (
        "lead_id handoff_id opened_by cycle offered_at due_at outcome "
        "team_id reason note assigned_because cause_kind cause_id"
    )
    bulk.copy_rows("leads_offer", columns.split(), rows)


def _due(at: datetime, handoff: HandoffSpec, week: WorkingWeek) -> datetime:
    minutes = handoff.respond_within_minutes
    if handoff.uses_business_time:
        return add_business_seconds(at, minutes * 60, week)
    return at + timedelta(minutes=minutes)


def _settle_opportunities(changes: Sequence[Change], *, act: Act, pipeline: Pipeline) -> None:
    """Open, correct and close what money is expected of the leads that moved."""
    if act.verb in {"advance", "win"}:
        _expect([change for change in changes if act.amount_of(change.lead_id) is not None], act=act)
    leaving = [change for change in changes if not pipeline.is_open(change.to_stage)]
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


def default_week() -> WorkingWeek:
    """The working week of the default calendar; round the clock where none is set up."""
    calendar = Calendar.objects.filter(key="default").first()
    if calendar is None:
        return ROUND_THE_CLOCK
    days_off = Holiday.objects.filter(calendar=calendar).values_list("on", flat=True)
    return WorkingWeek.build(zone=calendar.time_zone, hours=calendar.hours, days_off=list(days_off))


# One function per verb, so that calls read `leads.accept(...)`.


def offer(*, lead_ids: Collection[int], at: datetime, **said: Any) -> Moved:
    """Offer leads to the next team; `towards` names a hand-off when several lie ahead."""
    return move(lead_ids=lead_ids, act=Act(verb="offer", at=at, **said))


def accept(*, lead_ids: Collection[int], at: datetime, **said: Any) -> Moved:
    """Take offered leads; they belong to `by` from now on."""
    return move(lead_ids=lead_ids, act=Act(verb="accept", at=at, **said))


def reject(*, lead_ids: Collection[int], at: datetime, reason: str, **said: Any) -> Moved:
    """Give offered leads back with a coded reason."""
    return move(lead_ids=lead_ids, act=Act(verb="reject", at=at, reason=reason, **said))


def expire(*, lead_ids: Collection[int], at: datetime, **said: Any) -> Moved:
    """Close offers that nobody answered."""
    return move(lead_ids=lead_ids, act=Act(verb="expire", at=at, **said))


def advance(*, lead_ids: Collection[int], at: datetime, **said: Any) -> Moved:
    """Move leads one step along the path; `amount` opens an opportunity."""
    return move(lead_ids=lead_ids, act=Act(verb="advance", at=at, **said))


def win(*, lead_ids: Collection[int], at: datetime, **said: Any) -> Moved:
    """Make leads customers and their opportunities won."""
    return move(lead_ids=lead_ids, act=Act(verb="win", at=at, **said))


def lose(*, lead_ids: Collection[int], at: datetime, reason: str, **said: Any) -> Moved:
    """Record that sales lost the leads, and why."""
    return move(lead_ids=lead_ids, act=Act(verb="lose", at=at, reason=reason, **said))


def recycle(*, lead_ids: Collection[int], at: datetime, **said: Any) -> Moved:
    """Return leads to marketing."""
    return move(lead_ids=lead_ids, act=Act(verb="recycle", at=at, **said))


def disqualify(*, lead_ids: Collection[int], at: datetime, reason: str, **said: Any) -> Moved:
    """Take leads off the path for good."""
    return move(lead_ids=lead_ids, act=Act(verb="disqualify", at=at, reason=reason, **said))


def revive(*, lead_ids: Collection[int], at: datetime, **said: Any) -> Moved:
    """Begin a new cycle for leads that showed new interest."""
    return move(lead_ids=lead_ids, act=Act(verb="revive", at=at, **said))


VERBS = {
    verb.__name__: verb
    for verb in (offer, accept, reject, expire, advance, win, lose, recycle, disqualify, revive)
}

