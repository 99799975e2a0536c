"""Nothing goes out to somebody who was forgotten, and what was on its way leaves no words behind."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage

from content.models import Asset
from leadflow.core.models import User
from leads import services as leads
from leads.models import Activity, Consent
from nurture import queries
from nurture import services as nurture
from nurture.models import Enrollment, Letter, LetterBatch, Message, Suppression, Task, Touch
from nurture.services.line import Answer, Result
from nurture.services.messages import claim_messages, record_results, release
from tests.nurture.conftest import Sink, queued, reachable

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def day_three(at: datetime) -> datetime:
    """The first e-mail of whoever entered on the first of March is due."""
    return at.replace(day=4)


@pytest.fixture
def erase(manager: User) -> Any:
    def run(*lead_ids: int, at: datetime) -> None:
        leads.erase_leads(lead_ids=lead_ids, by=manager, at=at)

    return run


def test_a_queued_message_is_called_off_and_the_program_ends(
    sink: Sink, day_three: datetime, erase: Any
) -> None:
    message = queued(at=day_three)[0]

    erase(message.lead_id, at=day_three)
    nurture.send_messages(at=day_three + DAY)

    message.refresh_from_db()
    enrollment = Enrollment.objects.get()
    assert (sink.arrived, message.state, message.to_address) == ([], "cancelled", "")
    assert (enrollment.state, enrollment.exit_reason) == ("exited", "erased")
    assert Touch.objects.get().state == "cancelled"


def test_a_message_outside_of_programs_is_called_off_too(
    sink: Sink, day_three: datetime, erase: Any
) -> None:
    message = queued(at=day_three)[0]
    Message.objects.update(touch=None, is_marketing=False)

    erase(message.lead_id, at=day_three)
    nurture.send_messages(at=day_three + DAY)

    assert sink.arrived == []


def test_nobody_enters_a_program_again(day_three: datetime, erase: Any) -> None:
    lead = reachable(at=day_three)
    erase(lead.pk, at=day_three)

    entered = nurture.enroll(lead_ids=[lead.pk], program_key="nine-touch", at=day_three)

    assert nurture.enroll_due(at=day_three) == 0
    assert entered.enrollment_ids == ()


def test_open_work_is_closed_and_its_words_go(at: datetime, erase: Any) -> None:
    lead = reachable(at=at)
    new = nurture.NewTask(lead_id=lead.pk, title="Call Ada", due_at=at, notes="Likes tea")
    nurture.create_tasks(tasks=[new], at=at)

    erase(lead.pk, at=at)

    task = Task.objects.get()
    assert (task.cancelled_at, task.title, task.notes) == (at, "", "")


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Answer(Result.SENT), "sent"),
        (Answer(Result.FAILED, "550 no ada@example.com here"), "failed"),
        (Answer(Result.RETRY, "451 ada@example.com later"), "cancelled"),
    ],
)
def test_what_was_being_sent_leaves_no_words_behind(
    day_three: datetime, erase: Any, answer: Answer, state: str
) -> None:
    queued(at=day_three)
    message = claim_messages(at=day_three).messages[0]
    erase(message.lead_id, at=day_three)
    message.subject = "Dear Ada"

    record_results([(message, answer)], at=day_three)

    row = Message.objects.get()
    assert (row.state, row.subject, row.error, row.to_address) == (state, "", "", "")
    assert [one.title for one in Activity.objects.filter(kind="email_sent")] in ([], [""])


def test_what_was_put_back_is_not_sent_later(sink: Sink, day_three: datetime, erase: Any) -> None:
    queued(at=day_three)
    message = claim_messages(at=day_three).messages[0]
    erase(message.lead_id, at=day_three)

    release([message], at=day_three, error="The server is away.")
    nurture.send_messages(at=day_three + DAY)

    assert (sink.arrived, Message.objects.get().state) == ([], "cancelled")


def letters_to(*lead_ids: int, at: datetime) -> list[Letter]:
    asset = Asset.objects.get(key="nine-touch-letter")
    return [
        Letter.objects.create(lead_id=pk, asset=asset, asset_version=asset.version, queued_at=at)
        for pk in lead_ids
    ]


def test_a_waiting_letter_is_not_printed(at: datetime, erase: Any) -> None:
    lead = reachable(at=at)
    letters_to(lead.pk, at=at)

    erase(lead.pk, at=at)
    nurture.print_letters(at=at)

    assert Letter.objects.get().state == "cancelled"
    assert not LetterBatch.objects.exists()


def pages_of(batch: LetterBatch) -> int:
    with default_storage.open(LetterBatch.objects.get(pk=batch.pk).name) as file:
        return file.read().count(b"/Type /Page\n")


def test_a_printed_file_is_drawn_anew_without_them(at: datetime, erase: Any, settle: Any) -> None:
    ada, grace = reachable(at=at, first_name="Adelheid"), reachable(at=at)
    letters_to(ada.pk, grace.pk, at=at)
    nurture.print_letters(at=at)
    batch = LetterBatch.objects.get()
    assert pages_of(batch) == 2

    erase(ada.pk, at=at)
    settle()

    assert pages_of(batch) == 1
    settle()
    assert pages_of(batch) == 1


def test_a_file_that_held_nobody_else_goes(at: datetime, erase: Any, settle: Any) -> None:
    lead = reachable(at=at)
    letters_to(lead.pk, at=at)
    nurture.print_letters(at=at)
    name = LetterBatch.objects.get().name

    erase(lead.pk, at=at)
    settle()

    assert not default_storage.exists(name)


def test_blocked_addresses_stay_blocked_when_the_key_changes(at: datetime, settings: Any) -> None:
    nurture.suppress(addresses=["Ada@example.com"], reason=Suppression.Reason.COMPLAINED, at=at)

    settings.SUPPRESSION_KEYS = ["new", *settings.SUPPRESSION_KEYS]

    assert queries.suppressed({"Ada@example.com", "grace@example.com"}) == {
        "Ada@example.com": ("complained", at)
    }
    assert "complained" in queries.suppression_words("ada@example.com")
    assert queries.suppression_words("grace@example.com") == ""


# Calls and letters


def test_who_does_not_want_calls_gets_none(at: datetime, settle: Any) -> None:
    lead = reachable(at=at)
    nurture.enroll(lead_ids=[lead.pk], program_key="nine-touch", at=at).or_raise()
    leads.withdraw_consent(lead_ids=[lead.pk], purpose="phone", source="phone", at=at)

    for day in range(8):
        nurture.take_due_steps(at=at + day * DAY)

    call = Touch.objects.get(channel="call")
    assert (call.state, call.note) == ("skipped", "They do not want to be called.")
    assert Enrollment.objects.get().state == "active"


def test_withdrawing_calls_off_the_call_that_waits(at: datetime, settle: Any) -> None:
    lead = reachable(at=at)
    nurture.enroll(lead_ids=[lead.pk], program_key="nine-touch", at=at).or_raise()
    for day in range(8):
        nurture.take_due_steps(at=at + day * DAY)
    assert Task.objects.open().count() == 1

    leads.withdraw_consent(lead_ids=[lead.pk], purpose="phone", source="phone", at=at + 8 * DAY)
    settle()

    assert not Task.objects.open().exists()


@pytest.mark.parametrize("is_early", [True, False])
def test_who_does_not_want_letters_gets_none(at: datetime, settle: Any, is_early: bool) -> None:
    lead = reachable(at=at)
    letters_to(lead.pk, at=at)
    leads.withdraw_consent(lead_ids=[lead.pk], purpose="letters", source="phone", at=at)
    if is_early:
        settle()  # the event came before the printer

    nurture.print_letters(at=at)

    letter = Letter.objects.get()
    assert (letter.state, letter.error) == ("cancelled", "They do not want letters.")


def test_who_had_asked_to_be_forgotten_gets_nothing_until_they_agree(
    sink: Sink, day_three: datetime, erase: Any
) -> None:
    message = queued(at=day_three)[0]
    address = message.lead.email
    erase(message.lead_id, at=day_three)
    back = reachable(at=day_three + DAY, consent=False, email=address)
    assert leads.keep_silent(lead_ids=[back.pk]) == {back.pk}

    assert nurture.enroll_due(at=day_three + DAY) == 0
    leads.record_consent(
        lead_ids=[back.pk], purpose=Consent.Purpose.MARKETING, source="form", at=day_three + 2 * DAY
    )
    assert nurture.enroll_due(at=day_three + 2 * DAY) == 1
