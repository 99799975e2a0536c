"""Lead definitions: proposed, signed by both sides, then followed."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from leadflow.core.errors import Conflict, Invalid, NotAllowed
from leadflow.core.models import User
from leads import queries as lead_queries
from leads import services as leads
from leads.models import Handoff
from scoring import policies, queries
from scoring.models import LeadDefinition

BATCH = 5_000
SIDES = ("marketing", "sales")


@transaction.atomic
def propose_definition(
    *,
    handoff_key: str,
    condition: Mapping[str, Any],
    by: User | None,
    at: datetime,
    comment: str = "",
    takes_effect: str = LeadDefinition.TakesEffect.NEXT_ACTIVITY,
) -> LeadDefinition:
    """Write the draft of the next definition; one that waited is replaced, signatures and all.

    Raises Invalid naming the field of the condition that does not fit.
    """
    policies.check_may("propose_definition", by=by)
    handoff = _lock_handoff(handoff_key)
    lead_queries.compile_condition(condition, at=at)
    if takes_effect not in LeadDefinition.TakesEffect.values:
        raise Invalid("Say when the definition takes effect.", field="takes_effect")
    versions = LeadDefinition.objects.filter(handoff=handoff)
    versions.filter(state=LeadDefinition.State.DRAFT).delete()
    newest = versions.order_by("-version").first()
    return LeadDefinition.objects.create(
        handoff=handoff,
        version=newest.version + 1 if newest else 1,
        condition=dict(condition),
        takes_effect=takes_effect,
        comment=comment[:300],
        author=by,
        created_at=at,
    )


@transaction.atomic
def sign_definition(*, definition_id: int, side: str, by: User, at: datetime) -> LeadDefinition:
    """Sign a draft for one side ("marketing", "sales"); the second signature puts it into effect.

    Raises NotAllowed for the wrong role or a person who signed for the other side, Conflict when
    it is no draft any more.
    """
    if side not in SIDES:
        raise Invalid("A definition is signed for marketing or for sales.", field="side")
    policies.check_may(f"sign_for_{side}", by=by)
    draft = _lock_draft(definition_id)
    other = SIDES[1 - SIDES.index(side)]
    if getattr(draft, f"signed_by_{other}_id") == by.pk:
        raise NotAllowed(
            "The two sides are signed by two people: ask a colleague to sign this one."
        )
    if getattr(draft, f"{side}_signed_at") is not None:
        raise Conflict(f"This draft is signed for {side} already.")
    setattr(draft, f"signed_by_{side}", by)
    setattr(draft, f"{side}_signed_at", at)
    if getattr(draft, f"{other}_signed_at") is not None:
        _put_into_effect(draft, at=at)
    draft.save()
    return draft


@transaction.atomic
def discard_definition(*, definition_id: int, by: User) -> None:
    """Drop a draft that nobody wants any more."""
    policies.check_may("propose_definition", by=by)
    _lock_draft(definition_id).delete()


def follow_definitions(*, at: datetime) -> int:
    """Offer who became ready by the passing of time, or by a new definition; returns how many.

    That is everybody under a definition that takes effect at once, and those whose cool-down is
    over. Whoever was touched just now is offered by the handler of that event.
    """
    return sum(_follow(definition, at=at) for definition in queries.in_effect())


@transaction.atomic
def offer_ready(*, lead_ids: Collection[int], at: datetime) -> list[int]:
    """Offer those of `lead_ids` that fulfil a definition in effect; returns who was offered."""
    offered: list[int] = []
    for definition in queries.in_effect():
        ready = queries.ready_leads(
            definition, stages=stages_before(definition), at=at, lead_ids=lead_ids
        )
        offered += _offer(list(ready.values_list("pk", flat=True)), definition, at=at)
    return offered


def stages_before(definition: LeadDefinition) -> list[str]:
    """Stages from which the next offer is the one that the definition is about."""
    handoff, pipeline = definition.handoff, leads.load_pipeline()
    return [
        key for key in pipeline.path if pipeline.offer_ahead(key, handoff.key) == handoff.offered_id
    ]


@transaction.atomic
def _follow(definition: LeadDefinition, *, at: datetime) -> int:
    ready = queries.ready_leads(definition, stages=stages_before(definition), at=at)
    if not _is_for_everybody_now(definition):
        answered = queries.closed_offers(definition).filter(lead=OuterRef("pk"))
        ready = ready.filter(Exists(answered))
    ids = list(ready.values_list("pk", flat=True)[:BATCH])
    if len(ids) < BATCH:
        _note_applied(definition, at=at)
    return len(_offer(ids, definition, at=at))


def _is_for_everybody_now(definition: LeadDefinition) -> bool:
    at_once = definition.takes_effect == LeadDefinition.TakesEffect.EVERYBODY
    return at_once and definition.applied_at is None


def _note_applied(definition: LeadDefinition, *, at: datetime) -> None:
    waiting = Q(takes_effect=LeadDefinition.TakesEffect.EVERYBODY, applied_at=None)
    LeadDefinition.objects.filter(waiting, pk=definition.pk).update(applied_at=at)


def _offer(lead_ids: Collection[int], definition: LeadDefinition, *, at: datetime) -> list[int]:
    if not lead_ids:
        return []
    moved = leads.offer(
        lead_ids=lead_ids,
        at=at,
        towards=definition.handoff.key,
        cause=leads.Cause("definition", definition.pk),
    )
    return [change.lead_id for change in moved.changes]


def _put_into_effect(draft: LeadDefinition, *, at: datetime) -> None:
    lead_queries.compile_condition(draft.condition, at=at)
    LeadDefinition.objects.filter(
        handoff_id=draft.handoff_id, state=LeadDefinition.State.SIGNED
    ).update(state=LeadDefinition.State.RETIRED, retired_at=at)
    draft.state, draft.effective_at = LeadDefinition.State.SIGNED, at


def _lock_handoff(key: str) -> Handoff:
    handoff = Handoff.objects.select_for_update(no_key=True).filter(key=key).first()
    if handoff is None:
        raise Invalid(f"There is no hand-off “{key}”.", field="handoff")
    return handoff


def _lock_draft(definition_id: int) -> LeadDefinition:
    drafts = LeadDefinition.objects.select_for_update(of=("self",)).select_related("handoff")
    draft = drafts.filter(pk=definition_id, state=LeadDefinition.State.DRAFT).first()
    if draft is None:
        raise Conflict("This draft is gone: it was replaced, discarded or put into effect.")
    return draft
