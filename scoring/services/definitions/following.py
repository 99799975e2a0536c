"""Following the versions in effect: who becomes ready is offered, by what they did and as time goes by.

Whoever fulfilled a version already when it took effect waits as was agreed (`WaitingLead`): until they do
something, or until it is their turn. All the others are offered as soon as anything makes them ready.
"""

import logging
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from leadflow.core import nudges
from leadflow.core.errors import Invalid
from leadflow.core.events import Event
from leads import queries as lead_queries
from leads import services as leads
from leads.events import LeadsScored, StagesChanged
from scoring import queries
from scoring.engine.definitions import comes_true_by_fading
from scoring.models import DefinitionDay, LeadDefinition, WaitingLead

logger = logging.getLogger(__name__)

BATCH = 5_000
MOST_A_RUN = 100_000
Takes = LeadDefinition.TakesEffect
FIRST = {"oldest": ("stage_since", "pk"), "score": ("-score", "pk")}


@transaction.atomic
def offer_ready(*, lead_ids: Collection[int], at: datetime) -> list[int]:
    """Offer those of `lead_ids`, who did something, that fulfil a definition; returns who was offered.

    Whoever waited for that, waits no longer.
    """
    WaitingLead.objects.filter(lead__in=list(lead_ids)).delete()
    return _offer_among(queries.in_effect(), lead_ids, at=at)


@transaction.atomic
def hold_ready(*, lead_ids: Collection[int], at: datetime) -> None:
    """Those of `lead_ids` who fulfil a definition but came in silence wait for their next activity."""
    for definition in _readable(queries.in_effect()):
        ready = _ready(definition, at=at, lead_ids=lead_ids).values_list("pk", flat=True)
        WaitingLead.objects.bulk_create(
            (WaitingLead(definition=definition, lead_id=pk, is_first=False) for pk in ready),
            ignore_conflicts=True,
        )


@transaction.atomic
def follow_truth(*, event: Event) -> list[int]:
    """Offer leads of an event that changed no activity but may have made a definition true of them.

    Scores that change without the lead doing anything count where fading may do that: whoever gains by
    another version of the rules is offered at their next activity.
    """
    ids: tuple[int, ...] = getattr(event, "lead_ids")  # noqa: B009  (every event of a field has them)
    concerned = [one for one in queries.in_effect() if _concerns(one, event)]
    return _offer_among(concerned, ids, at=event.at)


def _concerns(definition: LeadDefinition, event: Event) -> bool:
    if isinstance(event, LeadsScored) and not (
        comes_true_by_fading(definition.condition)
        or comes_true_by_fading(definition.hand_raise)
        or comes_true_by_fading(definition.exclusions, is_negated=True)
    ):
        return False
    if isinstance(event, StagesChanged):  # they may stand before the hand-off now
        return True
    try:
        return any(
            type(event) in lead_queries.events_of(part) for part in queries.parts_of(definition)
        )
    except Invalid:
        return False


def follow_definitions(*, at: datetime) -> int:
    """Offer whose turn it is, and who became ready by the passing of time; returns how many."""
    return sum(
        _let_in(definition, at=at) + _follow_time(definition, at=at)
        for definition in _readable(queries.in_effect())
    )


def stages_before(definition: LeadDefinition) -> list[str]:
    """Stages from which the next offer is the one that the definition is about."""
    handoff, pipeline = definition.handoff, leads.load_pipeline()
    return [
        key for key in pipeline.path if pipeline.offer_ahead(key, handoff.key) == handoff.offered_id
    ]


# ---- those who fulfilled it already when it took effect


def _let_in(definition: LeadDefinition, *, at: datetime) -> int:
    """Whoever was there from the start, as agreed; in batches, each of which is done once or not at all."""
    if definition.applied_at is not None:
        return 0
    offered = 0
    while offered < MOST_A_RUN and (batch := _let_in_batch(definition.pk, at=at)) is not None:
        offered += batch
    if offered >= MOST_A_RUN:
        nudges.nudge("follow_definitions")
    return offered


@transaction.atomic
def _let_in_batch(definition_id: int, *, at: datetime) -> int | None:
    """The next of them; None when nobody is left for now."""
    definition = _lock(definition_id)
    if definition is None or definition.applied_at is not None:
        return None
    ready = _ready(definition, at=at)
    if definition.takes_effect != Takes.EVERYBODY:
        ready = ready.filter(raises=True)
    rows = list(ready.values_list("pk", "raises")[:BATCH])
    if rows:  # if none of them could be moved, the next sweep looks again
        return len(_offer(rows, definition, at=at)) or None
    if definition.takes_effect == Takes.DAILY:
        return _let_in_today(definition, at=at)
    _note_applied(definition, at=at)
    return None


def _let_in_today(definition: LeadDefinition, *, at: datetime) -> int | None:
    """As many as today has left; days that were missed are not made up for."""
    assert definition.a_day is not None
    waiting = WaitingLead.objects.filter(definition=definition, is_first=True)
    day, _ = DefinitionDay.objects.get_or_create(definition=definition, day=lead_queries.day_of(at))
    left = definition.a_day - day.offered
    if left <= 0:
        return None
    ready = _ready(definition, at=at).filter(pk__in=waiting.values("lead"))
    ready = ready.order_by(*FIRST[definition.first_come])
    rows = list(ready.values_list("pk", "raises")[: min(left, BATCH)])
    offered = _offer(rows, definition, at=at)
    waiting.filter(lead__in=[pk for pk, _ in rows]).delete()
    DefinitionDay.objects.filter(pk=day.pk).update(offered=F("offered") + len(offered))
    if not rows:  # who waits no longer fulfils it: from now on they are like everybody else
        waiting.delete()
        _note_applied(definition, at=at)
        return None
    return len(offered)


def _lock(definition_id: int) -> LeadDefinition | None:
    """A version in effect, locked; None while another worker has it, or when it is in effect no more."""
    rows = queries.in_effect().select_for_update(of=("self",), no_key=True, skip_locked=True)
    return rows.filter(pk=definition_id).first()


def _note_applied(definition: LeadDefinition, *, at: datetime) -> None:
    LeadDefinition.objects.filter(pk=definition.pk, applied_at=None).update(applied_at=at)


# ---- as time goes by


def _follow_time(definition: LeadDefinition, *, at: datetime) -> int:
    """Whoever crossed a border since the last look, or whose cool-down is over."""
    since = definition.followed_to
    if since is not None and since >= at:
        return 0
    ids = queries.moved_by_time(definition, since=since, at=at)
    offered = 0
    for start in range(0, len(ids), BATCH):
        with transaction.atomic():
            offered += len(_offer_among([definition], ids[start : start + BATCH], at=at))
    # Whatever came in between is looked at again, which does no harm
    LeadDefinition.objects.filter(pk=definition.pk, followed_to=since).update(followed_to=at)
    return offered


# ---- offering


def _offer_among(
    definitions: "QuerySet[LeadDefinition] | list[LeadDefinition]",
    lead_ids: Collection[int],
    *,
    at: datetime,
) -> list[int]:
    """Offer those of some leads that are ready and need not wait."""
    offered: list[int] = []
    for definition in _readable(definitions) if lead_ids else ():
        ready = _ready(definition, at=at, lead_ids=lead_ids)
        waiting = WaitingLead.objects.filter(definition=definition).values("lead")
        ready = ready.filter(Q(raises=True) | ~Q(pk__in=waiting))
        offered += _offer(list(ready.values_list("pk", "raises")), definition, at=at)
    return offered


def _ready(
    definition: LeadDefinition, *, at: datetime, lead_ids: Collection[int] | None = None
) -> "QuerySet[Any]":
    """Leads that may be offered; those that came in silence wait even where they asked for it."""
    silent = WaitingLead.objects.filter(definition=definition, is_first=False).values("lead")
    stages = stages_before(definition)
    ready = queries.ready_leads(definition, stages=stages, at=at, lead_ids=lead_ids)
    return ready.exclude(pk__in=silent)


def _readable(
    definitions: "QuerySet[LeadDefinition] | list[LeadDefinition]",
) -> Iterator[LeadDefinition]:
    """Definitions that can be asked; a field may have gone with its app: the page says so."""
    for definition in definitions:
        if queries.is_readable(definition):
            yield definition
        else:
            logger.warning("%s cannot be followed any more", definition)


def _offer(
    rows: Collection[tuple[int, bool]], definition: LeadDefinition, *, at: datetime
) -> list[int]:
    """Offer leads (id, whether they asked for it); those who asked are first in line."""
    offered = []
    for is_hand_raise in (True, False):
        ids = [pk for pk, raises in rows if raises == is_hand_raise]
        if ids:
            moved = leads.offer(
                lead_ids=ids,
                at=at,
                towards=definition.handoff.key,
                cause=leads.Cause("definition", definition.pk),
                is_hand_raise=is_hand_raise,
            )
            offered += [change.lead_id for change in moved.changes]
    return offered
