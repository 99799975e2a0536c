"""The shipped program over simulated days."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F

from leadflow.core.models import Calendar, User
from leads import services as leads
from leads.models import Lead
from nurture import services as nurture
from nurture.models import Enrollment, Letter, Message, Program, Step, Task, Touch
from tests.nurture.conftest import Sink, reachable, sweep, take_steps

pytestmark = pytest.mark.django_db

NINE = [
    (3, "email"), (5, "call"), (10, "email"), (17, "email"), (21, "letter"), (24, "call"),
    (28, "email"), (32, "email"), (35, "call"),
]  # fmt: skip


def test_each_touch_goes_out_once_on_its_day_by_its_channel(sink: Sink, at: datetime) -> None:
    lead = reachable(at=at)
    for day in sorted({0, 40} | {day + late for day, _ in NINE for late in (-1, 0)}):
        sweep(at + timedelta(days=day))
        sweep(at + timedelta(days=day, hours=1))
    taken = Touch.objects.filter(lead=lead).order_by("at", "id")
    assert [
        ((touch.at - at).days, touch.channel) for touch in taken if touch.channel != "call"
    ] == [step for step in NINE if step[1] != "call"]
    assert [((task.created_at - at).days) for task in Task.objects.order_by("id")] == [5, 24, 35]
    assert [message["Subject"] for _, message in sink.arrived] == [
        "Thank you for your interest in our work",
        "How teams like yours start",
        "What it costs, and what it saves",
        "Three mistakes that are cheap to avoid",
        "Half an hour to look at it together?",
    ]
    assert Letter.objects.get().batch.letters_count == 1
    assert Enrollment.objects.get().state == Enrollment.State.FINISHED


def test_a_day_before_its_day_nothing_goes_out(sink: Sink, at: datetime) -> None:
    reachable(at=at)
    for day in (0, 1, 2):
        sweep(at + timedelta(days=day, hours=14))
    assert not sink.arrived
    assert not Touch.objects.exists()


def test_after_an_outage_what_is_due_goes_out_late_once_and_in_order(
    sink: Sink, at: datetime
) -> None:
    lead = reachable(at=at)
    sweep(at)
    back = 12  # nine days after the first e-mail was due
    for day in range(back, 50):
        sweep(at + timedelta(days=day))
        sweep(at + timedelta(days=day, hours=3))
    taken = [
        ((message.queued_at - at).days, "email") for message in Message.objects.filter(lead=lead)
    ]
    taken += [((letter.queued_at - at).days, "letter") for letter in Letter.objects.all()]
    taken += [((task.created_at - at).days, "call") for task in Task.objects.all()]
    assert sorted(taken) == [(day + 9, channel) for day, channel in NINE]
    assert [message["Subject"] for _, message in sink.arrived][:2] == [
        "Thank you for your interest in our work",
        "How teams like yours start",
    ]


def test_a_lateness_of_hours_moves_nothing(sink: Sink, at: datetime) -> None:
    reachable(at=at)
    sweep(at)
    sweep(at + timedelta(days=3, hours=12))
    assert Enrollment.objects.get().next_due_at == datetime(2026, 3, 8, 8, 0, tzinfo=UTC)


def test_steps_of_one_day_go_out_on_one_day_however_late(sink: Sink, at: datetime) -> None:
    reachable(at=at)
    Step.objects.filter(position=2).update(day=3)
    sweep(at)
    sweep(at + timedelta(days=12))
    assert (len(sink.arrived), Task.objects.count()) == (1, 1)


def test_a_late_step_that_is_not_possible_holds_up_nobody(sink: Sink, at: datetime) -> None:
    lead = reachable(at=at, phone="")
    nurture.enroll_due(at=at)
    sweep(at + timedelta(days=3))
    sweep(at + timedelta(days=12))
    assert [message.step_day for message in _touches(lead)] == [3, 5, 10]
    assert Enrollment.objects.get().counts_from == at + timedelta(days=2)


def _touches(lead: Lead) -> list[Touch]:
    return list(Touch.objects.filter(lead=lead).annotate(step_day=F("step__day")).order_by("id"))


def test_a_program_switched_off_and_on_goes_on_where_it_stood(
    sink: Sink, at: datetime, marketer: User
) -> None:
    reachable(at=at)
    sweep(at)
    sweep(at + timedelta(days=3))
    _switch(False, by=marketer, at=at + timedelta(days=4))
    sweep(at + timedelta(days=20))
    _switch(False, by=marketer, at=at + timedelta(days=20))  # twice off is off since the first
    late = reachable(at=at)
    nurture.enroll(lead_ids=[late.pk], program_key="nine-touch", at=at + timedelta(days=29))
    _switch(True, by=marketer, at=at + timedelta(days=34))
    days = {e.lead_id: (e.counts_from - at).days for e in Enrollment.objects.all()}
    assert sorted(days.values()) == [30, 34]
    assert days[late.pk] == 34
    for day in range(34, 70):
        sweep(at + timedelta(days=day))
    early = Touch.objects.exclude(lead=late).order_by("due_at")
    assert [(touch.due_at.date() - at.date()).days for touch in early] == [
        3, *(day + 30 for day, _ in NINE[1:])
    ]  # fmt: skip


def _switch(is_active: bool, *, by: User, at: datetime) -> Program:
    pk = Program.objects.get(key="nine-touch").pk
    return nurture.switch_program(program_id=pk, is_active=is_active, by=by, at=at)


@pytest.mark.parametrize(
    ("paused", "resumed", "shift"),
    [(2, 20, 18), (2, 7, 10 + 2), (6, 8, 10), (6, 20, 16), (16, 20, 10 + 4)],
)
def test_a_pause_and_a_program_switched_off_count_once(
    at: datetime, marketer: User, paused: int, resumed: int, shift: int
) -> None:
    """The program is off from day 4 to day 14."""
    reachable(at=at)
    nurture.enroll_due(at=at)
    ids = [Enrollment.objects.get().pk]
    deeds = [
        (paused, lambda moment: nurture.pause(enrollment_ids=ids, by=marketer, at=moment)),
        (resumed, lambda moment: nurture.resume(enrollment_ids=ids, by=marketer, at=moment)),
        (4, lambda moment: _switch(False, by=marketer, at=moment)),
        (14, lambda moment: _switch(True, by=marketer, at=moment)),
    ]
    for day, act in sorted(deeds, key=lambda deed: deed[0]):
        act(at + timedelta(days=day))
    assert Enrollment.objects.get().counts_from == at + timedelta(days=shift)


def test_a_call_is_due_by_the_end_of_the_day_where_people_work(sink: Sink, at: datetime) -> None:
    Calendar.objects.filter(key="default").update(time_zone="America/Los_Angeles")
    reachable(at=at)
    sweep(at)
    sweep(at + timedelta(days=3, hours=9))
    sweep(at + timedelta(days=5, hours=16))  # already the ninth of March in Greenwich
    zone = ZoneInfo("America/Los_Angeles")
    assert Task.objects.get().due_at == datetime(2026, 3, 8, 23, 59, tzinfo=zone)


def test_a_new_lead_enters_at_once_when_the_event_arrives(
    settle: Callable[[], int], at: datetime
) -> None:
    lead = reachable(at=at)
    settle()
    assert Enrollment.objects.get().lead == lead
    assert Enrollment.objects.get().next_due_at == datetime(2026, 3, 6, 8, 0, tzinfo=UTC)


def test_silent_history_enrolls_nobody(settle: Callable[[], int], at: datetime) -> None:
    leads.create_leads(
        people=[leads.NewLead(at=at, facts={"email": "old@example.com"})],
        at=at,
        cause=leads.Cause("import", 1),
        is_silent=True,
    )
    settle()
    assert nurture.enroll_due(at=at) == 0
    leads.record_consent(
        lead_ids=[Enrollment._meta.get_field("lead").related_model.objects.get().pk],
        purpose="marketing",
        source="form",
        at=datetime.now(tz=UTC) + timedelta(minutes=1),
    )
    assert nurture.enroll_due(at=at) == 1


def test_what_a_lead_cannot_get_is_skipped_and_says_why(sink: Sink, at: datetime) -> None:
    reachable(at=at, phone="", attributes={}, consent=False)
    sweep(at)
    sweep(at + timedelta(days=36))
    reasons = {
        touch.channel: touch.note for touch in Touch.objects.filter(state=Touch.State.SKIPPED)
    }
    assert reasons == {
        "email": "They have not agreed to marketing e-mails.",
        "call": "No phone number is known.",
        "letter": "No postal address is known.",
    }
    assert not sink.arrived


def test_an_offer_calls_off_everything_that_is_on_its_way(
    sink: Sink, settle: Callable[[], int], at: datetime
) -> None:
    lead = reachable(at=at)
    nurture.enroll_due(at=at)
    later = at + timedelta(days=21)
    take_steps(at, days=21)
    leads.offer(lead_ids=[lead.pk], at=later).or_raise()
    settle()
    nurture.send_messages(at=later)
    nurture.print_letters(at=later)
    enrollment = Enrollment.objects.get()
    assert (enrollment.state, enrollment.exit_reason, enrollment.exit_note) == (
        "exited",
        "stage",
        "offer",
    )
    assert set(Message.objects.values_list("state", flat=True)) == {"cancelled"}
    assert set(Letter.objects.values_list("state", flat=True)) == {"cancelled"}
    assert not Task.objects.open().exists()
    assert not sink.arrived


def test_an_offer_stops_the_message_even_before_the_event_is_delivered(
    sink: Sink, at: datetime
) -> None:
    lead = reachable(at=at)
    nurture.enroll_due(at=at)
    nurture.take_due_steps(at=at + timedelta(days=3))
    leads.offer(lead_ids=[lead.pk], at=at + timedelta(days=3)).or_raise()
    nurture.send_messages(at=at + timedelta(days=3))
    assert not sink.arrived
    assert Message.objects.get().error == "They have moved on in the pipeline."


def test_a_rejected_lead_comes_back_as_a_new_entry(
    sink: Sink, settle: Callable[[], int], at: datetime
) -> None:
    lead = reachable(at=at)
    settle()
    later = at + timedelta(days=4)
    sweep(later)
    leads.offer(lead_ids=[lead.pk], at=later).or_raise()
    leads.reject(lead_ids=[lead.pk], at=later, reason="too_early").or_raise()
    settle()
    settle()
    entries = list(Enrollment.objects.order_by("entry").values_list("entry", "state"))
    assert entries == [(1, "exited"), (2, "active")]
    for day, _ in NINE:
        sweep(later + timedelta(days=day + 1))
    sent = Message.objects.filter(state="sent").values_list("asset", "asset_version")
    assert len(sent) == len(set(sent)) == 5
    assert nurture.enroll_due(at=later + timedelta(days=60)) == 0


def test_an_old_event_delivered_again_does_not_end_a_new_entry(
    settle: Callable[[], int], at: datetime
) -> None:
    lead = reachable(at=at)
    settle()
    moved = leads.offer(lead_ids=[lead.pk], at=at).or_raise().changes[0]
    leads.reject(lead_ids=[lead.pk], at=at, reason="too_early").or_raise()
    settle()
    change = (moved.lead_id, moved.id, moved.from_stage, moved.to_stage)
    nurture.follow_stages(changes=(change,), verb="offer", at=at)
    assert Enrollment.objects.active().get().entry == 2


def test_moving_a_step_moves_only_what_has_not_gone_out(
    sink: Sink, at: datetime, marketer: object
) -> None:
    early, late = reachable(at=at), reachable(at=at + timedelta(days=4))
    nurture.enroll_due(at=at)
    sweep(at + timedelta(days=3))
    first = Step.objects.get(position=1)
    nurture.move_step(step_id=first.pk, day=8, by=marketer, at=at + timedelta(days=4))
    Enrollment.objects.filter(lead=late).delete()
    nurture.enroll(lead_ids=[late.pk], program_key="nine-touch", at=at + timedelta(days=4))
    due = {e.lead_id: e.next_due_at for e in Enrollment.objects.all()}
    assert due[early.pk] == datetime(
        2026, 3, 8, 8, 0, tzinfo=UTC
    )  # its first step is out: the call is next
    assert due[late.pk] == datetime(
        2026, 3, 12, 8, 0, tzinfo=UTC
    )  # the call of day 5 comes before day 8


def test_a_paused_lead_gets_nothing_until_it_is_resumed(
    sink: Sink, at: datetime, rep: object
) -> None:
    reachable(at=at)
    nurture.enroll_due(at=at)
    ids = [Enrollment.objects.get().pk]
    nurture.pause(enrollment_ids=ids, by=rep, at=at + timedelta(days=2))
    sweep(at + timedelta(days=6))
    assert not sink.arrived
    nurture.resume(enrollment_ids=ids, by=rep, at=at + timedelta(days=12))
    sweep(at + timedelta(days=12))
    assert not sink.arrived  # three days, ten of them paused: day 13
    sweep(at + timedelta(days=13))
    assert len(sink.arrived) == 1
