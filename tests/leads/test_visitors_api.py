"""Programs say who visitors are, or ask for the token of a personal link."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from leadflow.core.models import User
from leads import services as leads
from leads.models import Lead, Visitor
from tests.factories import people
from tests.leads.tracking import remembered, see

pytestmark = pytest.mark.django_db
IDENTIFY, TOKEN = "/api/v1/visitors/identify/", "/api/v1/visitors/token/"


def post(client: Any, address: str, **said: Any) -> Any:
    return client.post(address, said, content_type="application/json")


@pytest.mark.parametrize("way", ["lead", "email", "external_id"])
def test_a_visitor_becomes_known_with_what_it_did(
    way: str, manager: User, api: Any, at: datetime
) -> None:
    lead = people.inquiry(at=at, email="ada@example.com", external_id="crm-7")
    client, visitor = remembered()
    see(client)
    named = {"lead": lead.pk, "email": " ADA@example.com ", "external_id": "crm-7"}[way]

    answer = post(api(manager), IDENTIFY, visitor=str(visitor), **{way: named})

    assert answer.status_code == 200
    assert answer.json() == {"visitor": str(visitor), "lead": lead.pk, "is_attached": True}
    assert lead.activities.count() == 1


def test_somebody_elses_visitor_is_not_given_away(manager: User, api: Any, at: datetime) -> None:
    first, second = people.inquiries(2, at=at)
    visitor, client = str(uuid4()), api(manager)
    post(client, IDENTIFY, visitor=visitor, lead=first.pk)

    answer = post(client, IDENTIFY, visitor=visitor, lead=second.pk)

    assert answer.json()["is_attached"] is False
    assert Visitor.objects.get().lead == first


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"visitor": "x", "lead": 1}, "visitor"),
        ({"lead": 1}, "visitor"),
        ({"visitor": str(uuid4())}, "lead"),
        ({"visitor": str(uuid4()), "lead": 10**9}, "lead"),
        ({"visitor": str(uuid4()), "lead": 10**40}, "lead"),
        ({"visitor": str(uuid4()), "email": "nobody@example.com"}, "email"),
        ({"visitor": str(uuid4()), "email": "nonsense"}, "email"),
        ({"visitor": str(uuid4()), "external_id": "\x00"}, "external_id"),
    ],
)
def test_what_does_not_fit_is_named(
    said: dict[str, Any], field: str, manager: User, api: Any
) -> None:
    answer = post(api(manager), IDENTIFY, **said)

    assert answer.status_code == 400
    assert field in answer.json() or answer.json().get("field") == field
    assert not Visitor.objects.exists()


@pytest.mark.parametrize("address", [IDENTIFY, TOKEN])
def test_a_lead_of_another_territory_is_nobody(
    address: str, rep: User, api: Any, abroad: Lead
) -> None:
    answer = post(api(rep), address, visitor=str(uuid4()), lead=abroad.pk)

    assert (answer.status_code, answer.json()["field"]) == (400, "lead")
    assert not Visitor.objects.exists()


def test_a_token_is_made_for_a_personal_link(manager: User, api: Any, at: datetime) -> None:
    lead = people.inquiry(at=at)

    answer = post(api(manager), TOKEN, lead=lead.pk, hours=48)

    said, now = answer.json(), timezone.now()
    assert answer.status_code == 201
    until = parse_datetime(said["expires_at"])
    assert until is not None
    assert timedelta(hours=47) < until - now < timedelta(hours=49)
    assert leads.read_visitor_token(said["token"], at=now) == lead.pk
    assert leads.read_visitor_token(said["token"], at=now + timedelta(hours=49)) is None


@pytest.mark.parametrize("hours", [0, -1, 10**6, "long"])
def test_a_token_lasts_no_more_than_ninety_days(hours: Any, manager: User, api: Any) -> None:
    assert post(api(manager), TOKEN, lead=1, hours=hours).status_code == 400
