"""The pages of guest lists: who stands where, chosen and marked, printed, handed out, invited."""

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leadflow.core.models import User
from leads import queries
from leads import services as leads
from leads.models import BulkAct, Campaign, Guest, Lead
from tests.factories import people

pytestmark = pytest.mark.django_db


def _state(guest: Guest) -> str:
    return Guest.objects.get(pk=guest.pk).state.value


@pytest.fixture
def full_list(campaign: Campaign, marketer: User, at: datetime) -> list[Lead]:
    """One guest in each state, by first name."""
    names = ("invited", "registered", "attended", "cancelled")
    rows = [people.inquiry(at=at, first_name=name, last_name="Guest") for name in names]
    ids = [row.pk for row in rows]
    leads.invite_guests(campaign_id=campaign.pk, lead_ids=ids[:1], by=marketer, at=at)
    coming = [(campaign.pk, pk, at) for pk in ids[1:]]
    leads.register_guests(campaign_ids_by_lead=coming, source="form")
    by_lead = dict(Guest.objects.values_list("lead_id", "pk"))
    leads.admit_guests(guest_ids=[by_lead[ids[2]]], by=marketer, at=at)
    leads.cancel_guests(guest_ids=[by_lead[ids[3]]], by=marketer, at=at)
    return rows


def test_the_counts_say_where_everybody_stands(
    full_list: list[Lead], campaign: Campaign, marketer: User
) -> None:
    counts = queries.count_guests(campaign=campaign, user=marketer)

    assert (counts.invited, counts.registered, counts.attended, counts.cancelled) == (1, 1, 1, 1)
    assert (counts.total, counts.expected, counts.share) == (4, 2, 0.5)


@pytest.mark.parametrize("state", ["invited", "registered", "attended", "cancelled"])
def test_the_list_and_the_leads_can_be_narrowed_to_a_state(
    state: str, full_list: list[Lead], campaign: Campaign, marketer: User, sign_in: Any
) -> None:
    guests = queries.list_guests(campaign=campaign, user=marketer, params={"state": state})
    assert [one.lead.first_name for one in guests] == [state]
    found = queries.list_leads(user=marketer, params={"guest": f"expo:{state}"})
    assert [lead.first_name for lead in found] == [state]
    page = sign_in(marketer).get(f"/leads/?guest=expo:{state}").content.decode()
    assert "Water Expo" in page


def test_once_it_is_over_the_registered_did_not_come(
    full_list: list[Lead], campaign: Campaign, marketer: User, sign_in: Any
) -> None:
    Campaign.objects.update(starts_on=date(2026, 3, 3), ends_on=date(2026, 3, 4))

    page = sign_in(marketer).get("/leads/campaigns/expo/guests/?state=missed").content.decode()

    assert "Did not come" in page
    assert "registered Guest" in page
    assert "attended Guest" not in page


@pytest.mark.parametrize("q", ["gue", "ATTENDED", "registered guest"])
def test_guests_are_found_by_the_beginning_of_a_word(
    q: str, full_list: list[Lead], campaign: Campaign, marketer: User
) -> None:
    assert queries.list_guests(campaign=campaign, user=marketer, params={"q": q})
    assert not queries.list_guests(campaign=campaign, user=marketer, params={"q": "nobody"})


def test_an_unknown_state_is_refused_in_words(
    campaign: Campaign, marketer: User, sign_in: Any
) -> None:
    answer = sign_in(marketer).get("/leads/campaigns/expo/guests/?state=drunk")

    assert answer.status_code == 400
    assert "no state of a guest" in answer.content.decode()


def test_a_rep_sees_guests_of_their_own_territories_alone(
    abroad: Lead, full_list: list[Lead], campaign: Campaign, marketer: User, rep: User, at: datetime,
    sign_in: Any,
) -> None:  # fmt: skip
    Lead.objects.filter(pk=abroad.pk).update(first_name="Hidden")
    leads.invite_guests(campaign_id=campaign.pk, lead_ids=[abroad.pk], by=marketer, at=at)
    client = sign_in(rep)
    hidden = Guest.objects.get(lead=abroad)

    assert queries.count_guests(campaign=campaign, user=rep).total == 4
    assert "Hidden" not in client.get("/leads/campaigns/expo/guests/").content.decode()
    sent = client.get("/leads/campaigns/expo/guests.csv")
    assert b"Hidden" not in b"".join(sent.streaming_content)
    assert client.get(f"/leads/campaigns/expo/guests/{hidden.pk}/ticket/").status_code == 404
    client.post("/leads/campaigns/expo/guests/mark/", {"mark": "attended", "guest": hidden.pk})
    client.post("/leads/campaigns/expo/guests/mark/", {"mark": "attended", "all": "1"})
    assert _state(hidden) == "invited"


def test_chosen_guests_are_marked_and_the_message_takes_it_back(
    full_list: list[Lead], marketer: User, sign_in: Any
) -> None:
    client = sign_in(marketer)
    said = {"mark": "attended", "all": "1", "filter": "state=registered"}

    page = client.post("/leads/campaigns/expo/guests/mark/", said, follow=True)
    (message,) = page.context["messages"]

    assert str(message) == "1 guest let in."
    assert Guest.objects.filter(attended_at__isnull=False).count() == 2
    page = client.post(message.extra_tags, follow=True)
    assert "Taken back for 1" in page.content.decode()
    assert Guest.objects.get(lead=full_list[1]).state == "registered"
    assert Guest.objects.get(lead=full_list[2]).state == "attended"


def test_taking_people_off_the_list_asks_first(
    full_list: list[Lead], marketer: User, sign_in: Any
) -> None:
    client, address = sign_in(marketer), "/leads/campaigns/expo/guests/release/"
    ids = list(Guest.objects.values_list("pk", flat=True))

    asked = client.get(address, {"guest": ids}).content.decode()
    assert "Take 3 off the list?" in asked
    client.post(address, {"guest": ",".join(map(str, ids))})

    assert Guest.objects.get().state == "attended"


def test_nothing_chosen_is_an_answer_in_words(
    full_list: list[Lead], marketer: User, sign_in: Any
) -> None:
    answer = sign_in(marketer).post("/leads/campaigns/expo/guests/mark/", {"mark": "attended"})

    assert answer.status_code == 400
    assert "Choose at least one guest." in answer.content.decode()


def test_the_file_runs_nothing_in_a_spreadsheet(
    campaign: Campaign, marketer: User, at: datetime, sign_in: Any
) -> None:
    lead = people.inquiry(at=at, first_name="=HYPERLINK(1)", last_name="@evil")
    leads.invite_guests(campaign_id=campaign.pk, lead_ids=[lead.pk], by=marketer, at=at)

    sent = sign_in(marketer).get("/leads/campaigns/expo/guests.csv")
    text = b"".join(sent.streaming_content).decode("utf-8-sig")

    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["First name"], row["Last name"]) == ("'=HYPERLINK(1)", "'@evil")
    assert (row["State"], row["Invited"][:10]) == ("Invited", "2026-03-03")


@pytest.mark.parametrize("path", ["guests/", "tickets/", "kiosk/", ""])
def test_pages_ask_the_same_number_of_questions_for_any_number_of_guests(
    path: str, campaign: Campaign, marketer: User, at: datetime, sign_in: Any
) -> None:
    client, counts = sign_in(marketer), []
    for count in (10, 1_000):
        ids = [lead.pk for lead in people.inquiries(count, at=at)]
        rows = [(campaign.pk, pk, at) for pk in ids]
        leads.register_guests(campaign_ids_by_lead=rows, source="form")
        client.get(f"/leads/campaigns/expo/{path}")
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/leads/campaigns/expo/{path}").status_code == 200
        counts.append(len(asked))

    assert counts[0] == counts[1]


def test_paging_shows_every_guest_once(
    campaign: Campaign, marketer: User, at: datetime, sign_in: Any
) -> None:
    ids = [lead.pk for lead in people.inquiries(120, at=at)]
    leads.invite_guests(campaign_id=campaign.pk, lead_ids=ids, by=marketer, at=at)
    client, shown, address = sign_in(marketer), [], "/leads/campaigns/expo/guests/"
    while address:
        page = client.get(address).context["page"]
        shown += [guest.lead_id for guest in page]
        address = f"/leads/campaigns/expo/guests/{page.next_url}" if page.next_url else ""

    assert sorted(shown) == sorted(ids)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "\u202eevil", "x" * 120, "🦄"])
def test_hostile_names_are_only_names(
    name: str, campaign: Campaign, marketer: User, at: datetime, sign_in: Any
) -> None:
    lead = people.inquiry(at=at, first_name=name)
    leads.register_guests(campaign_ids_by_lead=[(campaign.pk, lead.pk, at)], source="form")
    client = sign_in(marketer)

    for path in ("guests/", "tickets/"):
        page = client.get(f"/leads/campaigns/expo/{path}")
        assert page.status_code == 200
        assert b"<script>alert" not in page.content


def test_a_ticket_bears_its_code_as_a_picture_without_styles() -> None:
    picture = queries.ticket_svg("A1B2C3D4E5F6")

    assert picture.startswith("<svg")
    assert "style" not in picture
    assert queries.ticket_svg("A1B2C3D4E5F7") != picture
    assert queries.read_code(" a1b2 c3d4-e5f6 ") == "A1B2C3D4E5F6"
    assert queries.read_code("Ada Byron") == queries.read_code("A1B2C3D4E5F") == ""


def test_somebody_is_written_down_by_hand(
    campaign: Campaign, marketer: User, at: datetime, sign_in: Any
) -> None:
    known = people.inquiry(at=at, email="ada@example.com", first_name="Ada")
    client, address = sign_in(marketer), "/leads/campaigns/expo/guests/new/"

    client.post(address, {"first_name": "Augusta", "email": "ADA@example.com", "last_name": "King"})
    client.post(address, {"first_name": "Bob", "phone": "+49 30 901820"})
    refused = client.post(address, {"first_name": "Nobody"})

    ada = Lead.objects.get(pk=known.pk)
    assert (ada.first_name, ada.last_name) == ("Ada", "King")
    bob = Lead.objects.get(phone="+4930901820")
    assert (bob.source, bob.campaign) == ("expo", campaign)
    assert {one.state for one in Guest.objects.all()} == {"registered"}
    assert "Ask for an e-mail address" in refused.content.decode()
    assert Guest.objects.count() == 2


# ---- inviting from the list of leads


def test_leads_are_invited_from_their_list(
    campaign: Campaign, rep: User, abroad: Lead, at: datetime, sign_in: Any
) -> None:
    ids = [lead.pk for lead in people.inquiries(3, at=at)]
    client = sign_in(rep)
    said = {"verb": "invite", "lead": ",".join(map(str, [*ids, abroad.pk])), "filter": ""}
    asked = client.get("/leads/bulk/new/", said)
    assert "Water Expo" in asked.content.decode()

    token = asked.context["form"]["token"].value()
    client.post("/leads/bulk/new/", {**said, "event": "expo", "token": token})
    client.post("/leads/bulk/new/", {**said, "event": "expo", "token": token})

    act = BulkAct.objects.get()
    assert (act.done, act.refused) == (3, 0)
    assert set(Guest.objects.values_list("lead_id", flat=True)) == set(ids)
    assert "Water Expo" in client.get(f"/leads/bulk/{act.pk}/").content.decode()


def test_nobody_is_invited_to_what_is_over(
    campaign: Campaign, marketer: User, at: datetime
) -> None:
    today = timezone.localdate()
    assert queries.event_choices(today=today) == [("expo", "Water Expo")]
    Campaign.objects.update(ends_on=today - timedelta(days=1))
    assert queries.event_choices(today=today) == []


def test_a_rep_finds_the_door_of_an_event(client: Client, campaign: Campaign, rep: User) -> None:
    client.force_login(rep)

    page = client.get("/leads/events/").content.decode()

    assert "Water Expo" in page
    assert "/leads/campaigns/expo/kiosk/" in page
