"""The page of prediction, the panels of a lead, and the API."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from leadflow.core.models import ApiToken, User
from leads.models import Territory
from scoring import queries
from scoring import services as scoring
from scoring.models import PredictionModel, PredictionSetting
from tests.factories import people
from tests.scoring import closed
from tests.scoring.browsing import signed_in, text_of

pytestmark = pytest.mark.django_db

PAGE = "/scoring/prediction/"


def test_the_page_says_how_many_outcomes_there_are_and_are_needed(
    manager: User, at: datetime
) -> None:
    closed.write(closed.tell(60, at=at), at=at)
    scoring.refresh_predictions(at=at)
    outcome = queries.last_training().outcome

    words = text_of(signed_in(manager).get(PAGE))

    assert "Off until there are enough outcomes" in words
    assert f"{outcome['won']} of 40" in words
    assert f"{outcome['not_won']} of 40" in words


def test_the_page_shows_what_was_found_on_later_leads(marketer: User, at: datetime) -> None:
    closed.write(closed.tell(600, at=at), at=at)
    scoring.refresh_predictions(at=at)
    figures = PredictionModel.objects.get().figures

    response = signed_in(marketer).get(PAGE)

    words = text_of(response)
    assert "Prediction is on" in words
    assert f"{figures['model']['auc']:.2f}" in words
    assert f"{figures['usual']['log_loss']:.4f}" in words
    assert "Does it come true?" in words
    assert "Phone number known" in words
    assert "Learn anew" not in words


def test_a_manager_switches_it_off_and_asks_for_a_training(manager: User) -> None:
    client = signed_in(manager)

    client.post(PAGE + "train/")
    assert PredictionSetting.objects.get().asked_at is not None
    response = client.post(PAGE + "switch/", {"horizon_days": "120"}, follow=True)

    setting = PredictionSetting.objects.get()
    assert (setting.is_on, setting.horizon_days) == (False, 120)
    assert "Prediction is off" in text_of(response)


def test_a_wrong_span_keeps_what_was_typed(manager: User) -> None:
    response = signed_in(manager).post(PAGE + "switch/", {"is_on": "on", "horizon_days": "5"})

    assert response.status_code == 422
    assert 'value="5"' in response.content.decode()
    assert not PredictionSetting.objects.exclude(horizon_days=90).exists()


@pytest.mark.parametrize("act", ["train/", "switch/"])
def test_others_do_not_run_it(marketer: User, act: str) -> None:
    assert signed_in(marketer).post(PAGE + act, {"horizon_days": "90"}).status_code == 403


def test_care_does_not_see_it(care: User) -> None:
    assert signed_in(care).get(PAGE).status_code == 403


def test_the_record_page_tells_the_chance_in_honest_words(
    learned: PredictionModel,
    manager: User,
    at: datetime,
) -> None:
    lead = people.inquiry(at=at, phone="+4930123456")

    words = text_of(signed_in(manager).get(f"/leads/{lead.pk}/"))

    assert "became customers within 90 days" in words
    assert "Phone number known" in words


def test_a_chance_below_one_in_a_hundred_is_not_rounded_up(
    learned: PredictionModel, manager: User, at: datetime
) -> None:
    learned.card["bias"] = -50
    learned.save()
    lead = people.inquiry(at=at)

    words = text_of(signed_in(manager).get(f"/leads/{lead.pk}/"))

    assert "under 1 % Of 100 leads like this, fewer than one became customers" in words


def test_the_api_tells_chance_and_card(learned: PredictionModel, rep: User, at: datetime) -> None:
    lead = people.inquiry(at=at, phone="+4930123456")
    client = _api(rep)

    said: Any = client.get(f"/api/v1/leads/{lead.pk}/prediction/").json()
    card: Any = client.get("/api/v1/prediction/").json()

    assert 0 < said["chance"] < 1
    assert said["within_days"] == 90
    assert {"words", "share"} == set(said["reasons"][0])
    assert said["next"] == {"content": None, "promotion": None, "product": None}
    assert card["weights"] == learned.card["weights"]


def test_the_api_tells_nothing_of_leads_that_are_not_yours(
    learned: PredictionModel,
    rep: User,
    other_rep: User,
    at: datetime,
) -> None:
    hidden = people.inquiry(
        at=at, owner_id=other_rep.pk, territory_id=Territory.objects.create(key="n", name="N").pk
    )

    response = _api(rep).get(f"/api/v1/leads/{hidden.pk}/prediction/")

    assert response.status_code == 404


def _api(user: User) -> Client:
    key = ApiToken.objects.issue(user=user, name="test")
    return Client(headers={"Authorization": f"Bearer {key}"})
