"""Double opt-in: the form only asks, an e-mail asks again, and a click makes it count."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from content.models import Asset
from leads import services as leads
from leads.models import Consent, Form, Lead, OptIn
from nurture import queries
from nurture import services as nurture
from nurture.models import Message
from tests.nurture.conftest import Sink

pytestmark = pytest.mark.django_db
WORDING = "Yes, send me news."


@pytest.fixture
def form(db: None) -> Form:
    fields = [{"name": "email", "type": "email", "required": True}]
    return Form.objects.create(
        slug="news", name="News", fields=fields, consent_text=WORDING, is_double_opt_in=True
    )


@pytest.fixture
def ask(form: Form, settle: Callable[[], int]) -> Callable[..., OptIn]:
    """Send the form with the box ticked, and everything that follows by itself."""

    def run(*, at: datetime, token: str = "a", email: str = "ada@example.com") -> OptIn:
        with time_machine.travel(at, tick=False):
            leads.receive_submission(
                form=form,
                values={"email": email, "consent": True},
                token=token,
                visitor_id=None,
                source="",
                context={"consent": {"version": 3, "text": "The wording of then."}},
                at=at,
            )
            leads.process_submissions(at=at)
            settle()
            nurture.send_messages(at=at)
        return OptIn.objects.latest("pk")

    return run


def _link(sink: Sink, number: int = 0) -> str:
    text = sink.arrived[number][1].get_body(("plain",)).get_content()
    found = re.search(r"https://leads\.example\.com(/f/confirm/\S+?/)", text)
    assert found, text
    return found[1]


def test_ticking_the_box_is_no_consent_yet_and_one_mail_asks(
    sink: Sink, ask: Any, at: datetime
) -> None:
    opt_in = ask(at=at)

    assert sink.addresses == ["ada@example.com"]
    assert not Consent.objects.filter(purpose="marketing").exists()
    assert _link(sink) == f"/f/confirm/{opt_in.token}/"
    assert Message.objects.get().is_marketing is False
    html = sink.arrived[0][1].get_body(("html",)).get_content()
    assert f'href="https://leads.example.com/f/confirm/{opt_in.token}/"' in html


def test_a_look_changes_nothing_and_a_click_confirms_once(
    sink: Sink, ask: Any, at: datetime
) -> None:
    ask(at=at)
    strict, link = Client(enforce_csrf_checks=True), _link(sink)

    with time_machine.travel(at + timedelta(days=2)):
        strict.head(link)
        page = strict.get(link).content.decode()
        assert "The wording of then." in page
        assert not Consent.objects.exists()
        answers = [strict.post(link).status_code for _ in range(2)]

    given = Consent.objects.get()
    assert answers == [302, 302]
    assert (given.wording, given.wording_version) == ("The wording of then.", 3)
    assert (given.purpose, given.source) == ("marketing", "form news, confirmed")
    assert given.at.date() == (at + timedelta(days=2)).date()
    assert queries.marketing_words([given.lead_id])[given.lead_id][0] is True
    assert "Confirmed, thank you" in strict.get(link).content.decode()


def test_after_thirty_days_the_link_says_that_it_is_too_old(
    sink: Sink, ask: Any, at: datetime, client: Client
) -> None:
    ask(at=at)

    with time_machine.travel(at + timedelta(days=31)):
        answers = [client.get(_link(sink)), client.post(_link(sink))]

    assert [answer.status_code for answer in answers] == [410, 410]
    assert "too old" in answers[1].content.decode()
    assert not Consent.objects.exists()


def test_a_link_nobody_was_sent_leads_nowhere(client: Client, db: None) -> None:
    address = "/f/confirm/00000000-0000-4000-8000-000000000000/"

    assert (client.get(address).status_code, client.post(address).status_code) == (404, 404)


def test_a_mailbox_is_not_filled_by_sending_the_form_again_and_again(
    sink: Sink, ask: Any, at: datetime
) -> None:
    for minute in range(10):
        ask(at=at + timedelta(minutes=5 * minute), token=f"t{minute}")
    ask(at=at + timedelta(hours=30), token="next day")

    assert OptIn.objects.count() == 11
    assert len(sink.arrived) == 2


def test_what_was_confirmed_before_the_mail_went_is_not_asked(
    sink: Sink, ask: Any, at: datetime
) -> None:
    opt_in = ask(at=at)
    Message.objects.update(state="queued", next_attempt_at=at)
    leads.confirm_opt_in(token=opt_in.token, at=at)

    nurture.send_messages(at=at)

    assert len(sink.arrived) == 1
    assert Message.objects.get().error == "They have confirmed it already."


def test_a_click_proves_no_other_address_than_the_one_that_was_asked(
    ask: Any, client: Client, at: datetime
) -> None:
    opt_in = ask(at=at)
    Lead.objects.filter(pk=opt_in.lead_id).update(email="other@example.com")

    answer = client.post(f"/f/confirm/{opt_in.token}/")

    assert answer.status_code == 410
    assert not Consent.objects.filter(is_given=True, purpose="marketing").exists()


def test_another_address_than_the_one_that_was_ticked_for_is_not_written_to(
    sink: Sink, ask: Any, at: datetime
) -> None:
    ask(at=at)
    Message.objects.update(state="queued", next_attempt_at=at)
    Lead.objects.update(email="eve@example.com")

    nurture.send_messages(at=at)

    assert sink.addresses == ["ada@example.com"]
    assert Message.objects.get().state == "cancelled"


def test_asking_twice_for_the_same_event_sends_one_mail(sink: Sink, ask: Any, at: datetime) -> None:
    opt_in = ask(at=at)

    nurture.ask_for_consents(opt_in_ids=[opt_in.pk], at=at)
    nurture.send_messages(at=at)

    assert len(sink.arrived) == Message.objects.count() == 1


def test_a_text_without_the_link_gets_one(sink: Sink, ask: Any, at: datetime) -> None:
    Asset.objects.filter(key="confirm-consent").update(body="Please confirm.", version=2)

    opt_in = ask(at=at)

    assert _link(sink) == f"/f/confirm/{opt_in.token}/"


def test_two_clicks_at_once_are_one_consent(
    ask: Any, at: datetime, sink: Sink, run_together: Any, transactional_db: None
) -> None:
    opt_in = ask(at=at)

    run_together(lambda: leads.confirm_opt_in(token=opt_in.token, at=at), 6)

    assert Consent.objects.filter(purpose="marketing").count() == 1
