"""Visitors we know are asked the next questions, and see nothing of what we know."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from leads.models import (
    Activity,
    Form,
    FormSubmission,
    Lead,
    Visitor,
)
from tests.leads.sending import process, shown_token

pytestmark = pytest.mark.django_db
SHOP = {"origin": "https://shop.example"}


def _ask_little(form: Form, most: int = 2) -> None:
    form.most_questions = most
    form.fields += [{"name": "company"}, {"name": "budget"}]
    form.save()


def test_somebody_new_is_asked_the_first_questions(form: Form) -> None:
    _ask_little(form)

    page = Client().get("/f/paper/").content.decode()

    assert ('name="first_name"' in page, 'name="email"' in page) == (True, True)
    assert 'name="phone"' not in page


def test_somebody_we_know_is_asked_the_next_ones_and_sees_nothing_of_what_we_know(
    form: Form, known: tuple[Client, Lead], later: Any
) -> None:
    client, lead = known
    _ask_little(form)
    page = client.get("/f/paper/").content.decode()
    later.shift(timedelta(seconds=5))

    answer = client.post("/f/paper/", {"token": shown_token(page), "phone": "+49 30 1234567"})
    process()

    lead = Lead.objects.get()
    assert ('name="phone"' in page, 'name="message"' in page) == (True, True)
    for name in ('name="email"', 'name="first_name"', "ada@example.com", ">Ada<", 'value="Ada"'):
        assert name not in page
    assert answer.status_code == 303
    assert lead.phone == "+49301234567"
    assert FormSubmission.objects.get().lead == lead
    assert Activity.objects.filter(lead=lead, kind="form").count() == 1


def test_whoever_says_it_is_not_them_is_asked_everything(
    form: Form, known: tuple[Client, Lead], later: Any
) -> None:
    client, lead = known
    _ask_little(form)
    page = client.get("/f/paper/?all=1").content.decode()
    later.shift(timedelta(seconds=5))

    client.post("/f/paper/", {"token": shown_token(page), "email": "bob@example.com"})
    process()

    assert 'name="email"' in page
    assert FormSubmission.objects.get().lead != lead
    assert Lead.objects.filter(email="bob@example.com").count() == 1


@pytest.mark.parametrize("cookies", [{"lf_consent": "0"}, {"lf_consent": "1", "lf_visitor": "x"}])
def test_without_consent_nobody_is_recognised(
    form: Form, known: tuple[Client, Lead], cookies: dict[str, str]
) -> None:
    client, _ = known
    client.cookies.load(cookies)
    _ask_little(form)

    assert 'name="email"' in client.get("/f/paper/").content.decode()


def test_an_address_given_by_somebody_known_by_phone_is_theirs(
    form: Form, known: tuple[Client, Lead], later: Any
) -> None:
    client, lead = known
    Lead.objects.update(email="", phone="+49301234567")
    _ask_little(form, most=3)
    page = client.get("/f/paper/").content.decode()
    later.shift(timedelta(seconds=5))

    client.post("/f/paper/", {"token": shown_token(page), "email": "ada@example.com"})
    process()

    assert Lead.objects.get().email == "ada@example.com"
    assert FormSubmission.objects.get().lead == lead


def test_a_submission_of_somebody_who_was_forgotten_meanwhile_waits_with_the_reason(
    form: Form, known: tuple[Client, Lead], later: Any
) -> None:
    client, _ = known
    _ask_little(form)
    page = client.get("/f/paper/").content.decode()
    later.shift(timedelta(seconds=5))
    client.post("/f/paper/", {"token": shown_token(page), "message": "Call me"})
    Visitor.objects.update(lead=None)

    process()

    row = FormSubmission.objects.get()
    assert (row.state, row.error) == ("failed", "Give an e-mail address or a phone number.")


def test_whoever_has_told_everything_needs_one_click(
    form: Form, known: tuple[Client, Lead]
) -> None:
    client, _ = known
    form.fields = [{"name": "email", "type": "email"}, {"name": "first_name"}]
    form.most_questions = 2
    form.save()

    page = client.get("/f/paper/").content.decode()

    assert 'type="email"' not in page
    assert "Send and get the white paper" in page
