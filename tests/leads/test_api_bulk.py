"""One verb on many leads through the API: an answer for each, and nothing half-done."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leadflow.core.models import User
from leads.models import Lead, StageChange
from tests.factories import people

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/leads/bulk/"


@pytest.fixture
def client(rep: User, api: Any) -> Client:
    return api(rep)


def send(client: Client, body: Any) -> Any:
    return client.post(ADDRESS, body, content_type="application/json")


def test_each_lead_is_answered_in_the_order_it_was_named(
    at: datetime, client: Client, rep: User, abroad: Lead
) -> None:
    (offered,) = people.offered(at=at)
    inquiry = people.inquiry(at=at)
    ids = [inquiry.pk, abroad.pk, offered.pk, inquiry.pk, 10**15]

    answer = send(client, {"verb": "offer", "leads": ids})

    assert answer.status_code == 200
    said = answer.json()
    unseen = "This lead does not exist or is not yours to see."
    assert said["counts"] == {"moved": 1, "refused": 3}
    assert said["rows"] == [
        {"lead": inquiry.pk, "status": "moved"},
        {"lead": abroad.pk, "status": "refused", "error": unseen},
        {
            "lead": offered.pk,
            "status": "refused",
            "error": "You cannot offer a lead that is in “Marketing qualified”.",
        },
        {"lead": 10**15, "status": "refused", "error": unseen},
    ]
    assert StageChange.objects.get(lead=inquiry, verb="offer").by == rep


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"verb": "fly", "leads": [1]}, "verb", "There is no verb “fly”."),
        ({"leads": [1]}, "verb", "required"),
        ({"verb": "offer"}, "leads", "required"),
        ({"verb": "offer", "leads": []}, "leads", "Name at least one lead."),
        ({"verb": "offer", "leads": ["x"]}, "leads", "valid integer"),
        ({"verb": "offer", "leads": [0]}, "leads", "greater than or equal to 1"),
        ({"verb": "offer", "leads": [1] * 5_001}, "leads", "Send at most 5,000 leads"),
        ({"verb": "advance", "leads": [1], "amount": -1}, "amount", "greater than or equal to 0"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_makes_no_sense_is_named(
    body: dict[str, Any], field: str, words: str, client: Client
) -> None:
    answer = send(client, body)

    assert answer.status_code == 400
    assert words in str(answer.json()[field])


def test_a_missing_reason_is_named_for_all(at: datetime, client: Client) -> None:
    (row,) = people.offered(at=at)
    answer = send(client, {"verb": "reject", "leads": [row.pk]})

    assert answer.status_code == 400
    assert answer.json() == {"detail": "Choose a reason to reject the lead.", "field": "reason"}


def test_a_role_without_the_verb_is_told(at: datetime, marketer: User, api: Any) -> None:
    answer = send(api(marketer), {"verb": "win", "leads": [people.inquiry(at=at).pk]})

    assert answer.status_code == 403
    assert answer.json()["detail"] == "As marketer you may not win leads."


def test_a_handoff_that_is_none_is_named(at: datetime, client: Client) -> None:
    row = people.inquiry(at=at)
    answer = send(client, {"verb": "offer", "leads": [row.pk], "handoff": "nowhere"})

    assert answer.status_code == 400
    assert answer.json()["field"] == "handoff"


def test_as_many_queries_for_300_leads_as_for_3(at: datetime, client: Client) -> None:
    counts = []
    for more in (3, 300):
        ids = [row.pk for row in people.inquiries(more, at=at)]
        with CaptureQueriesContext(connection) as seen:
            send(client, {"verb": "offer", "leads": ids})
        counts.append(len(seen))

    assert counts[0] == counts[1]
