"""The verbs: the only way a lead changes its stage, one lead or a hundred thousand at a time.

Every verb locks the leads in id order, runs the transition of each in memory, and writes leads, offers,
history and one event per few thousand leads in bulk.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django_fsm import TransitionNotAllowed

from leadflow.core import bulk
from leadflow.core.business_time import worked_until
from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads import policies
from leads.engine.pipeline import Pipeline
from leads.models import Lead, Opportunity, Reason, StageChange
from leads.services.acts import Act, Change, Moved
from leads.services.history import default_week, write_moves
from leads.services.pipeline import load_pipeline

NEEDS_REASON = frozenset({"reject", "lose", "disqualify"})


@transaction.atomic
def move(*, lead_ids: Collection[int], act: Act) -> Moved:
    """Apply one verb to many leads; each is moved or refused with a reason, the rest goes on.

    Raises NotAllowed when the role of `act.by` lacks the verb, Invalid when a reason is missing.
    """
    _check_act(act)
    pipeline = load_pipeline(lock=True)
    leads = _lock(lead_ids, by=act.by)
    refused = dict.fromkeys(
        set(lead_ids) - {lead.pk for lead in leads},
        "This lead does not exist or is not yours to see.",
    )
    refused |= _lacking(leads, act=act, pipeline=pipeline)
    before = {lead.pk: (lead.stage, lead.stage_since) for lead in leads}
    moved = [
        lead for lead in leads if lead.pk not in refused and _run(lead, act, pipeline, refused)
    ]
    changes = _describe(moved, before=before, act=act)
    write_moves(changes, act=act, pipeline=pipeline)
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
        leads = leads.filter(
            pk__in=Lead.objects.visible_to(by).filter(pk__in=list(lead_ids)).values("pk")
        )
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
    return dict.fromkeys(
        wanting - known, "Say what amount you expect before this becomes an opportunity."
    )


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
