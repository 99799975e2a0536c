"""Scoring for programs: explanations and replays."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from leadflow.core.models import ApiToken
from leads.models import Lead, Territory
from scoring import services as scoring

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def api(marketer) -> Client:
    """A program with the key of a marketer."""
    return Client(
        headers={"authorization": f"Bearer {ApiToken.objects.issue(user=marketer, name='t')}"}
    )


def test_a_score_is_explained_to_the_last_point(api, hot_lead, settle) -> None:
    lead = hot_lead()
    settle()

    said = api.get(reverse("scoring_api:score", args=[lead.pk])).json()

    assert said["score"] == said["engagement"] + said["fit"]
    assert said["contribution_count"] == len(said["contributions"]) == 4
    assert [then["days"] for then in said["ahead"]] == [7, 30]
    assert {fact["fact"] for fact in said["facts"]} == {"Phone number known"}
    assert sum(one["counts"] for one in said["groups"]) == pytest.approx(said["exact_engagement"])


def test_nobody_reads_the_score_of_a_lead_of_others(rep, hot_lead) -> None:
    lead = hot_lead()
    Lead.objects.filter(pk=lead.pk).update(territory=Territory.objects.create(key="x", name="X"))
    key = ApiToken.objects.issue(user=rep, name="t")
    mine = Client(headers={"authorization": f"Bearer {key}"})

    assert mine.get(reverse("scoring_api:score", args=[lead.pk])).status_code == 404


def test_a_replay_is_begun_followed_read_and_dropped(api, hot_lead, at) -> None:
    lead = hot_lead(silent=True, ago=10 * DAY)
    asked = {"handoff": "mql_sal", "months": 24}

    begun = api.post(reverse("scoring_api:simulations"), asked, content_type="application/json")
    while scoring.run_simulations(at=at):
        pass
    address = reverse("scoring_api:simulation", args=[begun.json()["id"]])
    read = api.get(address).json()
    behind = api.get(address + "leads/?which=unknown").json()

    assert (begun.status_code, begun.json()["state"], read["state"]) == (201, "running", "done")
    agreed = next(step for step in read["steps"] if step["threshold"] == read["threshold"])
    assert (agreed["unknown"], agreed["acceptance"], agreed["acceptance_low"]) == (1, None, None)
    assert [row["lead_id"] for row in behind["results"]] == [lead.pk]
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "handoff"),
        ({"handoff": "nothing"}, "handoff"),
        ({"handoff": "mql_sal", "months": 5}, "months"),
        ({"handoff": "mql_sal", "axis": "grade"}, "axis"),
        ({"handoff": "mql_sal", "uses_draft_rules": True}, "rules"),
        ({"handoff": "mql_sal", "uses_draft_definition": True}, "definition"),
    ],
)
def test_what_cannot_be_replayed_is_refused_at_its_field(api, asked, field) -> None:
    answer = api.post(reverse("scoring_api:simulations"), asked, content_type="application/json")

    assert answer.status_code == 400
    assert field in answer.content.decode()


def test_sales_may_not_replay(rep) -> None:
    key = ApiToken.objects.issue(user=rep, name="t")
    mine = Client(headers={"authorization": f"Bearer {key}"})

    assert mine.get(reverse("scoring_api:simulations")).status_code == 403
