"""The verbs: the only way a lead changes its stage, one lead or a hundred thousand at a time.

Every verb locks the leads in id order, runs its transition in memory once for each stage that occurs (its
conditions look at nothing else), and writes leads, offers, history and one event per few thousand leads in
bulk.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django_fsm import TransitionNotAllowed

from leadflow.core.errors import Invalid
from leads import policies
from leads.engine.pipeline import Pipeline
from leads.models import Lead, Offer, Reason
from leads.queries.pipeline import load_pipeline
from leads.queries.requirements import AMOUNT, REQUIREMENTS, find_lacking
from leads.services.acts import Act, Moved
from leads.services.history import write_moves
from leads.services.standings import Standing, Target, describe_moves, lock_leads

ANSWERS = frozenset({"accept", "reject"})
ERASED = "This person was erased: nothing can be done with them any more."


@transaction.atomic
def move(*, lead_ids: Collection[int], act: Act) -> Moved:
    """Apply one verb to many leads; each is moved or refused with a reason, the rest goes on.

    Raises NotAllowed when the role of `act.by` lacks the verb, Invalid when a reason is missing.
    """
    pipeline = load_pipeline(lock=True)
    check_act(act, pipeline=pipeline)
    standings = lock_leads(lead_ids, by=act.by)
    refused = dict.fromkeys(
        set(lead_ids) - {one.lead_id for one in standings},
        "This lead does not exist or is not yours to see.",
    )
    targets = {
        stage: find_target(stage, act, pipeline) for stage in {one.stage for one in standings}
    }
    refused |= {
        one.lead_id: refusal(one.stage, act, pipeline=pipeline)
        for one in standings
        if targets[one.stage] is None
    }
    refused |= {one.lead_id: ERASED for one in standings if one.erased_at is not None}
    refused |= _not_theirs(standings, act=act)
    refused |= _lacking(standings, targets, act=act, pipeline=pipeline)
    moving = [one for one in standings if one.lead_id not in refused]
    changes = describe_moves(moving, targets, act=act)
    write_moves(changes, act=act, pipeline=pipeline)
    return Moved(changes=tuple(changes), refused=refused)


def check_act(act: Act, *, pipeline: Pipeline) -> None:
    """Raise NotAllowed or Invalid when an act could be done to no lead at all."""
    if act.by is not None:
        policies.check_may(act.verb, by=act.by)
    reason = _find_reason(act)
    asks = not act.is_by_rule()
    if reason is None and asks and act.verb in pipeline.needing_reason:
        raise Invalid(f"Choose a reason to {act.verb} the lead.", field="reason")
    if reason is not None and reason.needs_note and not act.note.strip():
        raise Invalid(f"“{reason.label}” needs a note that says more.", field="note")
    asks_note = asks and act.cause.kind != "import"  # a file has no column for notes
    if asks_note and act.verb in pipeline.needing_note and not act.note.strip():
        raise Invalid(f"Write a note to {act.verb} the lead.", field="note")
    if act.amount is not None and act.amount < 0:
        raise Invalid("An amount cannot be negative.", field="amount")
    if act.verb == "offer" and not act.may_skip:
        _check_handoff(act.towards, pipeline)


def _check_handoff(key: str, pipeline: Pipeline) -> None:
    if key and key not in {handoff.key for handoff in pipeline.handoffs}:
        raise Invalid(f"There is no hand-off “{key}” in use.", field="handoff")


def _find_reason(act: Act) -> Reason | None:
    if not act.reason:
        return None
    reason = Reason.objects.filter(verb=act.verb, code=act.reason, is_active=True).first()
    if reason is None:
        raise Invalid(f"“{act.reason}” is no reason for {act.verb}.", field="reason")
    return reason


def find_target(stage: str, act: Act, pipeline: Pipeline) -> Target | None:
    """Run the verb on a lead that stands in `stage`; None where it does not fit."""
    lead = Lead(stage=stage, cycle=0)
    lead.pipeline, lead.towards, lead.may_skip = pipeline, act.towards, act.may_skip
    try:
        getattr(lead, act.verb)()
    except TransitionNotAllowed:
        return None
    return Target(lead.stage, lead.cycle)


def refusal(stage: str, act: Act, *, pipeline: Pipeline) -> str:
    """Why nobody who stands in `stage` can be moved by an act; empty where they can."""
    if find_target(stage, act, pipeline) is not None:
        return ""
    if act.verb == "offer" and act.towards and (ahead := pipeline.offer_ahead(stage)):
        following = pipeline.offered_sides[ahead].name
        return f"From “{pipeline.name(stage)}” the next hand-off is “{following}”."
    return f"You cannot {act.verb} a lead that is in “{pipeline.name(stage)}”."


def _not_theirs(standings: Sequence[Standing], *, act: Act) -> dict[int, str]:
    """Leads whose offer somebody else has to answer."""
    if act.by is None or act.verb not in ANSWERS:
        return {}
    offers = Offer.objects.pending().filter(lead__in=[one.lead_id for one in standings])
    return {
        offer.lead_id: sentence
        for offer in offers.select_related("team")
        if (sentence := policies.decision_refused(offer, by=act.by))
    }


def _lacking(
    standings: Sequence[Standing],
    targets: Mapping[str, Target | None],
    *,
    act: Act,
    pipeline: Pipeline,
) -> dict[int, str]:
    """Leads that may not enter the stage ahead because something it requires is not known."""
    entering: dict[str, list[int]] = {}
    for one in standings:
        if (target := targets[one.stage]) and pipeline.requires(target.stage):
            entering.setdefault(target.stage, []).append(one.lead_id)
    refused: dict[int, str] = {}
    for stage, ids in entering.items():
        for name, lacking in find_lacking(lead_ids=ids, requires=pipeline.requires(stage)).items():
            sentence = f"{REQUIREMENTS[name].sentence} before this becomes {pipeline.name(stage)}."
            for lead_id in lacking:
                if name != AMOUNT or act.amount_of(lead_id) is None:
                    refused.setdefault(lead_id, sentence)
    return refused


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
