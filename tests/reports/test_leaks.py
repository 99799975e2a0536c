"""The leak finder: each kind by its own rule, the same leads behind every number."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from leadflow.core.models import Absence, User
from leads import queries as lead_queries
from leads import services as leads
from leads.models import Lead, Territory
from reports import queries
from tests.factories import people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def leaking(kind: str, at: datetime) -> set[int]:
    """Leads of one kind, as the list of leads finds them."""
    boss = people.user("manager")
    rows = lead_queries.list_leads(user=boss, params={"leak": kind}, at=at)
    return set(rows.values_list("pk", flat=True))


def accepted(at: datetime, by: User, count: int = 1, **facts: Any) -> list[Lead]:
    rows = people.offered(at=at, count=count, phone="+4930123456", **facts)
    leads.accept(lead_ids=[row.pk for row in rows], by=by, at=at)
    return people.fresh(rows)


def test_stuck_is_who_stays_longer_than_normal(at: datetime, rep: User) -> None:
    (lead,) = accepted(at, rep)

    assert leaking("stuck", at + 7 * DAY) == set()
    assert leaking("stuck", at + 7 * DAY + timedelta(seconds=1)) == {lead.pk}

    leads.change_stage(key="sal", normal_days=30, by=None, at=at)
    assert leaking("stuck", at + 8 * DAY) == set()
    leads.change_stage(key="sal", normal_days=None, by=None, at=at)
    assert leaking("stuck", at + 800 * DAY) == set()


def test_unowned_is_whom_sales_took_and_nobody_has(at: datetime, rep: User, manager: User) -> None:
    (lead,) = accepted(at, rep)
    waiting, early = people.offered(at=at)[0], people.inquiry(at=at)
    assert leaking("unowned", at) == {waiting.pk}

    leads.assign_owner(lead_ids=[lead.pk], owner=None, at=at)

    assert leaking("unowned", at) == {lead.pk, waiting.pk}
    assert early.pk not in leaking("any", at)


def test_absent_is_whose_owner_is_away_or_gone(at: datetime, rep: User, other_rep: User) -> None:
    (away,), (gone,) = accepted(at, rep), accepted(at, other_rep)
    Absence.objects.create(user=rep, starts_at=at, ends_at=at + DAY)
    User.objects.filter(pk=other_rep.pk).update(is_active=False)

    assert leaking("absent", at) == {away.pk, gone.pk}
    assert leaking("absent", at + DAY) == {gone.pk}


def bounce(lead: Lead, at: datetime) -> datetime:
    """Offered, given back, revived; returns when it is over."""
    leads.offer(lead_ids=[lead.pk], at=at).or_raise()
    leads.reject(lead_ids=[lead.pk], reason="no_need", at=at + DAY).or_raise()
    leads.revive(lead_ids=[lead.pk], at=at + 2 * DAY).or_raise()
    return at + 3 * DAY


def test_bouncing_is_who_came_back_twice_in_half_a_year(at: datetime) -> None:
    lead = people.inquiry(at=at, phone="+4930123456")
    first = bounce(lead, at)
    assert leaking("bouncing", first) == set()
    second = bounce(lead, first)

    assert leaking("bouncing", second) == {lead.pk}
    assert leaking("bouncing", at + 200 * DAY) == set()


def test_what_was_taken_back_did_not_bounce(at: datetime, manager: User) -> None:
    lead = people.inquiry(at=at, phone="+4930123456")
    now = bounce(lead, bounce(lead, at))
    leads.offer(lead_ids=[lead.pk], at=now).or_raise()
    (change,) = leads.reject(lead_ids=[lead.pk], reason="no_need", at=now).changes
    leads.take_back(change_ids=[change.id], by=manager, at=now)
    leads.accept(lead_ids=[lead.pk], at=now).or_raise()

    assert leaking("bouncing", now + 177 * DAY) == set()
    assert leaking("bouncing", now) == {lead.pk}


def test_unusable_is_whom_nobody_can_reach(at: datetime) -> None:
    nothing = people.inquiry(at=at, email="", external_id="x1")
    (bad,) = people.offered(at=at)
    leads.reject(lead_ids=[bad.pk], reason="bad_data", at=at)
    (other,) = people.offered(at=at)
    leads.reject(lead_ids=[other.pk], reason="no_need", at=at)

    assert leaking("unusable", at) == {nothing.pk, bad.pk}


def test_the_figures_equal_the_lists(at: datetime, rep: User) -> None:
    accepted(at, rep, 3)
    people.offered(at=at, count=2)
    people.inquiry(at=at, email="", external_id="x1")
    bounce(people.inquiry(at=at), bounce(people.inquiry(at=at), at))
    now = at + 70 * DAY

    report = queries.leaks(user=None, at=now)

    for leak in lead_queries.LEAKS:
        assert report.leads(leak.key) == len(leaking(leak.key, now))
    assert report.leaking == len(leaking("any", now))
    for stage in report.stages:
        assert stage.standing == Lead.objects.filter(stage=stage.key).count()


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    def run(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return run


def test_each_number_of_the_page_opens_its_leads(sign_in: Any, manager: User, rep: User) -> None:
    long_ago = timezone.now() - 90 * DAY
    (lead,) = accepted(long_ago, rep, first_name="Stucky")
    client = sign_in(manager)

    page = client.get("/reports/leaks/").content.decode()
    assert "?leak=stuck&amp;stage=sal" in page
    shown = client.get("/leads/?leak=stuck&stage=sal").content.decode()

    assert lead.name in shown
    assert "Stuck" in shown
    assert client.get("/leads/?leak=moon").status_code == 400


def test_a_rep_finds_the_leaks_of_what_they_see(sign_in: Any, rep: User) -> None:
    south = Territory.objects.create(key="south", name="South")
    long_ago = timezone.now() - 200 * DAY
    people.inquiry(at=long_ago, first_name="Mine")
    people.inquiry(at=long_ago, territory_id=south.pk, first_name="Hidden")

    assert queries.leaks(user=rep, at=timezone.now()).leaking == 1
    page = sign_in(rep).get("/leads/?leak=any").content.decode()
    assert "Mine" in page
    assert "Hidden" not in page


def test_customer_care_reads_no_leaks(sign_in: Any, care: User) -> None:
    assert sign_in(care).get("/reports/leaks/").status_code == 403


def test_without_leaks_the_page_says_so(sign_in: Any, manager: User) -> None:
    client = sign_in(manager)
    assert "No leads on the way" in client.get("/reports/leaks/").content.decode()

    people.inquiry(at=timezone.now())

    assert "Nothing leaks" in client.get("/reports/leaks/").content.decode()


def test_the_page_asks_as_often_for_many_leads_as_for_few(
    sign_in: Any, manager: User, django_assert_max_num_queries: Any
) -> None:
    people.offered(at=timezone.now() - 90 * DAY, count=40)
    client = sign_in(manager)

    with django_assert_max_num_queries(16):
        client.get("/reports/leaks/")


def test_the_command_tells_the_same(at: datetime) -> None:
    people.inquiry(at=at, email="", external_id="x1")
    out = StringIO()

    call_command("report", "leaks", "--json", stdout=out)
    told = json.loads(out.getvalue())

    assert {kind["key"]: kind["leads"] for kind in told["kinds"]}["unusable"] == 1
    call_command("report", "leaks", stdout=out)
    assert "Unreachable" in out.getvalue()
