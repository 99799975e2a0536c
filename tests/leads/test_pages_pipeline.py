"""The pages of the designer: each edit works without scripts, and says what it did not like."""

from typing import Any

import pytest
from django.test import Client

from leadflow.core.models import User
from leads import services as leads
from leads.models import Handoff, Lead, PipelineVersion, Reason, Stage
from tests.factories import people

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(sign_in: Any, marketer: User) -> Client:
    return sign_in(marketer)


def test_the_path_is_drawn_with_its_leads(client: Client, at: Any) -> None:
    people.offered(at=at, count=3)

    page = client.get("/leads/pipeline/").content.decode()

    assert "Marketing qualified: 3" in page
    assert "100 % · 1 d" in page
    assert "Installed with LeadFlow" in page


def test_the_page_asks_as_often_for_many_leads_as_for_few(
    client: Client, at: Any, django_assert_max_num_queries: Any
) -> None:
    people.offered(at=at, count=50)

    with django_assert_max_num_queries(18):
        client.get("/leads/pipeline/")


def test_a_stage_is_added_from_the_page(client: Client) -> None:
    sent = {"name": "Demo held", "abbreviation": "DEMO", "after": "sql", "requires": ["phone"]}

    answer = client.post("/leads/pipeline/stages/new/", sent)

    assert (answer.status_code, answer.url) == (302, "/leads/pipeline/")
    assert Stage.objects.get(key="demo_held").requires == ["phone"]


def test_a_dialog_comes_back_with_its_errors(client: Client) -> None:
    sent = {"name": "Opportunity", "abbreviation": "X", "after": "sql"}

    answer = client.post("/leads/pipeline/stages/new/", sent, headers=HTMX)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "There is a stage “Opportunity” already" in page
    assert "<html" not in page


def test_a_stage_is_edited_and_moved(client: Client) -> None:
    client.post(
        "/leads/pipeline/stages/sql/",
        {"name": "Sales ready", "abbreviation": "SR", "team": "sales", "normal_days": "5"},
    )
    client.post("/leads/pipeline/stages/sql/shift/", {"to": "on"})

    stage = Stage.objects.get(key="sql")
    assert (stage.name, stage.normal_days) == ("Sales ready", 5)
    assert leads.load_pipeline().path[3:5] == ("opportunity", "sql")


def test_a_stage_with_leads_asks_where_they_go(client: Client, at: Any) -> None:
    leads.add_stage(name="Warm", abbreviation="WRM", after="inquiry", by=None, at=at)
    rows = people.inquiries(2, at=at)
    leads.advance(lead_ids=[row.pk for row in rows], at=at)
    address = "/leads/pipeline/stages/warm/retire/"
    assert "2 leads stand in this stage and will move" in client.get(address).content.decode()
    assert "Choose where they go" in client.post(address, {}).content.decode()

    client.post(address, {"merge_into": "inquiry"})

    assert set(Lead.objects.values_list("stage", flat=True)) == {"inquiry"}


def test_a_detour_says_what_revives(client: Client) -> None:
    client.post(
        "/leads/pipeline/stages/lost/",
        {"name": "Lost", "abbreviation": "LOST", "revives_on": ["event", "form"]},
    )

    assert Stage.objects.get(key="lost").revives_on == ["event", "form"]


def test_a_handoff_is_added_edited_and_switched(client: Client, manager: User) -> None:
    sent = {
        "name": "Demo desk",
        "after": "sql",
        "offered_name": "Demo wanted",
        "offered_abbreviation": "DW",
        "accepted_name": "Demo planned",
        "accepted_abbreviation": "DP",
        "target": "60",
        "team": "sales",
        "respond_hours": "0.25",
        "escalate_to": [str(manager.pk)],
    }
    assert client.post("/leads/pipeline/handoffs/new/", sent).status_code == 302
    handoff = Handoff.objects.get(key="demo_desk")
    assert (float(handoff.target), handoff.respond_within_minutes) == (0.6, 15)
    assert list(handoff.escalate_to.all()) == [manager]

    edited = {"name": "Demo desk", "target": "62.5", "respond_hours": "8", "expire_hours": "1.5"}
    client.post("/leads/pipeline/handoffs/demo_desk/", edited)
    client.post("/leads/pipeline/handoffs/demo_desk/switch/", {"to": "off"})

    handoff.refresh_from_db()
    assert (float(handoff.target), handoff.expire_after_minutes) == (0.625, 90)
    assert not handoff.is_active
    assert PipelineVersion.objects.latest("number").number == 4


def test_equal_names_are_refused_at_their_field(client: Client) -> None:
    sent = {
        "name": "Twins",
        "after": "sql",
        "offered_name": "Same",
        "offered_abbreviation": "S1",
        "accepted_name": "same",
        "accepted_abbreviation": "S2",
        "target": "100",
        "team": "sales",
        "respond_hours": "24",
    }

    answer = client.post("/leads/pipeline/handoffs/new/", sent)

    assert answer.status_code == 400
    assert answer.context["form"].errors["accepted_name"]
    assert Handoff.objects.count() == 3


def test_a_handoff_with_open_offers_cannot_be_switched_off(client: Client, at: Any) -> None:
    people.offered(at=at)

    answer = client.post("/leads/pipeline/handoffs/mql_sal/switch/", {"to": "off"})

    assert answer.status_code == 409
    assert "1 offer waits for an answer" in answer.content.decode()


def test_reasons_are_edited_by_managers(sign_in: Any, manager: User) -> None:
    client = sign_in(manager)
    client.post(
        "/leads/pipeline/verbs/reject/reasons/new/",
        {"label": "No authority", "cool_down_days": "10", "is_active": "on"},
    )
    client.post(
        "/leads/pipeline/verbs/reject/reasons/no_authority/",
        {"label": "No say", "cool_down_days": "5"},
    )

    reason = Reason.objects.get(verb="reject", code="no_authority")
    assert (reason.label, reason.cool_down_days, reason.is_active) == ("No say", 5, False)
    assert "No say" in client.get("/leads/pipeline/verbs/").content.decode()


def test_a_verb_may_ask_for_a_note(client: Client, at: Any) -> None:
    client.post("/leads/pipeline/verbs/offer/", {"needs_note": "on"})

    assert leads.load_pipeline().needing_note == {"offer"}


def test_versions_can_be_looked_at(client: Client, at: Any) -> None:
    leads.change_stage(key="mql", name="Ready for sales", by=None, at=at)

    assert "Renamed the stage" in client.get("/leads/pipeline/versions/").content.decode()
    then = client.get("/leads/pipeline/versions/1/").content.decode()
    assert "Marketing qualified" in then
    assert "Ready for sales" not in then


def test_a_new_handoff_has_a_team_that_answers(client: Client) -> None:
    answer = client.post("/leads/pipeline/handoffs/new/", {"name": "Nobody's"})

    assert answer.context["form"].errors["team"] == ["Somebody has to answer: choose the team."]


def test_a_stage_that_cannot_move_says_why_on_the_page(client: Client) -> None:
    answer = client.post("/leads/pipeline/stages/inquiry/shift/", {"to": "on"}, follow=True)

    assert answer.status_code == 200
    assert "The path cannot begin with “Marketing qualified”" in answer.content.decode()


def test_short_forms_are_told_apart(client: Client) -> None:
    sent = {"name": "Demo held", "abbreviation": "sql", "after": "sql"}

    answer = client.post("/leads/pipeline/stages/new/", sent)

    assert "There is a stage with the short form “SQL” already" in answer.content.decode()
