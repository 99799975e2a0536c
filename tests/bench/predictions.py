"""predict_leads: the chances of very many leads, worked out from their activities and written."""

import time

from django.db import connection, transaction
from django.utils import timezone

from content.models import Product
from leadflow.core.models import OutboxEvent
from scoring import queries
from scoring import services as scoring
from scoring.engine.chances import Card
from scoring.engine.looks import DEEDS, FACTS
from scoring.models import LeadPrediction, PredictionModel, PredictionRound
from tests.bench import scoring as filled
from tests.bench.figures import benchmark, report

RUNS = 3

# The plainest program that reads every activity and writes a row for every lead.
FLOOR = """
INSERT INTO scoring_leadprediction (lead_id, percent, version, at)
SELECT lead.id, LEAST(count(activity.id), 100), 1, now()
  FROM leads_lead AS lead
  LEFT JOIN leads_activity AS activity
    ON activity.lead_id = lead.id AND activity.occurred_at <= now()
 GROUP BY lead.id"""


@benchmark
def predict_leads(count: int) -> None:
    """Leads per second looked at in a round, every chance written with its event."""
    filled._fill(count)
    _publish()
    values, floors = [], []
    for _ in range(RUNS):
        _empty()
        floors.append(count / _floor())
        _empty()
        started = time.perf_counter()
        _look_at_everybody()
        values.append(count / (time.perf_counter() - started))
        if LeadPrediction.objects.count() != count:
            raise RuntimeError("somebody has no chance")
    report("predict_leads", values, unit="leads/s", goal=10_000, floors=floors)


def _publish() -> None:
    """A model with forty weights."""
    names = [*DEEDS, *FACTS, "age", "quiet", "lively", "stage:inquiry", "source:"]
    names += [f"kind:{kind}" for kind in filled.SHELF]
    names += [f"product:{pk}" for pk in Product.objects.values_list("pk", flat=True)]
    names += [f"persona:{key}" for key in ("decision_maker", "technical_user", "influencer")]
    weights = {name: 0.3 - 0.05 * (place % 13) for place, name in enumerate(names)}
    card = Card(bias=-2.0, weights=weights, usual={}, names={})
    PredictionModel.objects.create(
        number=1,
        state=PredictionModel.State.IN_USE,
        trained_at=timezone.now(),
        horizon_days=90,
        card=card.as_json(),
        figures={},
    )


def _empty() -> None:
    OutboxEvent.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE scoring_leadprediction")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE leads_lead, leads_activity, scoring_factdates")


def _floor() -> float:
    started = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(FLOOR)
        transaction.set_rollback(True)
    return time.perf_counter() - started


def _look_at_everybody() -> None:
    at = timezone.now()
    PredictionRound.objects.all().delete()
    training = PredictionRound.Kind.TRAINING
    PredictionRound.objects.create(kind=training, started_at=at, finished_at=at)
    while scoring.refresh_predictions(at=at):
        pass
    if queries.round_under_way() is not None:
        raise RuntimeError("the round is not over")
