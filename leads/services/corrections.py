"""Taking back: a change made by mistake is answered by a new row, and the pair leaves the measures."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from leadflow.core import bulk
from leadflow.core.models import User
from leadflow.core.parts import answer_keepers
from leads import policies
from leads.engine.pipeline import Pipeline
from leads.models import Lead, Offer, StageChange
from leads.queries.corrections import Step, already_corrected, last_steps
from leads.queries.pipeline import load_pipeline
from leads.services.acts import Act, Change, Moved
from leads.services.history import CHANGES_OWNER, announce, write_history
from leads.services.verbs import ERASED

VERB = "correct"
UNSEEN = "This lead does not exist or is not yours to see."


@transaction.atomic
def take_back(*, change_ids: Collection[int], by: User, at: datetime) -> Moved:
    """Undo the last change of leads: stage, cycle, owner, offer and money are as they were before.

    Only the last change that still counts can be taken back; one taken back already stays so. Each
    lead is moved or refused with a sentence, the rest goes on.
    """
    pipeline = load_pipeline(lock=True)
    asked = dict(StageChange.objects.filter(pk__in=list(change_ids)).values_list("pk", "lead_id"))
    leads = _lock(asked.values())
    gone = Lead.objects.filter(pk__in=list(leads), erased_at__isnull=False)
    erased = dict.fromkeys(gone.values_list("pk", flat=True), ERASED)
    done = already_corrected(change_ids=asked)
    wanted = {lead_id: pk for pk, lead_id in sorted(asked.items()) if pk not in done}
    steps = last_steps(lead_ids=wanted)
    fits = _find_fitting(steps, pipeline=pipeline)
    seen = _visible(wanted, by=by)
    undoing, refused = [], {}
    for lead_id, change_id in wanted.items():
        step = steps[lead_id]
        sentence = (
            erased.get(lead_id, "")
            or ("" if lead_id in seen or step.last.by_id == by.pk else UNSEEN)
            or _moved_since(step, change_id, name=leads[lead_id], pipeline=pipeline)
            or policies.take_back_refused(step.last, by=by, at=at)
            or ("" if lead_id in fits else _changed_design(step, pipeline=pipeline))
        )
        if sentence:
            refused[lead_id] = sentence
        else:
            undoing.append(step)
    return Moved(changes=_undo(undoing, by=by, at=at, pipeline=pipeline), refused=refused)


def _lock(lead_ids: Collection[int]) -> dict[int, str]:
    """Lock leads in id order, as the verbs do; returns their names."""
    rows = Lead.objects.filter(pk__in=set(lead_ids)).order_by("pk")
    return {lead.pk: lead.name for lead in rows.select_for_update(no_key=True, of=("self",))}


def _visible(lead_ids: Collection[int], *, by: User) -> set[int]:
    rows = Lead.objects.visible_to(by).filter(pk__in=list(lead_ids))
    return set(rows.order_by().values_list("pk", flat=True))


def _moved_since(step: Step, change_id: int, *, name: str, pipeline: Pipeline) -> str:
    """Why this is not the change to take back; empty when it is."""
    last = step.last
    if last.pk != change_id:
        who, stage = last.by or "LeadFlow", pipeline.name(last.to_stage_id)
        return f"{who} has moved {name} to “{stage}” since: only the last change can be taken back."
    if step.before is None or last.verb == "merge":
        return f"How {name} came in cannot be taken back."
    return ""


def _find_fitting(steps: Mapping[int, Step], *, pipeline: Pipeline) -> set[int]:
    """Leads whose stage before is still one they can stand in, with the offer that belongs there."""
    closed = Offer.objects.filter(
        lead__in=list(steps), closed_by__in=[step.last.pk for step in steps.values()]
    )
    handoffs = dict(closed.values_list("lead_id", "handoff_id"))
    fits = set()
    for lead_id, step in steps.items():
        stage = pipeline.by_key.get(step.last.from_stage_id or "")
        if stage is None or stage.is_retired:
            continue
        handoff = pipeline.offered_sides.get(stage.key)
        if (handoff.id if handoff else None) == handoffs.get(lead_id):
            fits.add(lead_id)
    return fits


def _changed_design(step: Step, *, pipeline: Pipeline) -> str:
    stage = pipeline.name(step.last.from_stage_id or "")
    return f"The pipeline has changed since: there is no way back to “{stage}”. Move the lead on."


def _undo(
    steps: Sequence[Step], *, by: User, at: datetime, pipeline: Pipeline
) -> tuple[Change, ...]:
    if not steps:
        return ()
    steps = sorted(steps, key=lambda step: step.last.lead_id)
    changes = [
        _correction(step, pk, at=at)
        for step, pk in zip(steps, bulk.take_ids(StageChange, len(steps)), strict=True)
    ]
    act = Act(verb=VERB, at=at, by=by)
    write_history(changes, act=act, version=pipeline.version)
    _restore_leads(steps, changes)
    _restore_offers(steps)
    _restore_opportunities(steps)
    announce(changes, act=act)
    return tuple(changes)


def _correction(step: Step, pk: int, *, at: datetime) -> Change:
    """The row that answers a change; it spends no time, so that sums over rows stay right."""
    assert step.before is not None
    return Change(
        lead_id=step.last.lead_id,
        id=pk,
        from_stage=step.last.to_stage_id,
        to_stage=step.before.to_stage_id,
        at=at,
        cycle=step.before.cycle,
        corrects=step.last.pk,
    )


class _Place(NamedTuple):
    """Where a lead stands again: since when, and whose it is."""

    lead_id: int
    stage: str
    since: datetime
    change: int
    cycle: int
    restores_owner: bool
    owner_id: int | None


def _restore_leads(steps: Sequence[Step], changes: Sequence[Change]) -> None:
    """The stage before, since it was entered, with the owner it had; one who is gone owns nothing."""
    places = [
        _Place(
            lead_id=change.lead_id,
            stage=change.to_stage,
            since=step.before.at if step.before else change.at,
            change=change.id,
            cycle=change.cycle,
            restores_owner=step.last.verb in CHANGES_OWNER,
            owner_id=step.last.owner_before,
        )
        for step, change in zip(steps, changes, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE leads_lead AS lead
               SET stage = place.stage, stage_since = place.since, last_change = place.change,
                   cycle = place.cycle,
                   owner_id = CASE WHEN place.restores_owner
                                   THEN (SELECT id FROM core_user WHERE id = place.owner_id)
                                   ELSE lead.owner_id END
              FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::bigint[], %s::int[],
                          %s::boolean[], %s::bigint[])
                   AS place (id, stage, since, change, cycle, restores_owner, owner_id)
             WHERE lead.id = place.id
            """,
            [list(column) for column in zip(*places, strict=True)],
        )


def _restore_offers(steps: Sequence[Step]) -> None:
    """Offers that the changes opened are gone, those they closed wait again with the same due time."""
    offers = Offer.objects.filter(lead__in=[step.last.lead_id for step in steps])
    change_ids = [step.last.pk for step in steps]
    offers.filter(opened_by__in=change_ids).delete()
    closed = offers.filter(closed_by__in=change_ids)
    ids = list(closed.order_by("pk").values_list("pk", flat=True))
    for keeper in answer_keepers.values():
        keeper(ids)
    Offer.objects.filter(pk__in=ids).update(
        outcome=Offer.Outcome.PENDING,
        decided_at=None,
        decided_by=None,
        closed_by=None,
        reason="",
        note="",
    )


def _restore_opportunities(steps: Sequence[Step]) -> None:
    """Money expected: what a change brought up is gone, what it closed is open again.

    Opportunities tell no change: one belongs to the change that has its time. An amount that a
    change only corrected stays as it was said last.
    """
    params: list[Any] = [[step.last.lead_id for step in steps], [step.last.at for step in steps],
              [step.last.verb for step in steps]]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM leads_opportunity AS opportunity
             USING unnest(%s::bigint[], %s::timestamptz[], %s::text[]) AS undone (lead_id, at, verb)
             WHERE opportunity.lead_id = undone.lead_id AND opportunity.opened_at = undone.at
               AND (undone.verb <> 'win' AND opportunity.state = 'open'
                    OR undone.verb = 'win' AND opportunity.closed_at = undone.at)
            """,
            params,
        )
        cursor.execute(
            """
            UPDATE leads_opportunity AS opportunity
               SET state = 'open', closed_at = NULL, reason = ''
             WHERE opportunity.id IN (
                   SELECT max(closed.id)
                     FROM leads_opportunity AS closed
                     JOIN unnest(%s::bigint[], %s::timestamptz[], %s::text[])
                          AS undone (lead_id, at, verb)
                       ON closed.lead_id = undone.lead_id AND closed.closed_at = undone.at
                    WHERE closed.state <> 'open' AND (closed.state = 'won') = (undone.verb = 'win')
                    GROUP BY closed.lead_id
             )
            """,
            params,
        )
