"""What came in through a form: its page, its states, and trying again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leadflow.core.models import User
from leads import services as leads
from leads.models import Form, FormSubmission

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(marketer: User, sign_in: Callable[[User], Client]) -> Client:
    return sign_in(marketer)


def _sent(form: Form, number: int, *, at: datetime, **said: Any) -> FormSubmission:
    facts = {"values": {"email": f"p{number}@example.com"}} | said
    return FormSubmission.objects.create(form=form, token=f"t{number}", received_at=at, **facts)


def test_what_was_sent_stands_beside_the_lead_it_made(
    client: Client, form: Form, at: datetime
) -> None:
    values = {"email": "ada@example.com", "first_name": "Ada", "consent": True, "machines": [1, 2]}
    context = {"via": "html", "arrival": {"campaign": "spring"}, "suspicion": "Links."}
    row = _sent(form, 1, at=at, values={**values, "_extra": {"odd": "x"}}, context=context)
    leads.process_submissions(at=at)
    row.refresh_from_db()

    page = client.get(f"/leads/forms/{form.pk}/submissions/").content.decode()

    assert f'href="/leads/{row.lead_id}/"' in page
    for words in (
        "Work e-mail",
        "1, 2",
        "odd (not asked)",
        "spring",
        "a copy on",
        "looks like spam",
    ):
        assert words in page


def test_the_page_is_narrowed_by_state_and_goes_on(
    client: Client, form: Form, at: datetime
) -> None:
    for number in range(50):
        _sent(form, number, at=at)
    _sent(form, 99, at=at, state="failed", error="No such <thing>.")
    address = f"/leads/forms/{form.pk}/submissions/"

    page = client.get(address)
    older = client.get(address + page.context["page"].next_url)
    failed = client.get(f"{address}?state=failed").content.decode()

    assert (len(page.context["page"]), len(older.context["page"])) == (40, 11)
    assert "No such &lt;thing&gt;." in failed
    assert "p99@example.com" in failed
    assert "p1@example.com" not in failed


@pytest.mark.parametrize("values", [[], "text", None, 7, {"a": {"b": [1, {"c": 2}]}}])
def test_whatever_was_stored_can_be_looked_at(
    client: Client, form: Form, at: datetime, values: Any
) -> None:
    if values is None:
        values = {"_extra": "odd"}
    _sent(form, 1, at=at, values=values)

    assert client.get(f"/leads/forms/{form.pk}/submissions/").status_code == 200


def test_one_of_several_is_tried_again(client: Client, form: Form, at: datetime) -> None:
    rows = [_sent(form, n, at=at, state="failed", attempts=10, error="x") for n in range(3)]

    client.post(f"/leads/forms/{form.pk}/submissions/{rows[1].pk}/again/")

    states = [row.state for row in FormSubmission.objects.order_by("pk")]
    assert states == ["failed", "done", "failed"]


def test_a_submission_of_another_form_is_not_tried(
    client: Client, form: Form, at: datetime
) -> None:
    other = Form.objects.create(slug="other", name="Other", fields=form.fields)
    row = _sent(other, 1, at=at, state="failed")

    assert client.post(f"/leads/forms/{form.pk}/submissions/{row.pk}/again/").status_code == 404
    assert client.post(f"/leads/forms/{form.pk}/submissions/{10**30}/again/").status_code == 404


def test_the_page_takes_the_same_queries_for_ten_and_for_many(
    client: Client, form: Form, django_assert_num_queries: Any
) -> None:
    now = timezone.now()
    address = f"/leads/forms/{form.pk}/submissions/"
    for number in range(10):
        _sent(form, number, at=now - timedelta(minutes=number))
    leads.process_submissions(at=now)
    client.get(address)
    with django_assert_num_queries(6) as few:
        client.get(address)
    for number in range(10, 200):
        _sent(form, number, at=now - timedelta(minutes=number))
    leads.process_submissions(at=now)

    with django_assert_num_queries(len(few)):
        client.get(address)


def test_programs_read_forms_and_what_came_in(
    api: Any, marketer: User, rep: User, form: Form, at: datetime
) -> None:
    _sent(form, 1, at=at)
    _sent(form, 2, at=at, state="failed", error="x")
    client = api(marketer)

    forms = client.get("/api/v1/forms/").json()["results"]
    sent = client.get(f"/api/v1/forms/{form.pk}/submissions/?state=failed").json()["results"]

    assert (forms[0]["slug"], forms[0]["failed"], forms[0]["campaign"]) == ("paper", 1, "expo")
    assert [row["values"]["email"] for row in sent] == ["p2@example.com"]
    assert api(rep).get("/api/v1/forms/").status_code == 403
    assert client.get("/api/v1/forms/999999/submissions/").status_code == 404
