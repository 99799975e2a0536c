"""Scoring leads: those just touched, or everybody, always by the one statement."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from django.db import connection, transaction

from leads import services as leads
from leads.models import Lead
from scoring import queries
from scoring.models import LeadPoints, RuleSet
from scoring.queries import Plan, Scope, Snapshot
from scoring.services.definitions import offer_ready
from scoring.services.turns import BLOCK, block_of, take_turns

AT_ONCE = 5_000  # leads in one statement
JUST_NOW = timedelta(minutes=10)


@transaction.atomic
def score_leads(*, lead_ids: Collection[int], at: datetime) -> list[int]:
    """Score leads as of `at`, or of their last scoring if that was later; returns who changed.

    While another version is being prepared their points under it are kept, too.
    """
    ids = sorted(set(lead_ids))
    if not ids:
        return []
    take_turns(map(block_of, ids))
    current, *coming = [queries.load_plan(rules) for rules in queries.live_rules()]
    changed = []
    for start in range(0, len(ids), AT_ONCE):
        scope = Scope(at=at, lead_ids=ids[start : start + AT_ONCE], never_back=True)
        for plan in coming:
            keep_points(scope, plan=plan)
        changed += leads.write_scores(scores=keep_points(scope, plan=current), at=at)
    return changed


def score_overtaken(*, at: datetime, since: datetime | None = None) -> int:
    """Count activities recorded ahead of their time once it has come; returns how many leads.

    Clocks of other programs may be some minutes ahead: those of the last minutes are looked at every
    minute, all of them by every round.
    """
    plan = queries.load_plan(queries.current_rules())
    ids = queries.overtaken_leads(plan=plan, since=since or at - JUST_NOW, at=at)
    score_leads(lead_ids=ids, at=at)
    offer_ready(lead_ids=ids, at=at)
    return len(ids)


def rescore_everybody(*, at: datetime) -> int:
    """Score every lead under the rules in use, block by block; returns how many changed."""
    plan = queries.load_plan(queries.current_rules())
    return sum(_rescore_block(block, plan, at=at) for block in blocks_of_leads())


@transaction.atomic
def forget_points(*, lead_ids: Collection[int]) -> None:
    """Drop what is kept of leads, so that their next scoring begins from nothing."""
    take_turns(map(block_of, lead_ids))
    LeadPoints.objects.filter(lead__in=list(lead_ids)).delete()


def keep_points(scope: Scope, *, plan: Plan, part_id: int | None = None) -> list[Snapshot]:
    """Work out points and keep those that changed; returns what the lead rows should show anew.

    By a version that is being prepared they show nothing.
    """
    if scope.is_empty:
        return []
    shows = plan.rule_set.state == RuleSet.State.PUBLISHED
    with connection.cursor() as cursor:
        cursor.execute(*queries.keep_sql(scope, plan, part_id=part_id, shows=shows))
        return cursor.fetchall()


def blocks_of_leads() -> Iterator[int]:
    """Blocks of ids in which there are leads, in order; found by jumping from one to the next."""
    first = 0
    ids = Lead.objects.order_by("pk").values_list("pk", flat=True)
    while (lead_id := ids.filter(pk__gte=first).first()) is not None:
        yield block_of(lead_id)
        first = (block_of(lead_id) + 1) * BLOCK


def scope_of_block(block: int, *, at: datetime) -> Scope:
    """The leads of one block."""
    first = block * BLOCK
    return Scope(at=at, first_id=first, last_id=first + BLOCK - 1, never_back=True)


@transaction.atomic
def _rescore_block(block: int, plan: Plan, *, at: datetime) -> int:
    take_turns([block])
    rows = keep_points(scope_of_block(block, at=at), plan=plan)
    return len(leads.write_scores(scores=rows, at=at))
