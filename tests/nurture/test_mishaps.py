"""What goes wrong with one message or letter, and that it goes wrong for that one alone."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from content import services as content
from content.models import Asset
from leads import services as leads
from leads.models import Activity, Lead
from nurture import services as nurture
from nurture.models import Letter, LetterBatch, Message, Suppression, Touch
from nurture.services import messages as sending
from tests.nurture.conftest import Sink, queued, reachable

pytestmark = pytest.mark.django_db


@pytest.fixture
def day_three(at: datetime) -> datetime:
    """The first e-mail of whoever entered on the first of March is due."""
    return at.replace(day=4)


def readdress(message: Message, address: str) -> None:
    """Give the lead of a message another address, past every check at the entrance."""
    Lead.objects.filter(pk=message.lead_id).update(email=address)


def test_an_address_that_mail_cannot_carry_fails_alone(sink: Sink, day_three: datetime) -> None:
    before, odd, after = queued(at=day_three, count=3)
    readdress(odd, "jürgen@example.com")
    nurture.send_messages(at=day_three)
    odd.refresh_from_db()
    assert sink.addresses == [before.to_address, after.to_address]
    assert (odd.state, "jürgen@example.com" in odd.error) == ("failed", True)
    assert Message.objects.filter(state="sent").count() == 2
    assert Activity.objects.filter(kind=Activity.Kind.EMAIL_SENT).count() == 2
    assert sink.connections == 1
    assert not Suppression.objects.exists()


def test_a_domain_with_an_umlaut_is_written_to(sink: Sink, day_three: datetime) -> None:
    message = queued(at=day_three)[0]
    readdress(message, "info@müller.example")
    nurture.send_messages(at=day_three)
    assert sink.addresses == ["info@xn--mller-kva.example"]


@pytest.mark.parametrize("place", ["text", "line"])
def test_whatever_breaks_for_one_message_the_others_are_sent_and_recorded(
    sink: Sink, day_three: datetime, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    before, odd, after = queued(at=day_three, count=3)
    name = "build_email" if place == "text" else "_transmit"
    owner = sending if place == "text" else sending.Line
    real = getattr(owner, name)

    def stumble(*args: Any, **kwargs: Any) -> Any:
        if any(odd.to_address in str(getattr(arg, "to_address", "") or getattr(arg, "to", ""))
               for arg in args):  # fmt: skip
            raise RuntimeError("a bug\0 of ours")
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, stumble)
    nurture.send_messages(at=day_three)
    states = dict(Message.objects.values_list("pk", "state"))
    assert states == {before.pk: "sent", odd.pk: "failed", after.pk: "sent"}
    assert sink.addresses == [before.to_address, after.to_address]
    assert "a bug" in Touch.objects.get(message=odd).note


def test_a_worker_that_is_told_to_stop_records_what_it_sent_and_puts_back_the_rest(
    sink: Sink, day_three: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, midway, waiting = queued(at=day_three, count=3)
    real = sending.build_email

    def stop(message: Message, **kwargs: Any) -> Any:
        if message.pk == midway.pk:
            raise KeyboardInterrupt
        return real(message, **kwargs)

    monkeypatch.setattr(sending, "build_email", stop)
    with pytest.raises(KeyboardInterrupt):
        nurture.send_messages(at=day_three)
    states = dict(Message.objects.values_list("pk", "state"))
    assert states == {sent.pk: "sent", midway.pk: "sending", waiting.pk: "queued"}


def test_a_very_long_subject_is_sent_and_recorded(sink: Sink, day_three: datetime) -> None:
    message = queued(at=day_three)[0]
    asset = Asset.objects.create(
        key="long",
        title="Long",
        kind="email",
        subject="{% for x in (1..60) %}word {% endfor %}",
        body="Hi",
    )
    Message.objects.filter(pk=message.pk).update(asset=asset, asset_version=1)
    nurture.send_messages(at=day_three)
    message.refresh_from_db()
    assert message.state == "sent"
    assert len(sink.arrived) == 1


def test_a_line_that_opens_slowly_does_not_outlive_the_check(
    sink: Sink, day_three: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = queued(at=day_three)[0]
    opening = sending.Line.open

    def open_slowly(line: Any) -> Any:
        if line._connection is None:  # the person changes their mind while the server picks up
            leads.withdraw_consent(
                lead_ids=[message.lead_id], purpose="marketing", source="phone", at=day_three
            )
        return opening(line)

    monkeypatch.setattr(sending.Line, "open", open_slowly)
    nurture.send_messages(at=day_three)
    message.refresh_from_db()
    assert (sink.arrived, message.state) == ([], "cancelled")


def slow_material(
    monkeypatch: pytest.MonkeyPatch, *, delays: Iterator[float], then: Any = None
) -> None:
    """Let the time between the check and the first message last as long as `delays` says."""
    real, offset = sending.monotonic, [0.0]
    monkeypatch.setattr(sending, "monotonic", lambda: real() + offset[0])
    build = sending.library.texts

    def texts(versions: Any) -> Any:
        offset[0] += next(delays, 0.0)
        if then:
            then()
        return build(versions)

    monkeypatch.setattr(sending.library, "texts", texts)


def test_the_first_message_of_a_batch_is_checked_anew_when_its_check_is_old(
    sink: Sink, day_three: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = queued(at=day_three)[0]
    slow_material(
        monkeypatch,
        delays=iter([2.0]),
        then=lambda: nurture.unsubscribe(message=message, at=day_three),
    )
    nurture.send_messages(at=day_three)
    message.refresh_from_db()
    assert (sink.arrived, message.state) == ([], "cancelled")


def test_a_slow_moment_delays_nobody(
    sink: Sink, day_three: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued(at=day_three, count=3)
    slow_material(monkeypatch, delays=iter([2.0]))
    assert nurture.send_messages(at=day_three) == 3
    assert len(sink.arrived) == 3


def test_a_sweep_that_is_always_too_slow_ends_and_sends_nothing_unchecked(
    sink: Sink, day_three: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued(at=day_three, count=3)
    slow_material(monkeypatch, delays=iter([2.0] * 50))
    assert nurture.send_messages(at=day_three) == 0
    assert set(Message.objects.values_list("state", "attempts")) == {("queued", 0)}
    assert not sink.arrived


def waiting_letters(at: datetime, count: int = 3) -> list[Letter]:
    """Letters of the shipped program, not printed yet."""
    asset = Asset.objects.get(key="nine-touch-letter")
    people = [reachable(at=at) for _ in range(count)]
    return Letter.objects.bulk_create(
        Letter(lead=lead, asset=asset, asset_version=asset.version, queued_at=at) for lead in people
    )


@pytest.mark.parametrize("place", ["build_letter", "render_letters"])
def test_a_letter_that_cannot_be_drawn_fails_alone(
    at: datetime, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    settings.MEDIA_ROOT = tmp_path
    before, odd, after = waiting_letters(at)
    Lead.objects.filter(pk=odd.lead_id).update(last_name="Oddname")
    owner: Any = __import__("nurture.services.letters", fromlist=["x"])
    owner = content if place == "render_letters" else owner
    real = getattr(owner, place)

    def stumble(subject: Any, **kwargs: Any) -> Any:
        pages = subject if place == "render_letters" else []
        if "Oddname" in str([page.address for page in pages] or subject.last_name):
            raise ValueError("no such glyph")
        return real(subject, **kwargs)

    monkeypatch.setattr(owner, place, stumble)
    nurture.print_letters(at=at)
    states = dict(Letter.objects.values_list("pk", "state"))
    assert states == {before.pk: "printed", odd.pk: "failed", after.pk: "printed"}
    assert LetterBatch.objects.get().letters_count == 2
    odd.refresh_from_db()
    assert "no such glyph" in odd.error
    assert nurture.print_letters(at=at + timedelta(hours=1)) == 0
