"""Rounds of prediction: learning from closed leads now and then, and a look at everybody once a day."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from leadflow.core import nudges
from leads.models import Lead
from scoring import queries
from scoring.models import LeadPrediction, PredictionRound
from scoring.services.next_steps import learn_next_steps
from scoring.services.predictions import (
    take_prediction_turns,
    tell_predicted,
    write_chances,
)
from scoring.services.scores import blocks_of_leads
from scoring.services.training import train
from scoring.services.turns import BLOCK

logger = logging.getLogger(__name__)

Kind = PredictionRound.Kind
BLOCKS_A_RUN = 100  # then the worker is free for something else, and comes back
LEARN_AFTER = timedelta(days=7)
LEARN_SOONER_AFTER = timedelta(days=1)  # while there is no model
LOOK_AFTER = timedelta(days=1)  # what time has taken from everybody's chance
DEAD_AFTER = timedelta(hours=1)  # a training whose worker has died is begun anew
KEEP_ROUNDS_FOR = timedelta(days=90)


def refresh_predictions(*, at: datetime) -> int:
    """Carry on the round of prediction that is due; returns how many of its blocks were done.

    Switched off, nothing is learned, and what was worked out is dropped, block by block.
    """
    for done in range(BLOCKS_A_RUN):
        round_ = _round_under_way(at=at)
        if round_ is None:
            return done
        if round_.kind == Kind.TRAINING:
            _train(round_, at=at)
        elif not _do_block(round_, at=at):
            return done
    nudges.nudge("refresh_predictions")
    return BLOCKS_A_RUN


@transaction.atomic
def _round_under_way(*, at: datetime) -> PredictionRound | None:
    """The look that goes on, or the round that is due; None when nothing is, or another worker trains."""
    open_rounds = PredictionRound.objects.filter(finished_at=None)
    under_way = open_rounds.first()
    if under_way is None:
        return _open_round(at=at)
    if under_way.kind == Kind.EVERYBODY:
        return under_way
    dead = open_rounds.filter(pk=under_way.pk, started_at__lt=at - DEAD_AFTER)
    dead.update(finished_at=at, outcome={"code": "failed"})
    return None


def _open_round(*, at: datetime) -> PredictionRound | None:
    """Begin what is due, one worker at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [5_323_011])
        if not cursor.fetchone()[0] or PredictionRound.objects.filter(finished_at=None).exists():
            return None
    kind = _kind_due(at=at)
    if kind is None:
        return None
    PredictionRound.objects.filter(started_at__lt=at - KEEP_ROUNDS_FOR).delete()
    total = sum(1 for _ in blocks_of_leads())
    return PredictionRound.objects.create(kind=kind, started_at=at, total=total)


def _kind_due(*, at: datetime) -> str | None:
    setting, model = queries.prediction_setting(), queries.model_in_use()
    if not setting.is_on:
        return Kind.EVERYBODY if LeadPrediction.objects.exists() else None
    rounds = PredictionRound.objects.order_by("-id")
    trained = rounds.filter(kind=Kind.TRAINING).first()
    pause = LEARN_AFTER if model else LEARN_SOONER_AFTER
    is_asked = setting.asked_at and (trained is None or trained.started_at < setting.asked_at)
    if trained is None or is_asked or trained.started_at <= at - pause:
        return Kind.TRAINING
    looked = rounds.filter(kind=Kind.EVERYBODY).first()
    since = [model.trained_at if model else None, setting.changed_at]
    news = max((moment for moment in since if moment), default=None)
    if looked is None or looked.started_at <= at - LOOK_AFTER:
        return Kind.EVERYBODY
    return Kind.EVERYBODY if news and looked.started_at < news else None


def _train(round_: PredictionRound, *, at: datetime) -> None:
    """Learn and close the round; what goes wrong is kept with it, and tried again when it is due."""
    setting = queries.prediction_setting()

    def progress(done: int, total: int) -> None:
        rounds = PredictionRound.objects.filter(pk=round_.pk)
        rounds.update(done=done, total=total)

    outcome: dict[str, Any]
    try:
        outcome = train(horizon_days=setting.horizon_days, at=at, progress=progress)
        learn_next_steps(at=at)
    except Exception:
        logger.exception("training failed")
        outcome = {"code": "failed"}
    PredictionRound.objects.filter(pk=round_.pk, finished_at=None).update(
        finished_at=at, outcome=outcome
    )


@transaction.atomic
def _do_block(round_: PredictionRound, *, at: datetime) -> bool:
    """Do the next block; False when another worker is at it or the round is over."""
    rounds = PredictionRound.objects.select_for_update(skip_locked=True)
    mine = rounds.filter(pk=round_.pk, finished_at=None).first()
    if mine is None:
        return False
    first = Lead.objects.filter(pk__gte=mine.next_id).order_by("pk").values_list("pk", flat=True)
    lead_id = first.first()
    if lead_id is None:
        PredictionRound.objects.filter(pk=mine.pk).update(finished_at=at, done=F("total"))
        return True
    start = lead_id // BLOCK * BLOCK
    _look_at(start, start + BLOCK, at=at)
    PredictionRound.objects.filter(pk=mine.pk).update(next_id=start + BLOCK, done=F("done") + 1)
    return True


def _look_at(first: int, beyond: int, *, at: datetime) -> None:
    """Write the chances of a block of leads; drop them while prediction is off."""
    ids = list(Lead.objects.filter(pk__gte=first, pk__lt=beyond).values_list("pk", flat=True))
    take_prediction_turns(ids)
    model = queries.model_in_use()
    if model is not None:
        write_chances(ids, model, at=at)
        return
    kept = LeadPrediction.objects.filter(lead__in=ids)
    dropped = list(kept.values_list("lead_id", flat=True))
    kept.delete()
    tell_predicted(dropped, at=at)
