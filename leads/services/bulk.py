"""One act on thousands of leads: frozen when it is asked for, done in batches, a result for each.

The leads' moves and their results commit together, so a batch that dies has done nothing, and none is
done twice.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from decimal import Decimal
from functools import wraps
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction

from leadflow.core import nudges
from leadflow.core.errors import DomainError, Invalid
from leadflow.core.models import User
from leads import policies
from leads.models import BulkAct, BulkItem, Campaign, Lead
from leads.models.people import LeadQuerySet
from leads.queries.bulk import ASSIGN, INVITE, KINDS, STAYS, TAG, UNTAG
from leads.queries.pipeline import load_pipeline
from leads.services.acts import Act, Cause
from leads.services.guests import invite_guests
from leads.services.ownership import assign_owner
from leads.services.tags import check_tag, tag_leads, untag_leads
from leads.services.verbs import check_act, move

logger = logging.getLogger(__name__)

MOST_LEADS = 50_000
AT_ONCE = 2_000  # leads a transaction; so many also fit into a request
UNSEEN = "This lead does not exist or is not yours to see."
LONGEST_SENTENCE = 300


@transaction.atomic
def start_bulk(
    *,
    verb: str,
    said: Mapping[str, Any],
    chosen: LeadQuerySet,
    token: UUID,
    by: User,
    at: datetime,
) -> BulkAct:
    """Freeze the chosen leads that `by` may see as one act; the same token again is the same act.

    `said` holds what goes with it: reason, note, towards, amount, currency, or the owner's id.
    Raises Invalid or NotAllowed when it could be done to no lead at all.
    """
    act, is_new = BulkAct.objects.get_or_create(
        token=token, defaults={"verb": verb, "said": _plain(said), "by": by, "at": at}
    )
    if act.by_id != by.pk:
        raise Invalid("Somebody else has sent this form already. Load the page again.")
    if is_new:
        _check(act, at=at)
        act.total = _freeze(act, chosen.visible_to(by))
        act.save(update_fields=["total"])
        if act.total > AT_ONCE:
            transaction.on_commit(_nudge, robust=True)
    return act


@transaction.atomic
def repeat_refused(*, act: BulkAct, token: UUID, at: datetime) -> BulkAct:
    """Try the leads that were refused once more, with the same words."""
    refused = act.items.filter(outcome=BulkItem.Outcome.REFUSED).values("lead")
    chosen = Lead.objects.filter(pk__in=refused)
    return start_bulk(verb=act.verb, said=act.said, chosen=chosen, token=token, by=act.by, at=at)


def run_bulk_acts(*, at: datetime) -> int:
    """Go on with every act that runs; returns how many leads got their result."""
    running = BulkAct.objects.filter(state=BulkAct.State.RUNNING).order_by("pk")
    return sum(run_bulk(act_id=pk, at=at) for pk in list(running.values_list("pk", flat=True)))


def run_bulk(*, act_id: int, at: datetime) -> int:
    """Do one act to its end, batch by batch; whoever else is at it already goes on alone."""
    handled = 0
    try:
        while count := _run_batch(act_id, at=at):
            handled += count
    except Exception:  # one act's accident must not keep the others waiting; the sweep comes again
        logger.exception("bulk act %s stopped after %s leads", act_id, handled)
    return handled


@transaction.atomic
def stop_bulk(*, act: BulkAct, at: datetime) -> bool:
    """Leave the leads that have no result yet as they are; False when there was none left."""
    running = BulkAct.objects.filter(pk=act.pk, state=BulkAct.State.RUNNING)
    return bool(running.update(state=BulkAct.State.STOPPED, finished_at=at))


@transaction.atomic
def _run_batch(act_id: int, *, at: datetime) -> int:
    running = BulkAct.objects.filter(pk=act_id, state=BulkAct.State.RUNNING).select_related("by")
    act = running.select_for_update(skip_locked=True, of=("self",)).first()
    if act is None:
        return 0
    waiting = act.items.filter(outcome=BulkItem.Outcome.WAITING).order_by("id")
    ids = list(waiting.values_list("lead_id", flat=True)[:AT_ONCE])
    try:
        refused = _do(act, ids, at=max(at, act.at))
    except DomainError as error:  # it fits no lead any more: a role was lost, a reason went away
        ids = list(waiting.values_list("lead_id", flat=True))
        refused = dict.fromkeys(ids, str(error))
    _write_results(act, ids, refused)
    act.refused += len(refused)
    act.done += len(ids) - len(refused)
    if len(ids) < AT_ONCE or not waiting.exists():
        act.state, act.finished_at = BulkAct.State.DONE, max(at, act.at)
    act.save(update_fields=["refused", "done", "state", "finished_at"])
    return len(ids)


def _do(act: BulkAct, ids: Collection[int], *, at: datetime) -> Mapping[int, str]:
    """Do it to some of the leads; returns a sentence for each that was refused."""
    if act.verb in STAYS:
        return _STAYING[act.verb](act, ids, at=at)
    return move(lead_ids=ids, act=_act_of(act, at=at)).refused


def _assign(act: BulkAct, ids: Collection[int], *, at: datetime) -> Mapping[int, str]:
    policies.check_may(ASSIGN, by=act.by)
    owner = _find_owner(act)
    seen = _seen(act, ids)
    assign_owner(lead_ids=seen, owner=owner, at=at)
    return dict.fromkeys(set(ids) - seen, UNSEEN)


def _invite(act: BulkAct, ids: Collection[int], *, at: datetime) -> Mapping[int, str]:
    """Whoever was invited before is invited still: nobody is refused for that."""
    event, seen = _find_event(act), _seen(act, ids)
    invite_guests(campaign_id=event.pk, lead_ids=seen, by=act.by, at=at, source="list")
    return dict.fromkeys(set(ids) - seen, UNSEEN)


def _tag(act: BulkAct, ids: Collection[int], *, at: datetime) -> Mapping[int, str]:
    seen = _seen(act, ids)
    tag_leads(lead_ids=seen, names=[act.said.get("tag", "")], by=act.by, at=at)
    return dict.fromkeys(set(ids) - seen, UNSEEN)


def _untag(act: BulkAct, ids: Collection[int], *, at: datetime) -> Mapping[int, str]:
    seen = _seen(act, ids)
    untag_leads(lead_ids=seen, keys=[act.said.get("tag", "")], by=act.by, at=at)
    return dict.fromkeys(set(ids) - seen, UNSEEN)


_STAYING: Mapping[str, Callable[..., Mapping[int, str]]] = {
    ASSIGN: _assign,
    INVITE: _invite,
    TAG: _tag,
    UNTAG: _untag,
}


def _seen(act: BulkAct, ids: Collection[int]) -> set[int]:
    """Those of the leads that whoever acts may see now."""
    seen = Lead.objects.visible_to(act.by).filter(pk__in=ids)
    return set(seen.values_list("pk", flat=True))


def _check(act: BulkAct, *, at: datetime) -> None:
    if act.verb not in KINDS:
        raise Invalid(f"“{act.verb}” is nothing that can be done to leads.", field="verb")
    if act.verb == ASSIGN:
        policies.check_may(ASSIGN, by=act.by)
        _find_owner(act)
    elif act.verb == INVITE:
        policies.check_may(INVITE, by=act.by)
        _find_event(act)
    elif act.verb in STAYS:
        policies.check_may(act.verb, by=act.by)
        check_tag(act.said.get("tag", ""))
    else:
        check_act(_act_of(act, at=at), pipeline=load_pipeline())


def _act_of(act: BulkAct, *, at: datetime) -> Act:
    """The verb with all that was said, as one lead would hear it."""
    amount = act.said.get("amount")
    return Act(
        verb=act.verb,
        at=at,
        by=act.by,
        cause=Cause("bulk", act.pk),
        reason=act.said.get("reason", ""),
        note=act.said.get("note", ""),
        towards=act.said.get("towards", ""),
        amount=None if amount is None else Decimal(amount),
        currency=act.said.get("currency", "EUR"),
    )


def _find_owner(act: BulkAct) -> User | None:
    """Who is to own the leads; None for nobody."""
    owner_id = act.said.get("owner")
    if owner_id is None:
        return None
    owner = User.objects.filter(pk=owner_id, is_active=True).first()
    if owner is None:
        raise Invalid("This person does not work here any more. Choose another.", field="owner")
    return owner


def _find_event(act: BulkAct) -> Campaign:
    """What the leads are invited to."""
    event = Campaign.objects.filter(key=act.said.get("event", ""), is_archived=False).first()
    if event is None:
        raise Invalid("This event is no longer there. Choose another.", field="event")
    return event


def _freeze(act: BulkAct, chosen: LeadQuerySet) -> int:
    """Write an item for each lead in one statement; returns how many."""
    try:
        wanted, params = chosen.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        raise Invalid(NOBODY_CHOSEN, field="lead") from None
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO leads_bulkitem (act_id, lead_id, outcome, sentence)
            SELECT %s, chosen.id, 'waiting', ''
              FROM ({wanted} LIMIT %s) AS chosen (id)
             ORDER BY chosen.id
            """,
            [act.pk, *params, MOST_LEADS + 1],
        )
        count = int(cursor.rowcount)
    check_size(count)
    return count


NOBODY_CHOSEN = "Choose at least one lead. Those that you chose may be gone or out of your sight."


def check_size(count: int) -> None:
    """Raise Invalid for no lead, and for more than one act may reach."""
    if not count:
        raise Invalid(NOBODY_CHOSEN, field="lead")
    if count > MOST_LEADS:
        raise Invalid(
            f"One act may reach {MOST_LEADS:,} leads, and more than that match. "
            "Narrow the list with a filter and do it in parts.",
            field="lead",
        )


def _write_results(act: BulkAct, ids: Collection[int], refused: Mapping[int, str]) -> None:
    """One statement for the whole batch; finds its rows by the unique index bulk_lead_once."""
    done, not_done = BulkItem.Outcome.DONE.value, BulkItem.Outcome.REFUSED.value
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE leads_bulkitem AS item
               SET outcome = result.outcome, sentence = result.sentence
              FROM unnest(%s::bigint[], %s::text[], %s::text[])
                   AS result (lead_id, outcome, sentence)
             WHERE item.act_id = %s AND item.lead_id = result.lead_id
            """,
            [
                list(ids),
                [not_done if pk in refused else done for pk in ids],
                [refused.get(pk, "")[:LONGEST_SENTENCE] for pk in ids],
                act.pk,
            ],
        )


def _plain(said: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON keeps it: amounts as text, what was not said left out."""
    return {
        name: str(value) if isinstance(value, Decimal) else value
        for name, value in said.items()
        if value not in (None, "")
    }


@wraps(nudges.nudge)
def _nudge() -> None:
    nudges.nudge("run_bulk_acts")
