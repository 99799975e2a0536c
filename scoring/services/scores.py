"""Scoring leads: those just touched, or everybody, always by the one statement."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection, transaction

from leadflow.core import nudges
from leads import services as leads
from leads.models import Lead
from scoring import queries
from scoring.models import RuleSet, ScoreRound
from scoring.queries import Scope

CHUNK = 20_000  # leads in one transaction
MOST_A_RUN = 200_000  # leads in one run of the sweep
FRESH_FOR = timedelta(hours=1)
KEEP_ROUNDS_FOR = timedelta(days=30)
TURN = 5_323_005


@transaction.atomic
def score_leads(*, lead_ids: Collection[int], at: datetime) -> list[int]:
    """Score leads as of `at`, or of their last scoring if that was later; returns who changed."""
    ids = sorted(set(lead_ids))
    parts = [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]
    return [
        lead_id
        for part in parts
        for lead_id in _score(Scope(at=at, lead_ids=part, never_back=True), at=at)
    ]


def rescore_everybody(*, at: datetime) -> int:
    """Score every lead under the rules in use, chunk by chunk; returns how many changed."""
    changed, first = 0, 0
    while (last := _end_of_chunk(first)) is not None:
        scope = Scope(at=at, first_id=first, last_id=last, never_back=True)
        with transaction.atomic():
            changed += len(_score(scope, at=at))
        first = last + 1
    return changed


def refresh_scores(*, at: datetime) -> int:
    """Carry on the pass over leads that is due; returns how many were looked at.

    A new version asks for everybody, every hour asks for those whose points fade. Rows whose
    score is the same are not written.
    """
    handled = 0
    while handled < MOST_A_RUN and (part := _continue_round(at=at)):
        handled += part
    if handled >= MOST_A_RUN:
        nudges.nudge("refresh_scores")
    return handled


@transaction.atomic
def _score(scope: Scope, *, at: datetime) -> list[int]:
    _take_turn()
    rules = queries.current_rules()
    scores = queries.compute_scores(scope, rule_set=rules)
    rows = [(score.lead_id, score.engagement, score.fit, score.grade) for score in scores]
    return leads.write_scores(scores=rows, at=at)


def _take_turn() -> None:
    """One scoring at a time: what was computed earlier must not be written later."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])
        cursor.execute("SET LOCAL work_mem = '64MB'")  # sorts in memory: half the time
        cursor.execute("SET LOCAL jit = off")  # compiling would take longer than the statement


def _end_of_chunk(first: int) -> int | None:
    ids = Lead.objects.filter(pk__gte=first).order_by("pk").values_list("pk", flat=True)
    last = ids[CHUNK - 1 : CHUNK].first()
    return last if last is not None else ids.order_by("-pk").first()


@transaction.atomic
def _continue_round(*, at: datetime) -> int:
    round_ = _open_round(at=at)
    if round_ is None:
        return 0
    waiting = Lead.objects.filter(pk__gt=round_.last_lead_id)
    if not round_.is_everybody:
        waiting = waiting.exclude(engagement=0)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    if ids:
        first, last = round_.last_lead_id + 1, ids[-1]
        engaged = not round_.is_everybody
        _score(
            Scope(at=at, first_id=first, last_id=last, never_back=True, only_engaged=engaged),
            at=at,
        )
    round_.last_lead_id = ids[-1] if ids else round_.last_lead_id
    round_.finished_at = at if len(ids) < CHUNK else None
    round_.save(update_fields=["last_lead_id", "finished_at"])
    return len(ids)


def _open_round(*, at: datetime) -> ScoreRound | None:
    """The pass under way or due, claimed by locking the version; None when nothing is due."""
    in_use = RuleSet.objects.filter(state=RuleSet.State.PUBLISHED)
    rules = in_use.select_for_update(no_key=True, skip_locked=True).first()
    if rules is None:
        return None
    last = ScoreRound.objects.order_by("-id").first()
    if last is None or last.rule_set_id != rules.pk:
        ScoreRound.objects.filter(finished_at=None).update(finished_at=at)
        return ScoreRound.objects.create(rule_set=rules, is_everybody=True, started_at=at)
    if last.finished_at is None:
        return last
    if last.started_at > at - FRESH_FOR:
        return None
    ScoreRound.objects.filter(started_at__lt=at - KEEP_ROUNDS_FOR).delete()
    return ScoreRound.objects.create(rule_set=rules, is_everybody=False, started_at=at)
