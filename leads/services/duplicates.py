"""Finding likely duplicates: soon after a fact has changed, or in one look through everybody."""

import json
from collections.abc import Collection
from datetime import datetime
from functools import wraps

from django.db import connection, transaction

from leadflow.core import nudges
from leadflow.core.errors import Conflict
from leadflow.core.models import User
from leads import policies
from leads.engine.likeness import Likeness, compare
from leads.models import DuplicatePair, DuplicateSearch, Lead
from leads.queries.duplicates import count_colleagues, facts_of, find_candidates
from leads.services.whereabouts import lock_present

CHANGED_AT_ONCE = 2_000  # leads a transaction
AT_ONCE = 5_000
MOST_A_RUN = 50_000  # leads of a search in one run of the sweep; others wait for the worker, too
Pair = tuple[int, int]


def find_duplicates(*, at: datetime) -> int:
    """Compare leads that are new or changed, then go on with a search; returns how many leads."""
    _tidy_index()
    handled = 0
    while batch := _check_changed(at=at):
        handled += batch
    searched = 0
    while searched < MOST_A_RUN and (batch := _search_on(at=at)):
        searched += batch
    if searched >= MOST_A_RUN:
        nudges.nudge("find_duplicates")
    return handled + searched


@transaction.atomic
def search_everybody(*, by: User, at: datetime) -> DuplicateSearch:
    """Begin to compare all leads; while one such search runs, that is the one."""
    policies.check_may("merge", by=by)
    search, is_new = DuplicateSearch.objects.get_or_create(
        finished_at=None, defaults={"by": by, "started_at": at, "total": Lead.objects.count()}
    )
    if is_new:
        transaction.on_commit(_nudge, robust=True)
    return search


@transaction.atomic
def dismiss_pair(*, pair_id: int, by: User, at: datetime) -> DuplicatePair:
    """Say that two records are two people; they come back only where new facts make them more alike."""
    return _decide(pair_id, DuplicatePair.State.DISMISSED, by=by, at=at)


@transaction.atomic
def reopen_pair(*, pair_id: int, by: User, at: datetime) -> DuplicatePair:
    """Take back that two records are two people."""
    return _decide(pair_id, DuplicatePair.State.OPEN, by=by, at=at)


def _decide(pair_id: int, state: str, *, by: User, at: datetime) -> DuplicatePair:
    policies.check_may("merge", by=by)
    seen = Lead.objects.visible_to(by)
    pairs = DuplicatePair.objects.filter(pk=pair_id, first__in=seen, second__in=seen)
    pair = pairs.select_for_update(of=("self",)).select_related("first", "second").first()
    if pair is None:
        raise Conflict("This pair is gone: one of the two was merged, changed or erased.")
    if pair.state != state:
        is_open = state == DuplicatePair.State.OPEN
        pair.state, pair.decided_at, pair.decided_by = (
            state, None if is_open else at, None if is_open else by,
        )  # fmt: skip
        pair.save(update_fields=["state", "decided_at", "decided_by"])
    return pair


@transaction.atomic
def _check_changed(*, at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM leads_duplicatecheck
             WHERE lead_id IN (SELECT lead_id FROM leads_duplicatecheck
                                ORDER BY lead_id LIMIT %s FOR UPDATE SKIP LOCKED)
         RETURNING lead_id
            """,
            [CHANGED_AT_ONCE],
        )
        ids = [row[0] for row in cursor.fetchall()]
    if ids:
        _look_at(ids, at=at)
    return len(ids)


@transaction.atomic
def _search_on(*, at: datetime) -> int:
    """The next batch of the search under way, each with those before it; 0 when there is none."""
    running = DuplicateSearch.objects.filter(finished_at=None)
    search = running.select_for_update(skip_locked=True).first()
    if search is None:
        return 0
    leads = Lead.objects.filter(pk__gt=search.last_lead_id).order_by("pk")
    ids = list(leads.values_list("pk", flat=True)[:AT_ONCE])
    if ids:
        found, skipped = _look_at(ids, at=at, only_earlier=True)
        search.last_lead_id = ids[-1]
        search.handled += len(ids)
        search.found += found
        search.skipped += skipped
    if len(ids) < AT_ONCE:
        search.finished_at = max(at, search.started_at)
    search.save(update_fields=["last_lead_id", "handled", "found", "skipped", "finished_at"])
    return len(ids)


def _look_at(
    lead_ids: Collection[int], *, at: datetime, only_earlier: bool = False
) -> tuple[int, int]:
    """Compare leads with those that share a key; returns pairs found and keys left out."""
    candidates = find_candidates(lead_ids=lead_ids, only_earlier=only_earlier)
    likely = _compare_pairs(candidates.pairs, candidates.namesakes)
    present = lock_present({lead_id for pair in likely for lead_id in pair})
    likely = {pair: one for pair, one in likely.items() if present.issuperset(pair)}
    _drop_unlikely(lead_ids, likely, only_earlier=only_earlier)
    _write_pairs(likely, at=at)
    return len(likely), candidates.skipped


def _compare_pairs(pairs: Collection[Pair], namesakes: dict[int, int]) -> dict[Pair, Likeness]:
    people = facts_of({lead_id for pair in pairs for lead_id in pair})
    colleagues = count_colleagues(one.company_id for one in people.values())
    likely = {}
    for pair in pairs:
        if pair[0] not in people or pair[1] not in people:
            continue
        one, other = people[pair[0]], people[pair[1]]
        likeness = compare(
            one.facts,
            other.facts,
            namesakes=max(namesakes.get(pair[0], 2), namesakes.get(pair[1], 2)),
            colleagues=colleagues.get(one.company_id or 0, 0),
        )
        if likeness is not None:
            likely[pair] = likeness
    return likely


def _drop_unlikely(
    lead_ids: Collection[int], likely: Collection[Pair], *, only_earlier: bool
) -> None:
    """Open pairs of these leads that are not alike any more; what people decided stays."""
    first = "" if only_earlier else "OR first_id = ANY(%(ids)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            DELETE FROM leads_duplicatepair
             WHERE state = 'open' AND (second_id = ANY(%(ids)s) {first})
               AND (first_id, second_id) NOT IN (
                   SELECT * FROM unnest(%(firsts)s::bigint[], %(seconds)s::bigint[]))
            """,
            {
                "ids": list(lead_ids),
                "firsts": [pair[0] for pair in likely],
                "seconds": [pair[1] for pair in likely],
            },
        )


def _write_pairs(likely: dict[Pair, Likeness], *, at: datetime) -> None:
    """Write what was found; two that were said to be two people come back when they are more alike."""
    if not likely:
        return
    rows = sorted(likely.items())
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO leads_duplicatepair AS pair
                   (first_id, second_id, likeness, reasons, state, found_at)
            SELECT first, second, likeness, reasons, 'open', %s
              FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::jsonb[])
                   AS found (first, second, likeness, reasons)
                ON CONFLICT (first_id, second_id) DO UPDATE
               SET likeness = excluded.likeness, reasons = excluded.reasons, state = 'open',
                   found_at = CASE WHEN pair.state = 'open' THEN pair.found_at
                                   ELSE excluded.found_at END,
                   decided_at = NULL, decided_by_id = NULL
             WHERE pair.reasons <> excluded.reasons
                   AND (pair.state = 'open' OR excluded.likeness > pair.likeness)
                OR pair.state = 'open' AND pair.likeness <> excluded.likeness
            """,
            [
                at,
                [pair[0] for pair, _ in rows],
                [pair[1] for pair, _ in rows],
                [likeness.percent for _, likeness in rows],
                [json.dumps(likeness.reasons) for _, likeness in rows],
            ],
        )


def _tidy_index() -> None:
    """New entries of the index wait in a list that each lookup would read through."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('lead_tokens'::regclass)")


@wraps(nudges.nudge)
def _nudge() -> None:
    nudges.nudge("find_duplicates")
