"""Programs when a change is taken back."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from leadflow.core.models import User
from leads import services as leads
from leads.models import Lead
from nurture import services as nurture
from nurture.models import Enrollment
from tests.nurture.conftest import reachable, take_steps

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def take_back(lead: Lead, *, by: User, at: datetime) -> None:
    last = Lead.objects.get(pk=lead.pk).last_change
    leads.take_back(change_ids=[last], by=by, at=at).or_raise()


def states(lead: Lead) -> list[str]:
    return list(
        Enrollment.objects.filter(lead=lead).order_by("entry").values_list("state", flat=True)
    )


@pytest.fixture
def nurtured(at: datetime, settle: Callable[[], int]) -> Lead:
    """A lead that has had the first two touches of the program."""
    lead = reachable(at=at)
    settle()
    nurture.enroll_due(at=at)
    take_steps(at, days=6)
    return lead


@pytest.mark.parametrize("is_late", [False, True], ids=["settled between", "told at once"])
def test_the_program_goes_on_with_the_next_step(
    is_late: bool, nurtured: Lead, at: datetime, manager: User, settle: Callable[[], int]
) -> None:
    before = Enrollment.objects.get()
    leads.offer(lead_ids=[nurtured.pk], at=at + 6 * DAY).or_raise()
    if not is_late:
        settle()
        assert states(nurtured) == ["exited"]
    take_back(nurtured, by=manager, at=at + 6 * DAY)
    settle()
    nurture.enroll_due(at=at + 6 * DAY)

    after = Enrollment.objects.get()
    assert (after.state, after.next_step, after.next_due_at, after.exit_reason) == (
        "active",
        before.next_step,
        before.next_due_at,
        "",
    )


def test_an_event_told_twice_resumes_once(
    nurtured: Lead, at: datetime, manager: User, settle: Callable[[], int]
) -> None:
    leads.offer(lead_ids=[nurtured.pk], at=at + 6 * DAY).or_raise()
    settle()
    last = Lead.objects.get(pk=nurtured.pk).last_change
    moved = leads.take_back(change_ids=[last], by=manager, at=at + 6 * DAY)
    told = [(c.lead_id, c.id, c.from_stage, c.to_stage) for c in moved.changes]

    for _ in range(2):
        nurture.follow_stages(changes=told, verb="correct", at=at + 6 * DAY)

    assert states(nurtured) == ["active"]


def test_what_began_by_the_change_ends_with_it(
    nurtured: Lead, at: datetime, rep: User, manager: User, settle: Callable[[], int]
) -> None:
    leads.offer(lead_ids=[nurtured.pk], at=at + 6 * DAY).or_raise()
    leads.reject(lead_ids=[nurtured.pk], by=rep, reason="no_need", at=at + 7 * DAY).or_raise()
    settle()
    assert states(nurtured) == ["exited", "active"]

    take_back(nurtured, by=manager, at=at + 7 * DAY)
    settle()

    assert states(nurtured) == ["exited", "exited"]


def test_whoever_unsubscribed_meanwhile_is_left_alone(
    nurtured: Lead, at: datetime, manager: User, settle: Callable[[], int]
) -> None:
    leads.offer(lead_ids=[nurtured.pk], at=at + 6 * DAY).or_raise()
    settle()
    leads.withdraw_consent(
        lead_ids=[nurtured.pk], purpose="marketing", source="test", at=at + 7 * DAY
    )

    take_back(nurtured, by=manager, at=at + 7 * DAY)
    settle()

    assert states(nurtured) == ["exited"]


def test_nobody_enters_a_finished_program_again(
    nurtured: Lead, at: datetime, rep: User, manager: User, settle: Callable[[], int]
) -> None:
    leads.offer(lead_ids=[nurtured.pk], at=at + 6 * DAY).or_raise()
    leads.reject(lead_ids=[nurtured.pk], by=rep, reason="no_need", at=at + 7 * DAY).or_raise()
    settle()
    running = Enrollment.objects.active().get()
    nurture.stop(enrollment_ids=[running.pk], by=manager, at=at + 8 * DAY)
    leads.revive(lead_ids=[nurtured.pk], at=at + 9 * DAY).or_raise()

    take_back(nurtured, by=manager, at=at + 9 * DAY)
    settle()
    nurture.enroll_due(at=at + 10 * DAY)

    assert states(nurtured) == ["exited", "exited"]
