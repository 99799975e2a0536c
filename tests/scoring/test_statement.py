"""The scoring statement against a naive oracle, on rules and activities nobody would think of."""

import random
from datetime import timedelta
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from leads.models import Lead
from scoring import queries
from scoring.models import RuleSet
from scoring.queries import Scope, Score
from tests.factories import people
from tests.scoring import oracle
from tests.scoring.worlds import (
    AT,
    SOME,
    World,
    activity_facts,
    group_facts,
    groups_drawn,
    rule_facts,
)


def score(lead: Lead, rule_set: RuleSet, at=AT) -> Score:
    plan = queries.load_plan(rule_set)
    (found,) = queries.compute_scores(Scope(at=at, lead_ids=[lead.pk]), plan=plan)
    return found


class TestAgainstOracle(TestCase):
    @SOME
    @given(
        groups=groups_drawn,
        rules=st.lists(rule_facts, min_size=4, max_size=10),
        activities=st.lists(activity_facts, min_size=8, max_size=25),
        cap=st.none() | st.integers(0, 150),
    )
    def test_the_statement_equals_a_naive_oracle(
        self, groups: list, rules: list, activities: list, cap: int | None
    ) -> None:
        world = World()
        lead = people.inquiry(at=AT - timedelta(days=30))
        rows = world.record(lead, activities)
        rule_set = world.rule_set(groups, rules, cap)

        found = score(lead, rule_set)
        explained = queries.explain(lead, AT)

        assert found.exact == pytest.approx(oracle.engagement(rows, rule_set, AT), abs=1e-6)
        assert found.engagement == floor(found.exact + 0.5 + 1e-7)
        assert (explained.engagement, explained.fit) == (found.engagement, found.fit)
        in_groups = sum(group.counts for group in explained.groups)
        assert in_groups - explained.lost_to_total_cap == pytest.approx(found.exact, abs=1e-6)
        counted = sum(part.remaining for part in explained.contributions)
        assert counted == pytest.approx(sum(group.earned for group in explained.groups), abs=1e-6)

    @SOME
    @given(
        groups=groups_drawn,
        rules=st.lists(rule_facts, min_size=3, max_size=6),
        activities=st.lists(activity_facts, min_size=6, max_size=20),
    )
    def test_interest_equals_a_naive_oracle(
        self, groups: list, rules: list, activities: list
    ) -> None:
        world = World()
        lead = people.inquiry(at=AT - timedelta(days=30))
        rows = world.record(lead, activities)
        rule_set = world.rule_set(groups, rules)

        found = {one.product_id: one.points for one in queries.interest(lead, AT)}

        assert found == pytest.approx(oracle.interest(rows, rule_set, AT), abs=1e-6)

    @SOME
    @given(
        groups=groups_drawn,
        rules=st.lists(rule_facts, min_size=1, max_size=6),
        # No two at the same moment: which of those counts first is decided by their id.
        activities=st.lists(activity_facts, max_size=15, unique_by=lambda facts: facts["hours"]),
        seed=st.integers(),
    )
    def test_the_order_of_arrival_is_irrelevant(
        self, groups: list, rules: list, activities: list, seed: int
    ) -> None:
        world = World()
        first, second = people.inquiries(2, at=AT - timedelta(days=30))
        world.record(first, activities)
        world.record(second, random.Random(seed).sample(activities, len(activities)))
        rule_set = world.rule_set(groups, rules)

        assert score(first, rule_set).exact == pytest.approx(
            score(second, rule_set).exact, abs=1e-6
        )

    @SOME
    @given(
        groups=groups_drawn,
        rules=st.lists(rule_facts, max_size=6),
        activities=st.lists(activity_facts, max_size=15),
        hours=st.integers(1, 2_000),
    )
    def test_engagement_never_rises_by_the_passing_of_time(
        self, groups: list, rules: list, activities: list, hours: int
    ) -> None:
        world = World()
        lead = people.inquiry(at=AT - timedelta(days=30))
        world.record(lead, [facts for facts in activities if facts["hours"] >= 0])
        rule_set = world.rule_set(groups, rules)

        then = score(lead, rule_set, AT + timedelta(hours=hours))

        assert then.exact <= score(lead, rule_set).exact + 1e-9

    @SOME
    @given(
        groups=st.lists(group_facts, min_size=1, max_size=3),
        activities=st.lists(activity_facts, max_size=15),
    )
    def test_the_outlook_is_what_time_will_show(self, groups: list, activities: list) -> None:
        world = World()
        lead = people.inquiry(at=AT - timedelta(days=30))
        world.record(lead, [facts for facts in activities if facts["hours"] >= 0])
        rules = [
            {"kind": kind, "points": points} for kind, points in (("form", 10), ("download", -4))
        ]
        rule_set = world.rule_set(groups, rules, 50)

        ahead = queries.explain(lead, AT).ahead

        assert [then.days for then in ahead] == [7, 30]
        for then in ahead:
            later = score(lead, rule_set, AT + timedelta(days=then.days))
            assert (then.engagement, then.fit, then.grade) == (
                later.engagement, later.fit, later.grade,
            )  # fmt: skip


pytestmark = pytest.mark.django_db


def test_ten_years_at_a_half_life_of_a_day_leave_nothing_and_break_nothing() -> None:
    world = World()
    lead = people.inquiry(at=AT)
    world.record(lead, [{"kind": "form", "hours": 10 * 365 * 24}])
    rule_set = world.rule_set([(1, None)], [{"kind": "form", "points": 10}])

    found = score(lead, rule_set)

    assert 0 <= found.exact < 1e-100
    assert found.engagement == 0


def test_one_statement_scores_any_number_of_leads(django_assert_num_queries) -> None:
    rows = people.inquiries(50, at=AT)
    plan = queries.load_plan(queries.current_rules())
    for some in (rows[:1], rows):
        with django_assert_num_queries(1):
            queries.compute_scores(Scope(at=AT, lead_ids=[row.pk for row in some]), plan=plan)


def test_a_range_of_ids_and_a_list_of_ids_score_alike(hot_lead) -> None:
    rows = [hot_lead(phone="+4930123456"), hot_lead(phone="")]
    plan = queries.load_plan(queries.current_rules())
    ids = [row.pk for row in rows]

    by_list = queries.compute_scores(Scope(at=AT, lead_ids=ids), plan=plan)
    by_range = queries.compute_scores(Scope(at=AT, first_id=min(ids), last_id=max(ids)), plan=plan)

    assert by_list == by_range
    assert [found.engagement for found in by_list] == [34, 34]
    assert [found.fit for found in by_list] == [30, 0]


def test_what_was_done_before_a_start_is_left_out_for_that_lead_alone() -> None:
    world = World()
    first, second = people.inquiries(2, at=AT)
    for lead in (first, second):
        world.record(lead, [{"kind": "form", "hours": hours} for hours in (1, 2, 3)])
    rule = {"kind": "form", "points": 10, "limit": "at_most", "limit_count": 2}
    plan = queries.load_plan(world.rule_set([(None, None)], [rule]))
    since = {first.pk: AT - timedelta(hours=2), second.pk: AT - timedelta(hours=4)}

    scores = queries.compute_scores(Scope(at=AT, lead_ids=since, since=since), plan=plan)

    assert [found.engagement for found in scores] == [10, 20]


def test_a_rule_about_a_deleted_asset_goes_with_it() -> None:
    world = World()
    lead = people.inquiry(at=AT)
    world.record(lead, [{"kind": "download", "hours": 1, "asset": 0}])
    rule_set = world.rule_set([(None, None)], [{"kind": "download", "points": 10, "asset": 0}])
    assert score(lead, rule_set).engagement == 10

    world.assets[0].delete()

    assert score(lead, rule_set).engagement == 0


def test_a_rule_that_matches_nothing_gives_nothing_and_breaks_nothing() -> None:
    world = World()
    lead = people.inquiry(at=AT)
    world.record(lead, [{"kind": "form", "hours": 1}])
    rules = [
        {"kind": "event", "points": 10},
        {"kind": "form", "points": 3, "url_pattern": "/none*"},
    ]

    assert score(lead, world.rule_set([(30, 5)], rules)).exact == 0
    assert score(lead, world.rule_set([(30, 5)], [])).exact == 0
    assert score(lead, world.rule_set([], [])).exact == 0


def test_five_hundred_rules_count_like_one() -> None:
    world = World()
    lead = people.inquiry(at=AT)
    world.record(lead, [{"kind": "form", "hours": 1, "url": "https://example.com/a"}] * 3)
    rules = [
        {"kind": "form", "points": 1, "limit": ["none", "once", "daily", "at_most"][n % 4]}
        | {"limit_count": 2, "url_pattern": "/a" if n % 2 else ""}
        for n in range(500)
    ]
    rule_set = world.rule_set([(None, None)], rules)

    # a quarter each: three times, once, twice a day, twice
    assert score(lead, rule_set).engagement == 125 * (3 + 1 + 2 + 2)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
def test_the_zone_of_the_session_changes_no_score(zone, hot_lead) -> None:
    from django.db import connection

    # two pages in one night that is two days in Kolkata, and the hour that Berlin has twice
    world = World()
    lead = people.inquiry(at=AT)
    world.record(lead, [{"kind": "page_view", "hours": 24 * 128 + hour} for hour in range(24)])
    rule = {"kind": "page_view", "points": 1, "limit": "daily", "limit_count": 3}
    rule_set = world.rule_set([(30, None)], [rule])
    before = score(lead, rule_set)

    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('timezone', %s, true)", [zone])

    assert score(lead, rule_set) == before


def test_the_library_is_not_read_through_for_one_lead() -> None:
    from django.db import connection

    from content.models import Asset

    world = World()
    lead = people.inquiry(at=AT)
    world.record(lead, [{"kind": "download", "hours": 1, "asset": 0}])
    Asset.objects.bulk_create(
        Asset(key=f"more-{n}", title=f"More {n}", kind="page") for n in range(3_000)
    )
    rules = [{"kind": "download", "points": 1, "asset_kind": "page"}] * 20
    plan = queries.load_plan(world.rule_set([(30, None)], rules))
    sql, params = queries.keep_sql(Scope(at=AT, lead_ids=[lead.pk], never_back=True), plan)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE content_asset")
        cursor.execute("EXPLAIN " + sql, params)
        text = "\n".join(row[0] for row in cursor.fetchall())

    assert "Seq Scan on content_asset asset" not in text
    assert "Seq Scan on leads_activity" not in text
