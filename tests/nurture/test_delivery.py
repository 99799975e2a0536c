"""Sending to a real mail server: once, checked at the last moment, honest about the rest."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from content.models import Asset
from leads import services as leads
from leads.models import Activity
from nurture import queries
from nurture import services as nurture
from nurture.models import Message, Suppression, Touch
from nurture.services import messages
from nurture.services.messages import claim_messages
from tests.nurture.conftest import Sink, queued

pytestmark = pytest.mark.django_db


@pytest.fixture
def day_three(at: datetime) -> datetime:
    """The first e-mail of whoever entered on the first of March is due."""
    return at.replace(day=4)


def test_every_header_and_both_parts_arrive(sink: Sink, day_three: datetime) -> None:
    message = queued(at=day_three, first_name="Zoë", last_name="Ünal")[0]
    nurture.send_messages(at=day_three)
    address, mail = sink.arrived[0]
    link = mail["List-Unsubscribe"].strip("<>")
    assert address == message.to_address == mail["To"]
    assert mail["Message-ID"] == message.message_id
    assert link.startswith("https://leads.example.com/m/unsubscribe/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Id"].endswith("<news.leads.example.com>")
    assert mail.get_all("From") == ["LeadFlow <hello@leadflow.example>"]
    for kind in ("plain", "html"):
        part = mail.get_body((kind,)).get_content()
        assert "Hello Zoë" in part
        assert link in part.replace("&amp;", "&")
        assert "1 Example Street" in part
        assert "{{" not in part
        assert "{%" not in part


def test_what_was_sent_is_in_the_story_of_the_lead(sink: Sink, day_three: datetime) -> None:
    message = queued(at=day_three)[0]
    nurture.send_messages(at=day_three)
    activity = Activity.objects.get(kind=Activity.Kind.EMAIL_SENT)
    assert (activity.source_kind, activity.source_id) == ("message", message.pk)
    assert activity.title == "Thank you for your interest in our work"
    assert Touch.objects.get().state == Touch.State.DONE


def test_many_messages_go_over_one_connection(sink: Sink, day_three: datetime) -> None:
    queued(at=day_three, count=30)
    assert nurture.send_messages(at=day_three) == 30
    assert len(set(sink.addresses)) == 30
    assert sink.connections == 1


def test_a_refusal_for_now_is_tried_again_later(sink: Sink, day_three: datetime) -> None:
    message = queued(at=day_three)[0]
    sink.at_rcpt[message.to_address] = "451 try later"
    nurture.send_messages(at=day_three)
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("queued", 1)
    assert message.error == "451 try later"
    sink.at_rcpt.clear()
    assert nurture.send_messages(at=day_three + timedelta(seconds=30)) == 0
    nurture.send_messages(at=day_three + timedelta(minutes=2))
    assert sink.addresses == [message.to_address]


def test_a_refusal_after_the_content_is_tried_again_later(sink: Sink, day_three: datetime) -> None:
    message = queued(at=day_three)[0]
    sink.at_data[message.to_address] = "451 greylisted"
    nurture.send_messages(at=day_three)
    message.refresh_from_db()
    assert message.state == "queued"


@pytest.mark.parametrize("phase", ["at_rcpt", "at_data"])
def test_an_address_that_does_not_exist_is_blocked(
    sink: Sink, day_three: datetime, phase: str
) -> None:
    bad, good = queued(at=day_three, count=2)
    getattr(sink, phase)[bad.to_address] = "550 5.1.1 no such user"
    nurture.send_messages(at=day_three)
    bad.refresh_from_db()
    assert (bad.state, bad.error) == ("failed", "550 5.1.1 no such user")
    assert sink.addresses == [good.to_address]
    assert queries.suppressed([bad.to_address])[bad.to_address][0] == Suppression.Reason.BOUNCED


def test_a_refusal_of_the_content_does_not_block_the_address(
    sink: Sink, day_three: datetime
) -> None:
    message = queued(at=day_three)[0]
    sink.at_data[message.to_address] = "550 5.7.1 looks like spam"
    nurture.send_messages(at=day_three)
    message.refresh_from_db()
    assert message.state == "failed"
    assert not Suppression.objects.exists()


def test_a_line_lost_after_the_content_is_unknown_and_never_resent(
    sink: Sink, day_three: datetime
) -> None:
    message, following = queued(at=day_three, count=2)
    sink.at_data[message.to_address] = "hang up"
    nurture.send_messages(at=day_three)
    nurture.send_messages(at=day_three + timedelta(days=1))
    message.refresh_from_db()
    assert message.state == "unknown"
    assert sink.addresses == [message.to_address, following.to_address]


def test_a_server_that_is_away_costs_nothing_but_time(
    sink: Sink, settings: Any, day_three: datetime
) -> None:
    messages = queued(at=day_three, count=3)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    nurture.send_messages(at=day_three)
    states = set(Message.objects.values_list("state", "attempts"))
    assert states == {("queued", 0)}
    settings.EMAIL_PORT = port
    nurture.send_messages(at=day_three + timedelta(minutes=10))
    assert len(sink.arrived) == len(messages)


def test_a_message_whose_worker_died_becomes_unknown(sink: Sink, day_three: datetime) -> None:
    queued(at=day_three)
    claim_messages(at=day_three)
    assert nurture.recover_messages(at=day_three + timedelta(minutes=4)) == 0
    assert nurture.recover_messages(at=day_three + timedelta(minutes=6)) == 1
    nurture.send_messages(at=day_three + timedelta(days=1))
    assert Message.objects.get().state == "unknown"
    assert not sink.arrived


@pytest.mark.parametrize("change", ["unsubscribed", "consent", "exited", "bounced", "paused"])
def test_what_changes_between_queue_and_send_stops_the_message(
    sink: Sink, day_three: datetime, change: str, rep: Any
) -> None:
    message = queued(at=day_three)[0]
    lead = message.lead
    if change == "unsubscribed":
        nurture.unsubscribe(message=message, at=day_three)
    elif change == "consent":
        leads.withdraw_consent(
            lead_ids=[lead.pk], purpose="marketing", source="phone", at=day_three
        )
    elif change == "exited":
        nurture.exit_leads(lead_ids=[lead.pk], reason="stopped", at=day_three)
    elif change == "bounced":
        nurture.suppress(addresses=[lead.email], reason="bounced", at=day_three)
    else:
        nurture.pause(enrollment_ids=[message.touch.enrollment_id], by=rep, at=day_three)
    nurture.send_messages(at=day_three)
    assert not sink.arrived
    message.refresh_from_db()
    assert message.state == ("queued" if change == "paused" else "cancelled")


def test_an_unsubscription_during_the_sweep_stops_the_next_message(
    sink: Sink, day_three: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = queued(at=day_three, count=2)
    real, offset = messages.monotonic, [0.0]
    monkeypatch.setattr(messages, "monotonic", lambda: real() + offset[0])
    record = messages.record_results

    def record_then_unsubscribe(*args: Any, **kwargs: Any) -> None:
        record(*args, **kwargs)
        nurture.unsubscribe(message=second, at=day_three)

    monkeypatch.setattr(messages, "record_results", record_then_unsubscribe)
    sink.on_data = lambda address: offset.__setitem__(0, 2.0)  # the first one takes two seconds
    nurture.send_messages(at=day_three)
    assert sink.addresses == [first.to_address]


def test_a_text_that_cannot_be_filled_in_fails_alone(sink: Sink, day_three: datetime) -> None:
    broken, good = queued(at=day_three, count=2)
    bad = Asset.objects.create(
        key="bad",
        title="Bad",
        kind="email",
        subject="Hi",
        body="{% for x in (1..9999999) %}x{% endfor %}",
    )
    Message.objects.filter(pk=broken.pk).update(asset=bad, asset_version=1)
    nurture.send_messages(at=day_three)
    broken.refresh_from_db()
    assert (broken.state, "too long a loop" in broken.error) == ("failed", True)
    assert sink.addresses == [good.to_address]


def test_the_text_sent_is_the_version_that_was_queued(
    sink: Sink, day_three: datetime, marketer: Any
) -> None:
    message = queued(at=day_three)[0]
    from content import services as content

    content.save_asset(
        asset_id=message.asset_id,
        values={"subject": "New", "body": "New", "title": "T", "kind": "email"},
        by=marketer,
        at=day_three,
    )
    nurture.send_messages(at=day_three)
    assert sink.arrived[0][1]["Subject"] == "Thank you for your interest in our work"


@pytest.mark.parametrize("count", [2, 12])
def test_claiming_takes_the_same_number_of_queries_for_any_batch(
    sink: Sink, day_three: datetime, count: int
) -> None:
    queued(at=day_three, count=count)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        claimed = claim_messages(at=day_three)
    assert len(claimed.messages) == count
    assert len(captured) <= 14


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_send_each_message_once(
    sink: Sink, day_three: datetime, run_together: Callable[..., list[Any]]
) -> None:
    queued(at=day_three, count=60)
    run_together(lambda: nurture.send_messages(at=day_three), 3)
    assert len(sink.addresses) == 60
    assert len(set(sink.addresses)) == 60


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_take_each_step_once(
    day_three: datetime, run_together: Callable[..., list[Any]]
) -> None:
    queued(at=day_three.replace(day=2), count=40)
    run_together(lambda: nurture.take_due_steps(at=day_three + timedelta(days=30)), 3)
    assert Touch.objects.count() == 40  # all are late: the rest keeps its distance
    run_together(lambda: nurture.take_due_steps(at=day_three + timedelta(days=32)), 3)
    assert Touch.objects.count() == 80
