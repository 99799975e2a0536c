"""Tasks: who does them, and what came of them."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from handoff import services as handoff
from handoff.models import Clock
from leadflow.core.models import Team, User
from leads.models import Lead, Offer, Territory
from nurture import services as nurture
from nurture.models import Task
from tests.factories import people
from tests.handoff.scenes import make_absent, signed_in, together

pytestmark = pytest.mark.django_db


def make_tasks(
    rows: list[Lead], team: Team, *, at: datetime, due: timedelta = timedelta(), title: str = "Call"
) -> list[Task]:
    """Calls that nobody has been given."""
    new = [
        nurture.NewTask(lead_id=row.pk, title=title, due_at=at + due, team_id=team.pk)
        for row in rows
    ]
    return nurture.create_tasks(tasks=new, at=at)


def test_tasks_find_their_people_as_soon_as_they_appear(
    rep: User, other_rep: User, sales: Team, at: datetime, settle: Callable[[], int]
) -> None:
    make_tasks(people.inquiries(6, at=at), sales, at=at)
    settle()
    assert [Task.objects.filter(assignee=user).count() for user in (rep, other_rep)] == [3, 3]


def test_the_owner_of_the_lead_does_the_task(
    rep: User, other_rep: User, sales: Team, at: datetime
) -> None:
    make_tasks(people.inquiries(2, at=at, owner_id=rep.pk), sales, at=at)
    assert handoff.assign_tasks(at=at) == 2
    assert Task.objects.filter(assignee=rep).count() == 2


def test_who_is_absent_gets_no_task_and_theirs_move_on(
    rep: User, other_rep: User, sales: Team, at: datetime
) -> None:
    make_tasks(people.inquiries(2, at=at, owner_id=rep.pk), sales, at=at)
    handoff.assign_tasks(at=at)
    make_absent(rep, at=at)
    handoff.assign_tasks(at=at)
    assert Task.objects.filter(assignee=other_rep).count() == 2
    assert handoff.assign_tasks(at=at) == 0


def test_tasks_of_a_territory_stay_there(
    rep: User, sales: Team, north: Territory, at: datetime
) -> None:
    make_tasks(people.inquiries(1, at=at, territory_id=north.pk), sales, at=at)
    assert handoff.assign_tasks(at=at) == 0


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_share_tasks_evenly(at: datetime) -> None:
    team = Team.objects.get(key="sales")
    reps = [people.user("rep", team="sales") for _ in range(4)]
    tasks = make_tasks(people.inquiries(60, at=at), team, at=at)
    parts = [[task.pk for task in tasks[start::4]] for start in range(4)]
    together(*(lambda part=part: handoff.assign_tasks(at=at, task_ids=part) for part in parts))
    assert [Task.objects.filter(assignee=user).count() for user in reps] == [15, 15, 15, 15]


def test_the_page_tells_overdue_from_later(rep: User, sales: Team) -> None:
    now = timezone.now()
    for title, due in (("Old call", -2), ("Far call", 72)):
        make_tasks(
            people.inquiries(1, at=now), sales, at=now, due=timedelta(hours=due), title=title
        )
    handoff.assign_tasks(at=now)
    page = signed_in(rep).get(reverse("handoff:tasks")).content.decode()
    assert (
        page.index("Overdue")
        < page.index("Old call")
        < page.index("Later")
        < page.index("Far call")
    )


def test_a_rep_sees_no_task_of_another_territory(rep: User, sales: Team, north: Territory) -> None:
    now = timezone.now()
    task = make_tasks(
        people.inquiries(1, at=now, territory_id=north.pk), sales, at=now, title="Hidden call"
    )[0]
    client = signed_in(rep)
    assert b"Hidden call" not in client.get(reverse("handoff:tasks"), {"view": "all"}).content
    assert client.get(reverse("handoff:finish_task", args=[task.pk])).status_code == 404


def test_a_task_is_done_once(rep: User, sales: Team) -> None:
    now = timezone.now()
    task = make_tasks(people.inquiries(1, at=now), sales, at=now)[0]
    client, address = signed_in(rep), reverse("handoff:finish_task", args=[task.pk])
    refused = client.post(address, {"note": "Typed already"})
    assert (refused.status_code, b"Typed already" in refused.content) == (400, True)
    for _ in range(2):
        assert client.post(address, {"outcome": "reached", "note": "Nice"}).status_code == 302
    task.refresh_from_db()
    assert (task.outcome, task.done_by) == ("reached", rep)


def test_a_task_somebody_else_finished_says_so(rep: User, other_rep: User, sales: Team) -> None:
    now = timezone.now()
    task = make_tasks(people.inquiries(1, at=now), sales, at=now)[0]
    handoff.finish_task(task_id=task.pk, by=other_rep, outcome="reached", at=now)
    address = reverse("handoff:finish_task", args=[task.pk])
    assert signed_in(rep).post(address, {"outcome": "no_answer"}).status_code == 409


def test_a_call_asked_for_by_a_task_answers_the_clock(
    rep: User, sales: Team, offer: Offer, at: datetime, settle: Callable[[], int]
) -> None:
    task = make_tasks([offer.lead], sales, at=at)[0]
    handoff.finish_task(task_id=task.pk, by=rep, outcome="reached", at=at)
    settle()
    assert Clock.objects.get(offer=offer).first_response_at == at


def test_without_tasks_the_page_says_what_belongs_here(rep: User) -> None:
    assert b"You have no open tasks" in signed_in(rep).get(reverse("handoff:tasks")).content


def test_the_queries_of_the_page_do_not_grow_with_its_rows(rep: User, sales: Team) -> None:
    now, client, counts = timezone.now(), signed_in(rep), []
    for size in (5, 60):
        make_tasks(people.inquiries(size, at=now), sales, at=now)
        with CaptureQueriesContext(connection) as context:
            client.get(reverse("handoff:tasks"), {"view": "all"})
        counts.append(len(context))
    assert counts[0] == counts[1]
