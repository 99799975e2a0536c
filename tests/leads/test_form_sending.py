"""What is kept beside the answers of a public form, and what becomes of it."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leads import services as leads
from leads.models import (
    Campaign,
    Consent,
    Form,
    FormSubmission,
    Guest,
    Lead,
    OptIn,
    Visit,
    Visitor,
)
from tests.factories import people
from tests.leads.sending import process, send, shown_token, slip

pytestmark = pytest.mark.django_db
SHOP = {"origin": "https://shop.example"}


def test_answers_to_own_questions_are_kept_on_the_lead(form: Form) -> None:
    form.fields = [
        {"name": "email", "type": "email", "required": True},
        {"name": "budget", "type": "choice", "options": ["small", "large"]},
        {"name": "uses", "type": "choices", "options": ["pumps", "fans", "drives"]},
        {"name": "machines", "type": "number"},
        {"name": "price", "type": "number"},
        {"name": "start_on", "type": "date"},
        {"name": "is_urgent", "type": "checkbox"},
        {"name": "country", "type": "country"},
        {"name": "empty", "type": "text"},
        {"name": "partner", "type": "hidden", "value": "acme"},
    ]
    form.save()

    answer = send(
        form, budget="large", uses=["pumps", "fans"], machines="12", price="1.50",
        start_on="2026-05-01", is_urgent="on", country="DE",
    )  # fmt: skip
    process()

    lead = Lead.objects.get()
    assert answer.status_code == 303
    assert lead.country == "DE"
    assert lead.attributes == {
        "budget": "large", "uses": ["pumps", "fans"], "machines": 12, "price": 1.5,
        "start_on": "2026-05-01", "is_urgent": True, "partner": "acme",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("budget", "huge"), ("machines", "many"), ("machines", "NaN"), ("machines", "1e400"),
        ("start_on", "tomorrow"), ("start_on", "0000-00-00"), ("country", "XX"), ("second", "no address"),
    ],
)  # fmt: skip
def test_an_answer_of_the_wrong_kind_is_named(form: Form, name: str, value: str) -> None:
    form.fields = [
        {"name": "email", "type": "email"},
        {"name": "budget", "type": "choice", "options": ["small", "large"]},
        {"name": "machines", "type": "number"},
        {"name": "start_on", "type": "date"},
        {"name": "country", "type": "country"},
        {"name": "second", "type": "email"},
    ]
    form.save()

    answer = send(form, headers={"accept": "application/json"}, **{name: value})

    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [name]
    assert not FormSubmission.objects.exists()


def test_a_later_form_adds_own_answers_and_company_and_overwrites_none(
    form: Form, at: datetime
) -> None:
    lead = people.inquiry(at=at, email="ada@example.com")
    leads.update_facts(facts_by_lead={lead.pk: {"attributes": {"budget": "large"}}}, at=at)
    form.fields += [{"name": "budget"}, {"name": "machines"}, {"name": "company"}]
    form.save()

    send(form, budget="small", machines="3", company="Engines")
    process()

    lead = Lead.objects.get()
    assert lead.attributes == {"budget": "large", "machines": "3"}
    assert str(lead.company) == "Engines"


def test_the_wording_that_was_shown_is_kept(form: Form, later: Any) -> None:
    token = slip(form)
    leads.change_form(form_id=form.pk, values={"consent_text": "Another wording."})

    send(form, token=token, consent="on")
    process()

    given = Consent.objects.get(purpose="marketing")
    assert (given.wording, given.wording_version) == ("Yes, send me news.", 1)


def test_required_consent_has_to_be_ticked(form: Form) -> None:
    Form.objects.update(consent_required=True)

    refused, taken = send(form), send(form, consent="on")

    assert (refused.status_code, taken.status_code) == (422, 303)
    assert "Please agree" in refused.content.decode()


def test_double_opt_in_keeps_the_question_instead_of_the_consent(form: Form) -> None:
    Form.objects.update(is_double_opt_in=True)

    send(form, consent="on")
    send(form, email="bob@example.com")
    process()

    opt_in = OptIn.objects.get()
    assert (opt_in.email, opt_in.wording) == ("ada@example.com", "Yes, send me news.")
    assert opt_in.submission == FormSubmission.objects.earliest("pk")
    assert not Consent.objects.filter(purpose="marketing").exists()


def test_marks_and_referrer_of_the_page_become_a_visit(form: Form, later: Any) -> None:
    Form.objects.update(campaign=None)
    spring = Campaign.objects.create(key="spring", name="Spring")
    query = "utm_source=news&utm_medium=mail&utm_campaign=spring&utm_term=t&utm_content=c"
    page = Client().get(f"/f/paper/?{query}", headers={"referer": "https://other.example/x"})
    later.shift(timedelta(seconds=5))

    send(form, token=shown_token(page.content.decode()))
    process()

    visit, lead = Visit.objects.get(), Lead.objects.get()
    assert (visit.lead, visit.campaign, visit.campaign_name) == (lead, spring, "spring")
    assert (visit.source, visit.medium, visit.term, visit.content) == ("news", "mail", "t", "c")
    assert visit.referrer == "https://other.example/x"
    assert visit.landing_url == f"http://testserver/f/paper/?{query}"
    assert (lead.source, lead.campaign) == ("news", spring)


def test_whoever_came_from_nowhere_makes_no_visit(form: Form) -> None:
    send(form)
    process()

    assert Lead.objects.exists()
    assert not Visit.objects.exists()


def test_a_visit_that_the_script_has_told_of_is_not_told_twice(
    form: Form, known: tuple[Client, Lead]
) -> None:
    client, lead = known
    visitor = Visitor.objects.get()
    Visit.objects.create(visitor=visitor, lead=lead, at=timezone.now(), source="news")

    send(form, client, token=slip(form, arrival={"source": "news"}))
    send(form, client, token=slip(form, arrival={"source": "other"}), first_name="Ada")
    process()

    assert sorted(Visit.objects.values_list("source", flat=True)) == ["news", "other"]


def test_the_form_of_an_event_puts_people_on_its_guest_list_once(form: Form) -> None:
    send(form)
    send(form, first_name="Ada")
    send(form, email="bob@example.com")
    process()

    guests = Guest.objects.order_by("pk")
    assert [(guest.lead.email, guest.source) for guest in guests] == [
        ("ada@example.com", "form"), ("bob@example.com", "form"),
    ]  # fmt: skip
    assert guests[0].registered_at == FormSubmission.objects.earliest("pk").received_at
    assert leads.register_guests(campaign_ids_by_lead=[], source="x") == 0


def test_the_form_of_no_event_makes_no_guests(form: Form) -> None:
    Campaign.objects.update(kind=Campaign.Kind.AD)
    send(form)
    process()

    assert not Guest.objects.exists()


def test_somebody_invited_is_registered_by_the_form(form: Form, at: datetime) -> None:
    lead = people.inquiry(at=at, email="ada@example.com")
    invited = Guest.objects.create(campaign=form.campaign, lead=lead, invited_at=at, source="list")

    send(form)
    process()

    invited.refresh_from_db()
    assert (invited.invited_at, invited.source) == (at, "list")
    assert invited.registered_at is not None


def test_a_hidden_answer_comes_from_the_link_and_cannot_be_typed(form: Form, later: Any) -> None:
    form.fields += [{"name": "partner", "type": "hidden", "param": "p", "value": "nobody"}]
    form.save()
    pages = [Client().get(f"/f/paper/{query}").content.decode() for query in ("?p=acme", "")]
    later.shift(timedelta(seconds=5))

    for page in pages:
        send(form, token=shown_token(page), partner="typed")
    told = [row.values["partner"] for row in FormSubmission.objects.order_by("pk")]

    assert told == ["acme", "nobody"]
    assert "acme" not in pages[0]


@pytest.mark.parametrize(
    ("values", "is_marked"),
    [
        ({"message": "See http://a.example"}, False),
        ({"message": "http://a.example http://b.example www.c.example"}, True),
        ({"first_name": "Win at www.casino.example"}, True),
    ],
)
def test_what_looks_like_spam_is_kept_and_marked(
    form: Form, values: dict[str, str], is_marked: bool
) -> None:
    assert send(form, **values).status_code == 303
    process()

    row = FormSubmission.objects.get()
    assert row.state == "done"
    assert ("suspicion" in row.context) is is_marked


def test_dates_are_kept_as_they_are_written() -> None:
    from leads.forms.public import _plain

    assert _plain(date(2026, 3, 3)) == "2026-03-03"
