"""Somebody written down by hand, and the list as a file."""

import csv
import io
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leadflow.core.models import User
from leads import queries
from leads.models import Lead
from tests.factories import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(marketer: User, sign_in: Any) -> Client:
    return sign_in(marketer)


def _facts(**values: Any) -> dict[str, Any]:
    return {"persona": "unknown", "last_name": "Byron"} | values


def test_a_new_lead_is_there_with_all_that_was_said(client: Client, marketer: User) -> None:
    answer = client.post(
        "/leads/new/",
        _facts(
            email="Ada@X.org", phone="030 1234567", country="de", company="Acme", source="phone"
        ),
    )

    lead = Lead.objects.get()
    assert answer.url == f"/leads/{lead.pk}/"
    assert (lead.email, lead.phone, lead.source) == ("ada@x.org", "+49301234567", "phone")
    assert (lead.company.name, lead.stage, lead.owner) == ("Acme", "inquiry", None)
    assert [one.pk for one in queries.find_leads(user=marketer, q="byron acme")] == [lead.pk]
    assert "written down by hand" in client.get(answer.url).content.decode()


def test_what_a_rep_adds_is_theirs(rep: User, sign_in: Any) -> None:
    sign_in(rep).post("/leads/new/", _facts())

    assert Lead.objects.get().owner == rep


def test_somebody_known_is_refused_with_the_way_to_them(at: datetime, client: Client) -> None:
    known = people.inquiry(at=at, email="ada@x.org", first_name="Ada", last_name="Byron")

    answer = client.post("/leads/new/", _facts(email="ADA@x.org"))

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["email"]
    assert f'<a href="/leads/{known.pk}/">Ada Byron</a>' in answer.content.decode()
    assert Lead.objects.count() == 1


def test_somebody_known_whom_the_reader_may_not_see_is_not_named(
    abroad: Lead, rep: User, sign_in: Any
) -> None:
    Lead.objects.filter(pk=abroad.pk).update(first_name="Secret")

    answer = sign_in(rep).post("/leads/new/", _facts(email=abroad.email))

    assert answer.status_code == 422
    assert "Secret" not in answer.content.decode()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"last_name": ""}, "last_name"),
        ({"email": "nonsense"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"source": "x" * 100}, "source"),
    ],
)
def test_a_bad_fact_is_named_at_its_field(
    values: dict[str, Any], field: str, client: Client
) -> None:
    answer = client.post("/leads/new/", _facts(**values))

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not Lead.objects.exists()


def _download(client: Client, query: str) -> list[dict[str, str]]:
    answer = client.get(f"/leads/leads.csv?{query}")
    text = b"".join(answer).decode("utf-8-sig")  # type: ignore[arg-type]
    return list(csv.DictReader(io.StringIO(text)))


def test_the_file_holds_what_the_list_shows(at: datetime, client: Client, rep: User) -> None:
    people.inquiry(at=at, first_name="Ada", country="DE", owner_id=rep.pk)
    people.inquiry(at=at, first_name="=cmd()", country="DE")
    people.inquiry(at=at, first_name="Other", country="AT")
    gone = people.inquiry(at=at, first_name="Gone", country="DE")
    Lead.objects.filter(pk=gone.pk).update(erased_at=at)

    rows = _download(client, "country=DE")

    assert [row["First name"] for row in rows] == ["Ada", "'=cmd()"]
    assert rows[0]["Owner"] == rep.name
    assert rows[0]["Stage"] == "Inquiry"
    assert rows[0]["Came"].startswith("2026-03-03 ")


def test_a_file_of_many_takes_as_many_queries_as_one_of_few(at: datetime, client: Client) -> None:
    counts = []
    for more in (10, 990):
        people.inquiries(more, at=at)
        with CaptureQueriesContext(connection) as seen:
            _download(client, "")
        counts.append(len(seen))

    assert counts[0] == counts[1]
