"""Public forms on other people's pages: copied as plain HTML, or in a frame."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from leads import services as leads
from leads.models import (
    Consent,
    Form,
    FormSubmission,
    Lead,
    Visit,
)
from leads.views import hosted
from tests.leads.sending import process, send, shown_token

pytestmark = pytest.mark.django_db
SHOP = {"origin": "https://shop.example"}


def _values() -> dict[str, Any]:
    return FormSubmission.objects.latest("pk").values


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
