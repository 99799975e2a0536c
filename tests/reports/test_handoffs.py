"""Hand-off figures, from offers alone."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leadflow.core.models import User
from leads.models import Handoff, Offer, Territory
from reports import queries

Enter = Callable[..., list[int]]
Act = Callable[..., None]

OUTCOMES = "SELECT count(*) FROM leads_offer WHERE outcome = %s"


@pytest.fixture
def answered(enter: Enter, act: Act, at: datetime) -> list[int]:
    """Ten offers: five accepted after one to five hours, two rejected, one expired, two waiting."""
    ids = enter(10)
    for hours in range(1, 6):
        act("accept", [ids[hours - 1]], on=at + timedelta(hours=hours))
    act("reject", [ids[5]], reason="no_need", on=at + timedelta(hours=6))
    act("reject", [ids[6]], reason="bad_data", on=at + timedelta(hours=7))
    act("expire", [ids[7]], on=at + timedelta(hours=24))
    return ids


def test_outcomes_equal_a_plain_count_of_offers(
    answered: list[int], at: datetime, count_rows: Callable[..., int]
) -> None:
    report = queries.handoffs(user=None, at=at)[0]

    found = report.answers
    counted = [
        count_rows(OUTCOMES, name) for name in ["accepted", "rejected", "expired", "pending"]
    ]
    assert [found.accepted, found.rejected, found.expired, found.pending] == counted == [5, 2, 1, 2]
    assert found.offered == 10


def test_acceptance_leaves_waiting_offers_out(answered: list[int], at: datetime) -> None:
    report = queries.handoffs(user=None, at=at)[0]

    assert report.answers.decided == 8
    assert report.answers.acceptance == 0.625
    assert report.answers.interval is not None
    assert report.answers.interval.low == pytest.approx(0.3057, abs=1e-4)
    assert report.answers.interval.high == pytest.approx(0.8632, abs=1e-4)


def test_the_gap_is_in_points_of_the_target_as_it_stands(answered: list[int], at: datetime) -> None:
    Handoff.objects.filter(key="mql_sal").update(target="0.600")

    assert queries.handoffs(user=None, at=at)[0].gap_points == 2.5


def test_response_times_are_of_answers_not_of_expiry(answered: list[int], at: datetime) -> None:
    answers = queries.handoffs(user=None, at=at)[0].answers

    assert answers.median_seconds == 4 * 3600
    assert answers.p90_seconds == pytest.approx(6.4 * 3600)


def test_reasons_are_counted_with_their_labels(answered: list[int], at: datetime) -> None:
    reasons = queries.handoffs(user=None, at=at)[0].reasons

    assert [(one.code, one.label, one.offers) for one in reasons] == [
        ("bad_data", "Contact data unusable", 1),
        ("no_need", "No need", 1),
    ]


def test_only_active_hand_offs_are_listed_also_without_offers(at: datetime, db: None) -> None:
    reports = queries.handoffs(user=None, at=at)

    assert [report.handoff.key for report in reports] == ["mql_sal"]
    assert reports[0].answers == queries.Answers()
    assert reports[0].gap_points is None


def test_the_period_is_that_of_the_offer(answered: list[int], enter: Enter, at: datetime) -> None:
    enter(3, on=at - timedelta(days=40))

    before = queries.handoffs(user=None, at=at, end=at)[0].answers
    since = queries.handoffs(user=None, at=at, start=at)[0].answers

    assert (before.offered, since.offered) == (3, 10)


def test_clocks_tell_answers_in_time_from_late_and_overdue_ones(
    enter: Enter, act: Act, at: datetime
) -> None:
    ids = enter(5)
    Offer.objects.update(due_at=at + timedelta(hours=24))
    act("accept", ids[:2], on=at + timedelta(hours=1))
    act("accept", ids[2:3], on=at + timedelta(hours=25))
    act("expire", ids[3:4], on=at + timedelta(hours=24))

    now = queries.handoffs(user=None, at=at + timedelta(hours=2))[0].answers
    later = queries.handoffs(user=None, at=at + timedelta(hours=25))[0].answers

    assert (now.timed, now.in_time, now.overdue) == (4, 2, 0)
    assert (later.timed, later.in_time, later.overdue) == (5, 2, 1)


@pytest.mark.parametrize("by", queries.OFFER_DIMENSIONS)
def test_groups_of_every_dimension_add_up(answered: list[int], at: datetime, by: str) -> None:
    report = queries.handoffs(user=None, at=at, by=by)[0]

    assert sum(one.answers.offered for one in report.groups) == 10
    assert sum(one.answers.accepted for one in report.groups) == 5


def test_a_rep_is_the_one_who_decided_or_else_who_has_it(
    enter: Enter, act: Act, at: datetime, rep: User, other_rep: User
) -> None:
    ids = enter(3)
    Offer.objects.update(assignee=other_rep)
    act("accept", ids[:2], by=rep)

    report = queries.handoffs(user=None, at=at, by="rep")[0]

    counts = {one.group.label: one.answers for one in report.groups}
    assert list(counts) == [rep.name, other_rep.name]
    assert [(one.offered, one.accepted) for one in counts.values()] == [(2, 2), (1, 0)]


def test_months_come_in_their_order(answered: list[int], enter: Enter, at: datetime) -> None:
    enter(20, on=at + timedelta(days=40))

    report = queries.handoffs(user=None, at=at, by="month")[0]

    assert [one.group.key for one in report.groups] == ["2026-03", "2026-04"]


def test_a_reader_counts_offers_of_visible_leads_only(
    enter: Enter, at: datetime, rep: User, other_rep: User, manager: User
) -> None:
    theirs = Territory.objects.create(key="theirs", name="Theirs")
    theirs.members.add(other_rep)
    enter(2, territory_id=theirs.pk)
    enter(1)

    readers = (rep, other_rep, manager)
    counted = [queries.handoffs(user=user, at=at)[0].answers.offered for user in readers]
    assert counted == [1, 3, 3]


def test_more_offers_take_no_more_queries(enter: Enter, at: datetime, manager: User) -> None:
    counts = []
    for size in (2, 50):
        enter(size, source=f"s{size}")
        with CaptureQueriesContext(connection) as captured:
            queries.handoffs(user=manager, at=at, by="source")
        counts.append(len(captured))

    assert counts[0] == counts[1] <= 14
