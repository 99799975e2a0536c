"""Answering offers: whoever is first has it, the others read who that was; twice is once."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from handoff import policies
from handoff.services.clocks import stamp_responses
from handoff.services.feedback import record_rejections
from handoff.services.routing import lock_leads, note_turns, take_routing_turn
from leadflow.core.errors import Conflict
from leadflow.core.models import User
from leads import services as leads
from leads.models import Lead, Offer, StageChange

UNSEEN = "This offer does not exist or is not yours to see."


@dataclass(frozen=True)
class Decided:
    """What became of a batch of offers: those now as wished, and a sentence for each other one."""

    offers: tuple[Offer, ...]
    refused: Mapping[int, str]

    def or_raise(self) -> "Decided":
        """Raise Conflict with the first refusal, for callers that answer one offer."""
        if self.refused:
            raise Conflict(next(iter(self.refused.values())))
        return self


@transaction.atomic
def accept_offers(*, offer_ids: Collection[int], by: User, at: datetime) -> Decided:
    """Take offered leads; they belong to `by` from now on. Offers already taken by `by` stay so.

    Raises NotAllowed naming the team when one of them was offered to other people.
    """

    def accept(lead_ids: Sequence[int]) -> leads.Moved:
        return leads.accept(lead_ids=lead_ids, by=by, at=at)

    return _decide(offer_ids, outcome=Offer.Outcome.ACCEPTED, verb=accept, by=by, at=at)


@transaction.atomic
def reject_offers(
    *, offer_ids: Collection[int], by: User, reason: str, at: datetime, note: str = ""
) -> Decided:
    """Give offered leads back with a coded reason, which marketing reads as feedback.

    Raises Invalid naming the field when the reason, or the note it needs, is missing.
    """

    def reject(lead_ids: Sequence[int]) -> leads.Moved:
        return leads.reject(lead_ids=lead_ids, by=by, reason=reason, note=note, at=at)

    decided = _decide(offer_ids, outcome=Offer.Outcome.REJECTED, verb=reject, by=by, at=at)
    record_rejections(change_ids=[offer.closed_by for offer in decided.offers if offer.closed_by])
    return decided


def _decide(
    offer_ids: Collection[int],
    *,
    outcome: str,
    verb: Callable[[Sequence[int]], leads.Moved],
    by: User,
    at: datetime,
) -> Decided:
    offers = _lock(offer_ids, by=by)
    refused = dict.fromkeys(set(offer_ids) - set(offers), UNSEEN)
    open_ones = {}
    for pk, offer in offers.items():
        if offer.outcome == Offer.Outcome.PENDING:
            policies.check_may_decide(offer, by=by)
            open_ones[offer.lead_id] = pk
        elif (offer.outcome, offer.decided_by_id) != (outcome, by.pk):
            refused[pk] = describe_answer(offer)
    if open_ones:
        moved = verb(sorted(open_ones))
        refused |= {open_ones[lead_id]: words for lead_id, words in moved.refused.items()}
    done = [pk for pk in open_ones.values() if pk not in refused]
    stamp_responses(offer_ids=done, by=by, at=at)
    return Decided(tuple(Offer.objects.filter(pk__in=set(offers) - set(refused))), refused)


def _lock(offer_ids: Collection[int], *, by: User) -> dict[int, Offer]:
    """The offers that `by` may see, read after their leads are locked."""
    seen = Offer.objects.visible_to(by).filter(pk__in=list(offer_ids))
    known = Offer.objects.filter(pk__in=list(seen.values_list("pk", flat=True)))
    lock_leads(list(known.values_list("lead_id", flat=True)))
    return known.select_related("team", "decided_by", "assignee", "lead").in_bulk()


def describe_answer(offer: Offer) -> str:
    """Who has answered an offer and how, in a sentence for the one who came second."""
    who = offer.decided_by or "Somebody"
    if offer.outcome == Offer.Outcome.ACCEPTED:
        return f"{who} took {offer.lead.name} already."
    if offer.outcome == Offer.Outcome.REJECTED:
        return f"{who} gave {offer.lead.name} back already."
    return f"Nobody answered in time: the offer of {offer.lead.name} has expired."


@transaction.atomic
def take_offers(*, offer_ids: Collection[int], by: User, at: datetime) -> Decided:
    """Pull offers from the team queue to `by`: those of nobody, or of somebody who is away."""
    take_routing_turn()
    offers = _lock(offer_ids, by=by)
    refused = dict.fromkeys(set(offer_ids) - set(offers), UNSEEN)
    holders = {offer.assignee_id for offer in offers.values() if offer.assignee_id}
    present = set(
        User.objects.get_queryset()
        .available(at)
        .filter(pk__in=holders)
        .values_list("pk", flat=True)
    )
    for pk, offer in offers.items():
        policies.check_may_decide(offer, by=by)
        if offer.outcome != Offer.Outcome.PENDING:
            refused[pk] = describe_answer(offer)
        elif offer.assignee_id in present - {by.pk}:
            refused[pk] = f"{offer.assignee} has {offer.lead.name} already."
    taken = {
        pk: (by.pk, "Taken from the team queue")
        for pk, offer in offers.items()
        if pk not in refused and offer.assignee_id != by.pk
    }
    leads.assign_offers(assignees=taken, at=at)
    if taken:
        note_turns({by.pk}, at=at)
    return Decided(tuple(Offer.objects.filter(pk__in=set(offers) - set(refused))), refused)


@dataclass(frozen=True)
class Step:
    """One verb on one lead as a person asked for it, with the change they had before their eyes."""

    verb: str
    seen_change: int | None = None
    said: Mapping[str, Any] | None = None


@transaction.atomic
def act(*, lead: Lead, step: Step, by: User, at: datetime) -> bool:
    """Run one verb for a person; False when they have done exactly this before.

    Raises Conflict saying who was faster when the lead has moved since they looked.
    """
    lock_leads([lead.pk])
    if step.seen_change is not None and _is_repeat(lead, step, by=by):
        return False
    offer = Offer.objects.pending().select_related("team").filter(lead=lead).first()
    if offer is not None and step.verb in {"accept", "reject"}:
        policies.check_may_decide(offer, by=by)
    said = dict(step.said or {})
    leads.VERBS[step.verb](lead_ids=[lead.pk], by=by, at=at, **said).or_raise()
    if offer is not None and step.verb in {"accept", "reject"}:
        stamp_responses(offer_ids=[offer.pk], by=by, at=at)
        offer.refresh_from_db()
        record_rejections(change_ids=[offer.closed_by] if offer.closed_by else [])
    return True


def _is_repeat(lead: Lead, step: Step, *, by: User) -> bool:
    """Whether the first move after what `by` saw was this very act; Conflict if another's."""
    counting = StageChange.objects.in_effect().filter(lead=lead, pk__gt=step.seen_change)
    since = counting.select_related("by", "to_stage")
    first = since.order_by("pk").first()
    if first is None:
        return False
    if first.by_id == by.pk and first.verb == step.verb:
        return True
    who = str(first.by) if first.by else "LeadFlow"
    raise Conflict(f"{who} has moved {lead.name} to “{first.to_stage}” meanwhile.")
