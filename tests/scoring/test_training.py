"""Learning from closed leads: what it takes, what it finds, and that it never looks ahead."""

import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from leadflow.core.models import User
from leads import services as leads
from leads.models import Activity, Lead, Opportunity
from scoring import queries
from scoring import services as scoring
from scoring.models import PredictionModel
from scoring.services import learning
from scoring.services.samples import gather_sample
from tests.scoring import closed

pytestmark = pytest.mark.django_db

HORIZON = 90


def learn(*, at: datetime) -> dict[str, Any]:
    """Train once, whatever was trained before; returns what came of it."""
    scoring.ask_for_training(by=None, at=at)
    scoring.refresh_predictions(at=at)
    training = queries.last_training()
    assert training is not None
    return training.outcome


def sample(*, at: datetime) -> Any:
    return gather_sample(horizon_days=HORIZON, at=at, progress=lambda *_: None)


def newest() -> PredictionModel:
    return PredictionModel.objects.order_by("-number")[0]


def test_a_model_does_better_than_guessing_and_than_points_on_later_leads(at: datetime) -> None:
    closed.write(closed.tell(700, at=at), at=at)

    outcome = learn(at=at)

    model = PredictionModel.objects.get()
    figures = model.figures
    assert outcome["code"] == "trained"
    assert model.state == PredictionModel.State.IN_USE
    assert figures["model"]["auc"] > 0.7
    assert figures["model"]["auc"] >= figures["points"]["auc"]
    assert figures["model"]["log_loss"] < figures["usual"]["log_loss"]
    assert model.card["weights"]["phone"] > 0
    assert model.card["weights"]["pages"] > 0


def test_what_is_known_only_after_the_outcome_changes_nothing(at: datetime) -> None:
    pasts = closed.tell(500, at=at)
    ids = closed.write(pasts, at=at)
    learn(at=at)
    honest = newest()

    won = {pk: one.won_at for pk, one in zip(ids, pasts, strict=True) if one.won_at}
    Lead.objects.filter(pk__in=won).update(job_title="Buyer", persona="decision_maker")
    leads.append_history(
        activities=[
            Activity(lead_id=pk, kind="download", occurred_at=moment + timedelta(hours=2))
            for pk, moment in won.items()
        ],
        consents=[],
        at=at,
    )
    Opportunity.objects.filter(lead__in=won).update(amount=99_999)
    scoring.note_facts(lead_ids=list(won), at=at)
    learn(at=at + timedelta(seconds=1))

    again = newest()
    assert again.number == honest.number + 1
    assert again.card["weights"] == honest.card["weights"]
    assert again.figures["model"] == honest.figures["model"]


def test_the_same_leads_make_the_same_model(at: datetime) -> None:
    closed.write(closed.tell(500, at=at), at=at)

    learn(at=at)
    first = newest()
    learn(at=at + timedelta(seconds=1))

    assert newest().card == first.card
    assert newest().figures == first.figures


def test_the_past_is_over_before_what_it_is_asked_about_begins(at: datetime) -> None:
    closed.write(closed.tell(500, at=at), at=at)
    seen = sample(at=at)

    trial = learning.try_on_later(seen, horizon_days=HORIZON)

    assert trial is not None
    moments = np.array(seen.moments)
    assert (moments[trial.before] + HORIZON * 86_400).max() <= trial.cut
    assert moments[trial.after].min() >= trial.cut


def test_leads_are_seen_while_open_and_once_their_time_is_over(at: datetime) -> None:
    pasts = closed.tell(300, at=at)
    ids = closed.write(pasts, at=at)
    won_at = {pk: one.won_at for pk, one in zip(ids, pasts, strict=True)}
    horizon = timedelta(days=HORIZON)

    outcomes = list(
        queries.read_outcomes(first_id=0, last_id=max(ids), horizon_days=HORIZON, at=at)
    )

    assert outcomes
    for outcome in outcomes:
        moment, won = outcome.look.at, won_at[outcome.look.lead_id]
        assert moment + horizon <= at
        assert won is None or moment < won
        assert outcome.has_won == (won is not None and won <= moment + horizon)


def test_what_was_taken_back_has_never_been(admin: User, at: datetime) -> None:
    (past,) = [closed.Past(at - timedelta(days=200), True, (), at - timedelta(days=150))]
    (pk,) = closed.write([past], at=at)
    change = Lead.objects.get(pk=pk).last_change
    leads.take_back(change_ids=[change], by=admin, at=at).or_raise()

    outcomes = list(queries.read_outcomes(first_id=0, last_id=pk, horizon_days=HORIZON, at=at))

    assert [outcome.has_won for outcome in outcomes] == [False] * len(outcomes)
    assert outcomes


@pytest.mark.parametrize(
    ("count", "eager", "code"), [(60, 0.55, "too_few"), (60, 0.0, "one_class"), (0, 0.0, "too_few")]
)
def test_without_enough_outcomes_there_is_no_model(
    at: datetime, count: int, eager: float, code: str
) -> None:
    closed.write(closed.tell(count, at=at, eager=eager), at=at)

    outcome = learn(at=at)

    assert outcome["code"] == code
    assert outcome["needed"] > min(outcome["won"], outcome["not_won"])
    assert queries.model_in_use() is None


def test_nobody_but_who_trains_loads_the_library() -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import django, sys; django.setup(); import leadflow.urls, leadflow.schedule;"
            "from scoring import services, views; from scoring.urls import urlpatterns;"
            "print([name for name in ('sklearn', 'scipy') if name in sys.modules])",
        ],
        env={**__import__("os").environ, "DJANGO_SETTINGS_MODULE": "leadflow.settings"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.strip() == "[]"
