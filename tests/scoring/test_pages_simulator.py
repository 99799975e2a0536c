"""The simulator's pages: asked, watched, read, and nobody moved."""

from datetime import timedelta

import pytest
from django.urls import reverse

from leads import services as leads
from leads.models import Offer
from scoring import services as scoring
from scoring.models import Simulation
from tests.factories import people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ASKED = {"handoff": "mql_sal", "definition": "in_use", "rules": "in_use", "months": "3"}


@pytest.fixture
def now(at, time_machine):
    """The clock of the pages stands at `at`."""
    time_machine.move_to(at, tick=False)
    return at


@pytest.fixture
def simulation(hot_lead, marketer, at) -> Simulation:
    """A replay that is done, with one lead that sales never saw."""
    hot_lead(silent=True, ago=10 * DAY)
    question = scoring.Question("mql_sal", months=3)
    found = scoring.start_simulation(question=question, by=marketer, at=at)
    while scoring.run_simulations(at=at):
        pass
    found.refresh_from_db()
    return found


def test_a_replay_is_asked_for_watched_and_read(client, marketer, hot_lead, at) -> None:
    hot_lead(silent=True, ago=10 * DAY)
    client.force_login(marketer)

    sent = client.post(reverse("scoring:simulator"), ASKED)
    waiting = client.get(sent.url).content.decode()
    while scoring.run_simulations(at=at):
        pass

    assert "Replaying the past" in waiting
    assert Simulation.objects.get().state == "done"
    assert client.get(sent.url).status_code == 200


def test_the_figures_name_how_many_they_are_of(client, marketer, simulation) -> None:
    client.force_login(marketer)

    page = client.get(reverse("scoring:simulation", args=[simulation.pk])).content.decode()

    assert "sales never saw them" in page
    assert "no answer is known" in page
    assert "as agreed" in page


def test_shares_are_drawn_in_per_cent(client, marketer, simulation) -> None:
    for figures in simulation.steps:
        figures |= {"offers": 5, "decided": 5, "accepted": 4, "unknown": 0}
    simulation.save()
    client.force_login(marketer)

    page = client.get(reverse("scoring:simulation", args=[simulation.pk])).content.decode()

    assert f"Accepted, {simulation.threshold}: 80 %" in page


@pytest.mark.parametrize(
    "asked", ["?threshold=61&calls=30", "?threshold=-4", "?threshold=x&calls=0"]
)
def test_the_threshold_moves_and_nonsense_is_as_agreed(client, marketer, simulation, asked) -> None:
    client.force_login(marketer)
    address = reverse("scoring:simulation", args=[simulation.pk])

    assert client.get(address + asked).status_code == 200


def test_a_figure_opens_the_leads_behind_it(client, marketer, simulation) -> None:
    client.force_login(marketer)
    address = reverse("scoring:simulated_leads", args=[simulation.pk])

    page = client.get(address + "?which=unknown&threshold=60").content.decode()

    assert "Ada" in page
    assert client.get(address + "?which=nothing").status_code == 404


@pytest.mark.parametrize("facts", [{"months": "5"}, {"handoff": "x"}, {"definition": "draft"}, {}])
def test_a_question_that_makes_no_sense_is_answered_at_its_field(client, marketer, facts) -> None:
    client.force_login(marketer)

    answer = client.post(reverse("scoring:simulator"), (ASKED | facts) if facts else {})

    assert answer.status_code == 422
    assert not Simulation.objects.exists()


def test_sales_is_not_let_in(client, rep, simulation) -> None:
    client.force_login(rep)

    assert client.post(reverse("scoring:simulator"), ASKED).status_code == 403
    for name in ("simulation", "simulated_leads"):
        assert client.get(reverse(f"scoring:{name}", args=[simulation.pk])).status_code == 403
    discard = reverse("scoring:discard_simulation", args=[simulation.pk])
    assert client.post(discard).status_code == 403
    assert Simulation.objects.count() == 1


@pytest.mark.parametrize("name", ["simulation", "simulated_leads"])
def test_replays_are_read_only_and_not_for_strangers(client, marketer, simulation, name) -> None:
    address = reverse(f"scoring:{name}", args=[simulation.pk])

    assert reverse("account_login") in client.get(address).url
    client.force_login(marketer)
    assert client.post(address).status_code == 405
    assert client.get(reverse(f"scoring:{name}", args=[10**18 * 9])).status_code == 404


def test_a_replay_can_be_discarded(client, marketer, simulation) -> None:
    client.force_login(marketer)

    client.post(reverse("scoring:discard_simulation", args=[simulation.pk]))

    assert not Simulation.objects.exists()


def test_a_draft_that_changes_meanwhile_stops_the_replay(marketer, draft, hot_lead, at) -> None:
    hot_lead(silent=True)
    question = scoring.Question("mql_sal", months=3, uses_draft_rules=True)
    found = scoring.start_simulation(question=question, by=marketer, at=at)
    scoring.save_bands(
        facts={"fit_a_from": 50, "fit_b_from": 20, "engagement_1_from": 40, "engagement_2_from": 15,
               "engagement_cap": None},
        by=marketer, at=at + timedelta(minutes=1),
    )  # fmt: skip

    scoring.run_simulations(at=at)

    found.refresh_from_db()
    assert (found.state, found.steps) == ("failed", [])
    assert "Begin again" in found.error


def test_months_far_below_the_target_ask_for_a_review(client, marketer, rep, now) -> None:
    for month in range(3):
        for row in people.inquiries(6, at=now - (30 * month + 8) * DAY):
            when = now - (30 * month + 5) * DAY
            leads.offer(lead_ids=[row.pk], at=when).or_raise()
            leads.reject(lead_ids=[row.pk], by=rep, at=when, reason="no_budget").or_raise()
    client.force_login(marketer)

    page = client.get(reverse("scoring:simulator")).content.decode()

    assert "time to look at the agreement" in page
    assert Offer.objects.count() == 18


def test_all_replays_ask_as_many_queries(
    client, marketer, simulation, django_assert_max_num_queries
) -> None:
    client.force_login(marketer)

    with django_assert_max_num_queries(12):
        client.get(reverse("scoring:simulation", args=[simulation.pk]))
    with django_assert_max_num_queries(14):
        client.get(reverse("scoring:simulated_leads", args=[simulation.pk]) + "?which=offers")
