"""The door: tickets let people in, names are found, and nobody sees whom they may not see."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from content.models import Product
from leadflow.core.models import User
from leads import services as leads
from leads.models import Activity, Campaign, Consent, Guest, Lead
from tests.factories import people

pytestmark = pytest.mark.django_db
DOOR = "/leads/campaigns/expo/kiosk/"


@pytest.fixture
def client(rep: User, campaign: Campaign, sign_in: Any) -> Client:
    return sign_in(rep)


def register(campaign: Campaign, lead: Lead, at: datetime) -> Guest:
    leads.register_guests(campaign_ids_by_lead=[(campaign.pk, lead.pk, at)], source="form")
    return Guest.objects.get(campaign=campaign, lead=lead)


@pytest.fixture
def guest(campaign: Campaign, at: datetime) -> Guest:
    [lead] = leads.create_leads(
        people=[
            leads.NewLead(
                at=at,
                facts={"first_name": "Ada", "last_name": "Byron", "email": "ada@example.com"},
                company_name="Engines Ltd",
            )
        ],
        at=at,
    )
    return register(campaign, lead, at)


@pytest.fixture
def hidden(campaign: Campaign, abroad: Lead, at: datetime) -> Guest:
    """A guest whom no rep of the tests may see."""
    leads.update_facts(
        facts_by_lead={
            abroad.pk: {"first_name": "Hedy", "last_name": "Lamarr", "email": "hedy@example.com"}
        },
        at=at,
    )
    return register(campaign, abroad, at)


def scan(client: Client, q: str, **more: str) -> str:
    return client.post(f"{DOOR}scan/", {"q": q, **more}).content.decode()


def test_a_ticket_lets_its_guest_in_once(client: Client, guest: Guest) -> None:
    first = scan(client, guest.code)
    again = scan(client, f" {guest.code.lower()} ")

    assert "Welcome, Ada Byron" in first
    assert "Engines Ltd" in first
    assert "1</strong> here" in first
    assert "Already here since" in again
    assert Activity.objects.filter(kind="event").count() == 1


def test_through_htmx_only_the_answer_comes(client: Client, guest: Guest) -> None:
    answer = client.post(f"{DOOR}scan/", {"q": guest.code}, headers={"HX-Request": "true"})

    assert b"<html" not in answer.content
    assert b'id="answer"' in answer.content


def test_an_unknown_ticket_and_one_of_another_event_let_nobody_in(
    client: Client, guest: Guest
) -> None:
    other = Campaign.objects.create(key="fair", name="Other Fair", kind="trade_show")
    Guest.objects.update(campaign=other)

    assert "Nobody has the ticket 0000 0000 0000" in scan(client, "000000000000")
    assert "This ticket is for “Other Fair”" in scan(client, guest.code)
    assert not Activity.objects.filter(kind="event").exists()


def test_a_name_finds_guests_and_leads_to_tap(
    client: Client, guest: Guest, campaign: Campaign, at: datetime
) -> None:
    other = people.inquiry(at=at, first_name="Adam", last_name="Byte")

    page = scan(client, "ad by")
    assert "Ada Byron" in page
    assert "Adam Byte" in page
    assert "Welcome" in client.post(f"{DOOR}admit/", {"guest": guest.pk}).content.decode()
    assert "Welcome" in client.post(f"{DOOR}admit/", {"lead": other.pk}).content.decode()
    assert Guest.objects.filter(attended_at__isnull=False).count() == 2


def test_nobody_of_that_name_brings_up_the_form(client: Client, campaign: Campaign) -> None:
    assert 'value="grace@example.com"' in scan(client, "grace@example.com")
    page = scan(client, "Grace Hopper")
    assert 'value="Grace"' in page
    assert 'value="Hopper"' in page


def test_somebody_new_becomes_a_lead_and_is_in(
    client: Client, campaign: Campaign, product: Product
) -> None:
    said = {
        "first_name": "Grace", "last_name": "Hopper", "email": "Grace@Example.com",
        "company": "Navy", "product": product.pk, "note": "Wants a demo\nin May", "consent": "on",
    }  # fmt: skip

    page = client.post(f"{DOOR}new/", said).content.decode()
    client.post(f"{DOOR}new/", said)

    assert "Welcome, Grace Hopper" in page
    lead = Lead.objects.get()
    assert (lead.email, lead.source, lead.campaign) == ("grace@example.com", "expo", campaign)
    assert list(lead.products.all()) == [product]
    consent = Consent.objects.get()
    assert (consent.source, consent.is_given) == ("stand expo", True)
    assert consent.wording.startswith("You may send me")
    (activity,) = Activity.objects.all()
    assert (activity.kind, activity.properties["text"]) == ("event", "Wants a demo\nin May")
    assert Guest.objects.get().source == "stand"


def test_a_known_person_is_not_made_twice_nor_overwritten(
    client: Client, guest: Guest, campaign: Campaign
) -> None:
    said = {
        "first_name": "Augusta",
        "email": "ada@example.com",
        "phone": "+4930901820",
        "note": "Hi",
    }

    page = client.post(f"{DOOR}new/", said).content.decode()

    assert "Welcome, Ada Byron" in page
    lead = Lead.objects.get()
    assert (lead.first_name, lead.phone) == ("Ada", "+4930901820")
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"first_name": "Ada"}, "Ask for an e-mail address or a phone number."),
        ({"first_name": "Ada", "email": "ada@"}, "is not an e-mail address"),
        ({"first_name": "Ada", "phone": "12"}, "is not a phone number"),
        ({"first_name": "x" * 10_000, "email": "a@example.com"}, "at most 120 characters"),
        ({"first_name": "\x00", "email": "a@example.com"}, "Null characters are not allowed"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(
    said: dict[str, str], words: str, client: Client, campaign: Campaign
) -> None:
    answer = client.post(f"{DOOR}new/", said)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Lead.objects.exists()


def test_a_rep_lets_in_somebody_elses_guest_and_sees_the_name_alone(
    client: Client, hidden: Guest, at: datetime
) -> None:
    assert "Lamarr" not in scan(client, "hedy")
    assert "Lamarr" not in scan(client, "hedy@example.com")

    page = scan(client, hidden.code)

    assert "Welcome, Hedy Lamarr" in page
    assert "hedy@example.com" not in page
    assert Guest.objects.get(pk=hidden.pk).state == "attended"


def test_a_rep_cannot_tap_or_learn_whom_they_may_not_see(client: Client, hidden: Guest) -> None:
    assert client.post(f"{DOOR}admit/", {"guest": hidden.pk}).status_code == 404
    assert client.post(f"{DOOR}admit/", {"lead": hidden.lead_id}).status_code == 404

    said = {"first_name": "Curious", "email": "hedy@example.com", "phone": "+4930901820"}
    page = client.post(f"{DOOR}new/", said).content.decode()

    assert "Welcome, Curious" in page
    assert "Lamarr" not in page
    assert Lead.objects.get(pk=hidden.lead_id).phone == ""


def test_the_wrong_one_is_taken_back(client: Client, guest: Guest) -> None:
    scan(client, guest.code)

    page = client.post(f"{DOOR}take-back/", {"code": guest.code}).content.decode()

    assert "Ada Byron counts as not here" in page
    assert Guest.objects.get().state == "registered"
    assert not Activity.objects.filter(kind="event").exists()


def test_a_ticket_that_waited_for_the_network_counts_from_when_it_was_scanned(
    client: Client, guest: Guest
) -> None:
    scan(client, guest.code, waited="600")

    waited = timezone.now() - Guest.objects.get().attended_at
    assert timedelta(seconds=599) < waited < timedelta(hours=1)


@pytest.mark.parametrize("waited", ["-5", "x", "9" * 40, ""])
def test_nonsense_about_waiting_is_none(waited: str, client: Client, guest: Guest) -> None:
    assert "Welcome" in scan(client, guest.code, waited=waited)


@pytest.mark.parametrize(
    "q", ["<script>alert(1)</script>", "\x00", "x" * 10_000, "' & | ! :*", "🦄"]
)
def test_whatever_is_typed_is_answered(q: str, client: Client, campaign: Campaign) -> None:
    answer = client.post(f"{DOOR}scan/", {"q": q})

    assert answer.status_code == 200
    assert b"<script>alert" not in answer.content
