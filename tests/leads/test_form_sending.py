"""What is kept beside the answers of a public form, and what becomes of it."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from leads import services as leads
from leads.models import (
    Activity,
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
from leads.views import hosted
from tests.factories import people
from tests.leads.sending import process, send, shown_token, slip

pytestmark = pytest.mark.django_db
SHOP = {"origin": "https://shop.example"}


@pytest.fixture
def known(at: datetime) -> tuple[Client, Lead]:
    """A browser that agreed to be remembered, of somebody we know."""
    lead = people.inquiry(at=at, email="ada@example.com", first_name="Ada", attributes={})
    visitor = Visitor.objects.create(pk=uuid4(), lead=lead, first_seen_at=at, last_seen_at=at)
    client = Client()
    client.cookies.load({"lf_consent": "1", "lf_visitor": str(visitor.pk)})
    return client, lead


@pytest.fixture
def later() -> Iterator[Any]:
    """A few seconds after the page was opened."""
    with time_machine.travel(timezone.now() + timedelta(seconds=5)) as clock:
        yield clock


def _values() -> dict[str, Any]:
    return FormSubmission.objects.latest("pk").values


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


# ---- people we know


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


# ---- on other people's pages


def test_a_copy_on_an_allowed_site_is_taken_once(form: Form) -> None:
    leads.allow_hosts(form_id=form.pk, hosts=["shop.example"])
    said = {"token": "", "consent": "on"}

    answers = [send(form, headers=SHOP, **said).status_code for _ in range(3)]
    corrected = send(form, headers=SHOP, **said, first_name="Ada").status_code
    process()

    assert answers == [303, 303, 303]
    assert corrected == 303
    assert FormSubmission.objects.count() == 2
    assert Lead.objects.count() == 1
    assert FormSubmission.objects.earliest("pk").context["via"] == "html"


def test_the_same_from_a_copy_just_over_the_window_is_still_one(form: Form) -> None:
    leads.allow_hosts(form_id=form.pk, hosts=["shop.example"])

    for moment in (datetime(2026, 3, 3, 9, 9, 58), datetime(2026, 3, 3, 9, 10, 2)):
        with time_machine.travel(moment, tick=False):
            send(form, headers=SHOP, token="")
    with time_machine.travel(datetime(2026, 3, 3, 9, 31), tick=False):
        send(form, headers=SHOP, token="")

    assert FormSubmission.objects.count() == 2


def test_the_same_words_from_another_network_are_another_submission(form: Form) -> None:
    leads.allow_hosts(form_id=form.pk, hosts=["shop.example"])

    for address in ("10.1.0.1", "10.1.0.2", "10.2.0.1"):
        send(form, Client(REMOTE_ADDR=address), headers=SHOP, token="")

    assert FormSubmission.objects.count() == 2


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"origin": "https://evil.example"}, "may not send this form by itself"),
        ({"origin": "http://shop.example.evil.example"}, "may not send this form by itself"),
        ({"origin": "https://shop.example:8443"}, "may not send this form by itself"),
        ({"origin": "null"}, "open for too long"),
        ({"referer": "https://evil.example/"}, "may not send this form by itself"),
        ({}, "open for too long"),
    ],
)
def test_a_copy_anywhere_else_is_shown_again_to_be_sent_from_here(
    form: Form, headers: dict[str, str], words: str
) -> None:
    leads.allow_hosts(form_id=form.pk, hosts=["shop.example"])

    answer = send(form, headers=headers, token="", first_name="Grace")

    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert 'value="Grace"' in page
    assert not FormSubmission.objects.exists()


def test_a_copy_tells_its_page_its_hidden_answers_and_its_wording(
    form: Form, client: Client, marketer: Any
) -> None:
    form.fields += [{"name": "partner", "type": "hidden", "param": "p"}]
    form.save()
    leads.allow_hosts(form_id=form.pk, hosts=["shop.example"])
    client.force_login(marketer)
    snippet = client.get(f"/leads/forms/{form.pk}/share/").context["copy_snippet"]
    wording = snippet.split('name="wording" value="')[1].split('"')[0]
    leads.change_form(form_id=form.pk, values={"consent_text": "Newer."})
    hosted.forget_forms()

    send(
        form, headers=SHOP, token="", wording=wording, consent="on", partner="acme",
        page_url="https://shop.example/a?utm_source=ad&utm_campaign=may",
        page_referrer="https://search.example/",
    )  # fmt: skip
    process()

    visit, given = Visit.objects.get(), Consent.objects.get(purpose="marketing")
    assert (given.wording, given.wording_version) == ("Yes, send me news.", 1)
    assert (visit.source, visit.campaign_name) == ("ad", "may")
    assert (visit.referrer, visit.landing_url[:22]) == (
        "https://search.example/",
        "https://shop.example/a",
    )
    assert _values()["partner"] == "acme"
    assert "_extra" not in _values()


def test_a_robot_that_fills_a_copy_is_turned_away(form: Form) -> None:
    leads.allow_hosts(form_id=form.pk, hosts=["shop.example"])

    assert send(form, headers=SHOP, token="", website="x").status_code == 422


def test_only_named_sites_may_frame_the_form(form: Form) -> None:
    leads.allow_hosts(form_id=form.pk, hosts=["shop.example", "localhost:9000"])

    page, frame = Client().get("/f/paper/"), Client().get("/f/paper/embed/")
    after = Client().get("/f/paper/embed/thanks/")

    for answer in (frame, after):
        policy = answer["Content-Security-Policy"]
        assert "frame-ancestors 'self' shop.example localhost:9000" in policy
        assert "X-Frame-Options" not in answer
    assert page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]


def test_a_frame_tells_the_page_around_it(form: Form, later: Any) -> None:
    page = Client().get("/f/paper/embed/").content.decode()
    later.shift(timedelta(seconds=5))
    said = {
        "token": shown_token(page),
        "email": "ada@example.com",
        "page_url": "https://shop.example/?utm_source=ad",
    }

    answer = Client().post("/f/paper/embed/", said)
    process()

    visit = Visit.objects.get()
    assert (answer.status_code, answer.url) == (303, "/f/paper/embed/thanks/")
    assert (visit.source, visit.landing_url) == ("ad", "https://shop.example/?utm_source=ad")


def test_the_next_page_may_be_somewhere_else(form: Form) -> None:
    Form.objects.update(redirect_url="https://shop.example/thanks?x=1")

    page, answer = Client().get("/f/paper/"), send(form)
    framed = Client().get("/f/paper/embed/thanks/").content.decode()

    assert (answer.status_code, answer.url) == (303, "https://shop.example/thanks?x=1")
    assert "form-action 'self' https://shop.example;" in page["Content-Security-Policy"] + ";"
    assert 'href="https://shop.example/thanks?x=1"' in framed
    assert 'target="_top"' in framed


# ---- what looks like spam


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
