"""Chances of leads: kept fresh as leads change, switched on and off; since when facts are known."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max

from leadflow.core import events, nudges
from leadflow.core.errors import Invalid
from leadflow.core.models import User
from scoring import policies, queries
from scoring.engine.chances import chance_share
from scoring.events import LeadsPredicted
from scoring.models import LeadPrediction, PredictionModel, PredictionSetting

AT_ONCE = 5_000  # leads in one statement
TURNS, KEY = 64, 5_323_010
HORIZONS = (14, 730)  # days

WRITE = """
INSERT INTO scoring_leadprediction AS kept (lead_id, percent, version, at)
SELECT fresh.id, fresh.percent, %s, %s
  FROM unnest(%s::bigint[], %s::double precision[]) AS fresh (id, percent)
  LEFT JOIN scoring_leadprediction AS before ON before.lead_id = fresh.id
 WHERE before.lead_id IS NULL OR (before.percent, before.version) <> (fresh.percent, %s)
 ORDER BY fresh.id
    ON CONFLICT (lead_id) DO UPDATE
   SET percent = EXCLUDED.percent, version = EXCLUDED.version, at = EXCLUDED.at
RETURNING lead_id"""


def predict_leads(*, lead_ids: Collection[int], at: datetime) -> list[int]:
    """Work out the chances of leads anew; returns whose changed. Nothing happens while it is off."""
    ids, changed = sorted(set(lead_ids)), []
    for start in range(0, len(ids), AT_ONCE):
        changed += _predict_some(ids[start : start + AT_ONCE], at=at)
    return changed


@transaction.atomic
def _predict_some(ids: list[int], *, at: datetime) -> list[int]:
    if queries.model_in_use() is None:
        return []
    take_prediction_turns(ids)
    model = queries.model_in_use()  # the one that is in use now that it is our turn
    if model is None:
        return []
    kept = LeadPrediction.objects.filter(lead__in=ids)
    # An event that comes late must not undo a newer look
    latest = kept.aggregate(latest=Max("at"))["latest"]
    return write_chances(ids, model, at=max(at, latest) if latest else at)


def write_chances(ids: Collection[int], model: PredictionModel, *, at: datetime) -> list[int]:
    """Write the chances of leads that are open, drop those of others; the caller holds their turn."""
    card = queries.card_of(model)
    looks = queries.looks_now(at=at, lead_ids=ids)
    percents = [round(100 * chance_share(card, look), 1) for look in looks]
    found = [look.lead_id for look in looks]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [model.number, at, found, percents, model.number])
        changed = {row[0] for row in cursor.fetchall()}
        cursor.execute(
            "DELETE FROM scoring_leadprediction WHERE lead_id = ANY(%s) RETURNING lead_id",
            [sorted(set(ids) - set(found))],
        )
        changed |= {row[0] for row in cursor.fetchall()}
    return tell_predicted(changed, at=at)


def tell_predicted(lead_ids: Collection[int], *, at: datetime) -> list[int]:
    """Tell whose chance has changed; returns them in id order."""
    changed = sorted(lead_ids)
    for start in range(0, len(changed), AT_ONCE):
        events.publish(LeadsPredicted(at=at, lead_ids=tuple(changed[start : start + AT_ONCE])))
    return changed


def take_prediction_turns(lead_ids: Collection[int]) -> None:
    """Wait until nobody else writes the chances of these leads, until the transaction ends."""
    turns = sorted({lead_id // AT_ONCE % TURNS for lead_id in lead_ids})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, turn) FROM unnest(%s::int[]) AS turn", [KEY, turns]
        )
        cursor.execute("SET LOCAL jit = off")  # compiling would take longer than the statement


@transaction.atomic
def switch_prediction(
    *, is_on: bool, by: User | None, at: datetime, horizon_days: int | None = None
) -> PredictionSetting:
    """Switch prediction on or off, and say within how many days a lead has to buy.

    Another span of days asks for a new training: what was learned answers another question.
    """
    policies.check_may("run_prediction", by=by)
    setting = _lock_setting()
    if horizon_days is not None and horizon_days != setting.horizon_days:
        least, most = HORIZONS
        if not least <= horizon_days <= most:
            raise Invalid(f"Choose from {least} to {most} days.", field="horizon_days")
        setting.horizon_days, setting.asked_at = horizon_days, at
    setting.is_on, setting.changed_by, setting.changed_at = is_on, by, at
    setting.save()
    transaction.on_commit(_nudge_rounds)
    return setting


@transaction.atomic
def ask_for_training(*, by: User | None, at: datetime) -> None:
    """Learn from closed leads anew, in the background; asking twice is asking once."""
    policies.check_may("run_prediction", by=by)
    setting = _lock_setting()
    setting.asked_at = at
    setting.save(update_fields=["asked_at"])
    transaction.on_commit(_nudge_rounds)


def _lock_setting() -> PredictionSetting:
    PredictionSetting.objects.get_or_create(pk=1)
    return PredictionSetting.objects.select_for_update(no_key=True).get(pk=1)


def _nudge_rounds() -> None:
    nudges.nudge("refresh_predictions")
