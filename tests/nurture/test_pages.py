"""Program pages: who may see and change what, and that they stay quick."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from content.models import Asset, Product
from leadflow.core.errors import Conflict, Invalid, NotAllowed
from leadflow.core.models import User
from leads.models import Activity, Territory
from nurture import queries
from nurture import services as nurture
from nurture.models import Enrollment, LetterBatch, Program, Slot, Step, Task, Touch
from tests.nurture.conftest import Sink, queued, reachable, sweep, take_steps

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(db: None) -> Program:
    return Program.objects.get(key="nine-touch")


def pages(program: Program) -> list[str]:
    return [
        reverse("nurture:programs"),
        reverse("nurture:program", args=[program.pk]),
        reverse("nurture:outbox"),
    ]


def test_marketing_sees_programs_and_others_do_not(
    client: Client,
    program: Program,
    marketer: User,
    manager: User,
    admin: User,
    rep: User,
    care: User,
) -> None:
    for address in pages(program):
        assert client.get(address).status_code == 302
    for user, status in [(marketer, 200), (manager, 200), (admin, 200), (rep, 403), (care, 403)]:
        client.force_login(user)
        assert {client.get(address).status_code for address in pages(program)} == {status}
        assert client.post(pages(program)[0]).status_code in {403, 405}


def test_the_shipped_program_is_drawn_with_nine_steps(
    client: Client, program: Program, marketer: User
) -> None:
    client.force_login(marketer)
    text = client.get(pages(program)[1]).content.decode()
    assert text.count('id="step-') == 9
    assert text.count('class="lane-mark') == 9


def test_a_marketer_moves_a_step_and_bad_days_are_refused_in_place(
    client: Client, program: Program, marketer: User, rep: User
) -> None:
    step = Step.objects.get(program=program, position=1)
    address = reverse("nurture:move_step", args=[program.pk, step.pk])
    client.force_login(rep)
    assert client.post(address, {"day": 4}).status_code == 403
    client.force_login(marketer)
    assert client.get(address).status_code == 405
    assert client.post(address, {"day": 4}).status_code == 302
    answer = client.post(address, {"day": -3})
    assert answer.status_code == 422
    assert "greater than or equal to 0" in answer.content.decode()
    assert Step.objects.get(pk=step.pk).day == 4


def test_content_of_the_wrong_kind_or_product_is_refused(
    client: Client, program: Program, marketer: User, at: datetime
) -> None:
    pump, valve = (Product.objects.create(key=key, name=key) for key in ("pump", "valve"))
    step = Step.objects.get(program=program, position=1)
    letter = Asset.objects.get(key="nine-touch-letter")
    mail = Asset.objects.create(key="m", title="M", kind="email", subject="S", body="B")
    mail.products.set([valve])
    with pytest.raises(Invalid, match="e-mail"):
        nurture.fill_slot(step_id=step.pk, asset_id=letter.pk, by=marketer, at=at)
    with pytest.raises(Invalid, match="another product"):
        nurture.fill_slot(step_id=step.pk, asset_id=mail.pk, product_id=pump.pk, by=marketer, at=at)
    client.force_login(marketer)
    address = reverse("nurture:fill_slot", args=[program.pk])
    chosen = {"step": step.pk, "asset": mail.pk, "product": pump.pk, "persona": ""}
    assert client.post(address, chosen).status_code == 422
    assert client.post(address, chosen | {"product": valve.pk}).status_code == 302
    assert Slot.objects.filter(step=step, product=valve, asset=mail).exists()


def test_a_lead_interested_in_one_product_gets_its_content(
    sink: Sink, at: datetime, marketer: User
) -> None:
    pump, valve = (Product.objects.create(key=key, name=key) for key in ("pump", "valve"))
    step = Step.objects.get(position=1)
    for product in (pump, valve):
        asset = Asset.objects.create(
            key=product.key,
            title=product.name,
            kind="email",
            subject=f"About {product.name}",
            body="Hi",
        )
        asset.products.set([product])
        nurture.fill_slot(
            step_id=step.pk, asset_id=asset.pk, product_id=product.pk, by=marketer, at=at
        )
    lead = reachable(at=at)
    lead.products.add(pump)
    sweep(at)
    sweep(at + timedelta(days=3))
    assert [mail["Subject"] for _, mail in sink.arrived] == ["About pump"]


def test_a_program_without_content_cannot_be_switched_on(
    program: Program, marketer: User, at: datetime
) -> None:
    nurture.switch_program(program_id=program.pk, is_active=False, by=marketer, at=at)
    Slot.objects.filter(step__position=3).delete()
    with pytest.raises(Invalid, match="How teams like yours start"):
        nurture.switch_program(program_id=program.pk, is_active=True, by=marketer, at=at)


def test_a_program_that_is_switched_off_takes_no_step(
    sink: Sink, program: Program, marketer: User, at: datetime
) -> None:
    reachable(at=at)
    sweep(at)
    nurture.switch_program(program_id=program.pk, is_active=False, by=marketer, at=at)
    sweep(at + timedelta(days=5))
    assert not sink.arrived


@pytest.mark.parametrize("count", [3, 15])
def test_pages_take_the_same_queries_for_any_number(
    client: Client, program: Program, marketer: User, at: datetime, sink: Sink, count: int
) -> None:
    queued(at=at.replace(day=4), count=count)
    client.force_login(marketer)
    limits = dict(zip(pages(program), (10, 26, 14), strict=True))
    for address, most in limits.items():
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        assert len(captured) <= most, (address, len(captured))


def test_a_rep_pauses_resumes_and_stops_a_program_of_their_lead(
    client: Client, rep: User, at: datetime
) -> None:
    lead = reachable(at=at)
    nurture.enroll_due(at=at)
    enrollment = Enrollment.objects.get()
    client.force_login(rep)
    for verb in ("pause", "resume", "stop"):
        assert client.get(reverse("nurture:steer", args=[enrollment.pk, verb])).status_code == 405
        assert client.post(reverse("nurture:steer", args=[enrollment.pk, verb])).status_code == 302
    enrollment.refresh_from_db()
    assert (enrollment.state, enrollment.exit_reason) == ("exited", "stopped")
    assert nurture.enroll_due(at=at + timedelta(days=9)) == 0
    assert lead.pk == enrollment.lead_id


def test_what_is_not_yours_to_see_is_not_yours_to_stop(
    client: Client, rep: User, at: datetime
) -> None:
    elsewhere = Territory.objects.create(key="x", name="X")
    reachable(at=at, territory_id=elsewhere.pk)
    nurture.enroll_due(at=at)
    client.force_login(rep)
    assert (
        client.post(
            reverse("nurture:steer", args=[Enrollment.objects.get().pk, "stop"])
        ).status_code
        == 404
    )
    assert Enrollment.objects.get().state == "active"


@pytest.fixture
def call(at: datetime) -> Task:
    reachable(at=at)
    nurture.enroll_due(at=at)
    take_steps(at, days=5)
    return Task.objects.get()


def test_a_call_is_done_once_and_told_in_the_story(call: Task, rep: User, at: datetime) -> None:
    done = nurture.complete_task(task_id=call.pk, by=rep, outcome="reached", note="Nice", at=at)
    assert (done.done_by, done.outcome, done.note) == (rep, "reached", "Nice")
    assert Touch.objects.get(pk=call.touch_id).state == Touch.State.DONE
    assert Activity.objects.get(kind="call").by == rep
    with pytest.raises(Conflict):
        nurture.complete_task(task_id=call.pk, by=rep, outcome="reached", at=at)


def test_a_call_of_somebody_else_is_left_to_them(
    call: Task, rep: User, other_rep: User, manager: User, at: datetime
) -> None:
    nurture.assign_tasks_to(assignees={call.pk: rep.pk})
    with pytest.raises(NotAllowed, match=str(rep)):
        nurture.complete_task(task_id=call.pk, by=other_rep, outcome="reached", at=at)
    assert list(queries.open_tasks(rep)) == [call]
    assert not queries.open_tasks(other_rep).exists()
    nurture.complete_task(task_id=call.pk, by=manager, outcome="no_answer", at=at)


def test_a_call_knows_its_guide(call: Task) -> None:
    assert "What made you look now?" in nurture.talking_points(tasks=[call])[call.pk]
    assert call.team.key == "sales"


def test_a_call_that_was_called_off_cannot_be_done(call: Task, rep: User, at: datetime) -> None:
    nurture.exit_leads(lead_ids=[call.lead_id], reason="stopped", at=at)
    with pytest.raises(Conflict, match="called off"):
        nurture.complete_task(task_id=call.pk, by=rep, outcome="reached", at=at)


def test_printed_letters_can_be_opened_by_marketing(
    client: Client, marketer: User, rep: User, at: datetime, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    reachable(at=at)
    nurture.enroll_due(at=at)
    take_steps(at, days=21)
    nurture.print_letters(at=at + timedelta(days=21))
    address = reverse("nurture:letter_batch", args=[LetterBatch.objects.get().pk])
    client.force_login(rep)
    assert client.get(address).status_code == 403
    client.force_login(marketer)
    assert b"".join(client.get(address).streaming_content).startswith(b"%PDF")


def test_history_is_written_without_sending_anything(sink: Sink, at: datetime, rep: User) -> None:
    people = [reachable(at=at - timedelta(days=100)) for _ in range(3)]
    begun = at - timedelta(days=90)
    past = [
        nurture.PastEnrollment(people[0].pk, begun, begun + timedelta(days=36)),
        nurture.PastEnrollment(people[1].pk, begun, begun + timedelta(days=12), "stage", "offer"),
        nurture.PastEnrollment(people[2].pk, at - timedelta(days=11), caller_id=rep.pk),
    ]
    assert nurture.record_history(histories=past, at=at) == 9 + 3 + 3
    nurture.send_messages(at=at)
    assert not sink.arrived
    assert nurture.enroll_due(at=at) == 0
    running = Enrollment.objects.active().get()
    assert running.next_step.day == 17
    assert Activity.objects.filter(kind="email_sent").count() == 5 + 2 + 2
    assert Task.objects.filter(done_by=rep).count() == 1
