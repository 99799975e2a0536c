"""Where the funnel leaks: each kind, and that figures, list and a plain recount agree."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from leadflow.core.errors import Invalid
from leadflow.core.models import Absence, User
from leads import queries as lead_queries
from leads.models import Handoff, Lead, Offer, Stage, StageChange, Territory
from reports import queries

Enter = Callable[..., list[int]]
Act = Callable[..., None]
KINDS = [leak.key for leak in lead_queries.LEAKS]
PHONE = "+4930123456"


@pytest.fixture
def well(enter: Enter, rep: User) -> Callable[..., list[int]]:
    """Leads that can be reached and whose offer somebody has, in a stage."""

    def run(count: int = 1, **facts: Any) -> list[int]:
        ids = enter(count, **{"phone": PHONE, "owner_id": rep.pk} | facts)
        Offer.objects.filter(lead__in=ids, outcome="pending").update(assignee=rep)
        return ids

    return run


def found(kind: str, user: User, at: datetime, **params: str) -> list[int]:
    leads = lead_queries.list_leads(user=user, params={"leak": kind} | params, at=at)
    return sorted(leads.values_list("pk", flat=True))


def leak(user: User | None, at: datetime) -> dict[str, int]:
    report = queries.leaks(user=user, at=at)
    return {kind: report.leads(kind) for kind in KINDS if report.leads(kind)}


@pytest.mark.parametrize(
    ("stage", "days"), [("inquiry", 180), ("mql", 2), ("sal", 7), ("sql", 30), ("opportunity", 60)]
)
def test_a_lead_is_stuck_when_its_stage_takes_longer_than_normal(
    well: Enter, at: datetime, manager: User, stage: str, days: int
) -> None:
    ids = well(stage=stage)

    assert found("stuck", manager, at + timedelta(days=days)) == []
    assert found("stuck", manager, at + timedelta(days=days, seconds=1)) == ids


def test_a_stage_without_a_normal_time_and_a_customer_are_never_stuck(
    well: Enter, act: Act, at: datetime, manager: User
) -> None:
    Stage.objects.filter(key="sql").update(normal_days=None)
    well(stage="sql")
    act("win", well(stage="mql"))

    assert leak(manager, at + timedelta(days=900)) == {}


def test_customers_that_care_should_answer_for_are_watched(
    well: Enter, act: Act, at: datetime, manager: User
) -> None:
    Handoff.objects.filter(key="customer_care").update(is_active=True)
    ids = well(stage="mql")
    act("win", ids)
    Offer.objects.update(assignee=manager)

    assert found("stuck", manager, at + timedelta(days=15)) == ids


def test_what_sales_accepted_needs_an_owner_and_an_offer_somebody_to_answer(
    well: Enter, enter: Enter, at: datetime, manager: User
) -> None:
    accepted = well(2, stage="sal", owner_id=None)
    offered = enter(1, stage="mql", phone=PHONE)
    well(3, stage="mql", owner_id=None)
    well(1, stage="inquiry", owner_id=None)

    assert found("unowned", manager, at) == [*accepted, *offered]
    assert found("unowned", manager, at, stage="sal") == accepted


def test_an_owner_who_is_away_or_has_left_is_absent_until_they_are_back(
    well: Enter, at: datetime, manager: User, rep: User, other_rep: User
) -> None:
    owned = well(stage="sql", owner_id=other_rep.pk)
    asked = well(stage="mql", owner_id=None)
    Offer.objects.filter(lead__in=asked).update(assignee=other_rep)
    well(stage="sql", owner_id=rep.pk)
    back = at + timedelta(days=3)
    Absence.objects.create(user=other_rep, starts_at=at, ends_at=back)

    assert found("absent", manager, at) == [*owned, *asked]
    assert found("absent", manager, back) == []
    User.objects.filter(pk=other_rep.pk).update(is_active=False)
    assert found("absent", manager, back) == [*owned, *asked]


@pytest.fixture
def bounced(well: Enter, act: Act, at: datetime) -> list[int]:
    """A lead that came back twice, ninety days apart, and is on its way again; and one that did once."""
    ids = well(2, stage="mql")
    act("reject", ids, reason="no_need")
    act("revive", ids, on=at + timedelta(days=89))
    act("recycle", ids[:1], on=at + timedelta(days=90))
    act("revive", ids[:1], on=at + timedelta(days=91))
    return ids


def test_who_came_back_twice_in_half_a_year_bounces(
    bounced: list[int], at: datetime, manager: User
) -> None:
    assert found("bouncing", manager, at + timedelta(days=91)) == bounced[:1]
    assert found("bouncing", manager, at + timedelta(days=181)) == []


def test_a_return_that_was_taken_back_is_no_bounce(
    bounced: list[int], at: datetime, manager: User
) -> None:
    recycled = StageChange.objects.get(lead=bounced[0], verb="recycle")
    StageChange.objects.create(
        lead_id=bounced[0],
        from_stage_id="recycled",
        to_stage_id="inquiry",
        verb="correct",
        at=at,
        cycle=2,
        pipeline_version=1,
        corrects=recycled.pk,
    )

    assert found("bouncing", manager, at + timedelta(days=91)) == []


def test_nobody_can_reach_leads_without_address_and_number_or_with_bad_data(
    well: Enter, act: Act, at: datetime, manager: User
) -> None:
    silent = well(1, stage="inquiry", phone="")
    well(1, stage="inquiry", phone="", email="ada@example.com")
    wrong = well(2, stage="mql")
    act("reject", wrong, reason="bad_data")
    well_again = wrong[1:]
    act("revive", well_again, on=at + timedelta(days=1))
    act("offer", well_again, on=at + timedelta(days=2))
    act("disqualify", well(1, stage="inquiry", phone=""), reason="fake")

    assert found("unusable", manager, at) == [*silent, wrong[0]]
    assert found("unusable", manager, at, stage="recycled") == wrong[:1]


@pytest.fixture
def leaking(
    well: Enter, enter: Enter, bounced: list[int], rep: User, other_rep: User, at: datetime
) -> datetime:
    """Leads that leak in every way, some in several; returns a moment at which they do."""
    south = Territory.objects.create(key="south", name="South")
    other_rep.territories.add(south)
    now = at + timedelta(days=91)
    well(3, stage="inquiry")
    enter(2, stage="mql", on=now, territory_id=south.pk)
    well(4, stage="sal", owner_id=None, on=now, territory_id=south.pk)
    well(2, stage="sql", owner_id=other_rep.pk)
    well(1, stage="opportunity", phone="", on=now)
    well(5, stage="sal", on=now)
    Absence.objects.create(
        user=other_rep, starts_at=now - timedelta(1), ends_at=now + timedelta(days=9)
    )
    return now


def test_the_matrix_equals_a_plain_recount(leaking: datetime, count_rows: Any) -> None:
    report = queries.leaks(user=None, at=leaking)

    stages = {stage.key: stage for stage in report.stages}
    assert stages["inquiry"].leads("stuck") == count_rows(
        "SELECT count(*) FROM leads_lead WHERE stage = 'inquiry' AND stage_since < %s",
        leaking - timedelta(days=180),
    )
    assert stages["mql"].leads("unowned") == count_rows(
        "SELECT count(*) FROM leads_offer WHERE outcome = 'pending' AND assignee_id IS NULL"
    )
    assert stages["sal"].leads("unowned") == 4
    assert stages["sql"].leads("absent") == 2
    assert report.leads("unusable") == count_rows(
        "SELECT count(*) FROM leads_lead WHERE email = '' AND phone = ''"
    )
    assert report.standing == Lead.objects.count()


def test_a_lead_that_leaks_twice_counts_once_in_all(
    well: Enter, at: datetime, manager: User
) -> None:
    well(1, stage="sal", owner_id=None, phone="")

    report = queries.leaks(user=manager, at=at + timedelta(days=8))

    assert leak(manager, at + timedelta(days=8)) == {"stuck": 1, "unowned": 1, "unusable": 1}
    assert report.leaking == 1


@pytest.mark.parametrize("role", ["manager", "rep", "other_rep"])
def test_each_number_of_the_page_opens_exactly_its_leads(
    client: Client, leaking: datetime, role: str, request: Any, time_machine: Any
) -> None:
    time_machine.move_to(leaking, tick=False)
    user = request.getfixturevalue(role)
    client.force_login(user)

    context = client.get(reverse("reports:leaks")).context

    cells = [cell for kind in context["kinds"] for cell in kind.cells]
    figures = {cell.href: cell.leads for cell in [*cells, *context["totals"]]}
    figures |= {kind.href: kind.leads for kind in context["kinds"]}
    figures[context["leaking_href"]] = context["report"].leaking
    figures[context["standing_href"]] = context["report"].standing
    assert {href: listed(href, user, leaking) for href in figures} == figures
    assert sum(1 for leads in figures.values() if leads) > 10


def listed(href: str, user: User, at: datetime) -> int:
    params = QueryDict(href.partition("?")[2]).dict()
    return lead_queries.list_leads(user=user, params=params, at=at).count()


def test_a_rep_sees_the_leaks_of_visible_leads_alone(
    leaking: datetime, rep: User, other_rep: User
) -> None:
    assert "unowned" not in leak(rep, leaking)
    assert leak(other_rep, leaking)["unowned"] == 6


def test_the_page_says_what_to_do_or_that_nothing_leaks(
    client: Client, well: Enter, manager: User, at: datetime, time_machine: Any
) -> None:
    time_machine.move_to(at, tick=False)
    client.force_login(manager)
    page = reverse("reports:leaks")
    assert "No leads on the way" in client.get(page).content.decode()

    well(2, stage="sal")
    assert "Nothing leaks" in client.get(page).content.decode()

    time_machine.move_to(at + timedelta(days=8), tick=False)
    said = client.get(page).content.decode()
    assert "See and fix" in said
    assert "Take the next step with them" in said


def test_the_list_names_the_leak_it_shows(client: Client, manager: User, db: None) -> None:
    client.force_login(manager)

    assert "Back and forth" in client.get("/leads/?leak=bouncing").content.decode()
    assert client.get("/leads/?leak=wet").status_code == 400
    with pytest.raises(Invalid, match="Choose one of: stuck, unowned"):
        found("wet", manager, datetime.now().astimezone())


def test_the_command_prints_the_same_figures(leaking: datetime, time_machine: Any) -> None:
    time_machine.move_to(leaking, tick=False)
    out = StringIO()
    call_command("report", "leaks", "--json", stdout=out)

    printed = json.loads(out.getvalue())
    report = queries.leaks(user=None, at=leaking)
    assert {kind["key"]: kind["leads"] for kind in printed["kinds"]} == {
        kind: report.leads(kind) for kind in KINDS
    }
    assert printed["leaking"] == report.leaking
    assert [stage["key"] for stage in printed["stages"]] == [
        "inquiry",
        "mql",
        "sal",
        "sql",
        "opportunity",
        "recycled",
    ]


def test_more_leads_take_no_more_queries(
    client: Client, well: Enter, enter: Enter, manager: User, django_assert_max_num_queries: Any
) -> None:
    client.force_login(manager)
    for size in (3, 60):
        well(size, stage="sal")
        enter(size, stage="mql")
        with django_assert_max_num_queries(14):
            client.get(reverse("reports:leaks"))
