"""The scoring statement against a naive oracle, on rules and activities nobody would think of."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from content.models import Asset, Product
from leads.models import Activity, Campaign, Lead
from scoring import queries
from scoring.models import Rule, RuleSet, ScoreGroup
from scoring.queries import Scope
from tests.factories import people
from tests.scoring import oracle

AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
KINDS = ["page_view", "download", "form"]
SOME = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))

maybe = st.none() | st.integers(0, 1)
rule_facts = st.fixed_dictionaries(
    {
        "group": st.integers(0, 2),
        "kind": st.sampled_from(KINDS),
        "points": st.integers(-30, 60),
        "limit": st.sampled_from(Rule.Limit.values),
        "limit_count": st.integers(1, 4),
        "asset": maybe,
        "asset_kind": st.sampled_from(["", "page", "white_paper"]),
        "campaign": maybe,
        "product": maybe,
        "is_active": st.sampled_from([True, True, True, False]),
    }
)
group_facts = st.tuples(st.none() | st.integers(1, 90), st.none() | st.integers(0, 100))
activity_facts = st.tuples(
    st.sampled_from(KINDS),
    st.integers(-2, 400) | st.integers(0, 60),  # hours ago; less than none is yet to come
    maybe,
    maybe,
    st.sampled_from([False, False, False, True]),
)


class World:
    """Two assets, products and campaigns that rules and activities may name."""

    def __init__(self) -> None:
        self.assets = [
            Asset.objects.create(key=f"asset-{kind}", title=kind, kind=kind)
            for kind in ("page", "white_paper")
        ]
        self.products = [Product.objects.create(key=f"p{n}", name=f"Product {n}") for n in (0, 1)]
        self.campaigns = [
            Campaign.objects.create(key=f"c{n}", name=f"Campaign {n}") for n in (0, 1)
        ]
        self.assets[0].products.set(self.products[:1])
        self.assets[1].products.set(self.products)

    def pick(self, things: str, which: int | None) -> object:
        return None if which is None else getattr(self, things)[which]

    def rule_set(self, groups: list, rules: list, cap: int | None) -> RuleSet:
        RuleSet.objects.filter(state="published").update(state="replaced")
        rule_set = RuleSet.objects.create(
            number=900, state="published", published_at=AT, engagement_cap=cap
        )
        rows = [
            ScoreGroup.objects.create(
                rule_set=rule_set, key=f"g{n}", name=f"G{n}", half_life_days=days, cap=most
            )
            for n, (days, most) in enumerate(groups)
        ]
        for facts in rules:
            named = {
                "asset": self.pick("assets", facts["asset"]),
                "campaign": self.pick("campaigns", facts["campaign"]),
                "product": self.pick("products", facts["product"]),
                "group": rows[facts["group"]],
            }
            Rule.objects.create(rule_set=rule_set, label="A rule", **(facts | named))
        return rule_set

    def record(self, lead: Lead, activities: list) -> list[Activity]:
        return Activity.objects.bulk_create(
            Activity(
                lead=lead,
                kind=kind,
                occurred_at=AT - timedelta(hours=hours),
                asset=self.pick("assets", asset),
                campaign=self.pick("campaigns", campaign),
                is_automatic=automatic,
            )
            for kind, hours, asset, campaign, automatic in activities
        )


class TestAgainstOracle(TestCase):
    @SOME
    @given(
        groups=st.lists(group_facts, min_size=3, max_size=3),
        rules=st.lists(rule_facts, max_size=8),
        activities=st.lists(activity_facts, max_size=25),
        cap=st.none() | st.integers(0, 150),
    )
    def test_the_statement_equals_a_naive_oracle(
        self, groups: list, rules: list, activities: list, cap: int | None
    ) -> None:
        world = World()
        lead = people.inquiry(at=AT - timedelta(days=30))
        rows = world.record(lead, activities)
        rule_set = world.rule_set(groups, rules, cap)

        (score,) = queries.compute_scores(Scope(at=AT, lead_ids=[lead.pk]), rule_set=rule_set)
        explained = queries.explain(lead, AT)

        assert score.exact == pytest.approx(oracle.engagement(rows, rule_set, AT), abs=1e-6)
        assert abs(score.engagement - score.exact) <= 0.5
        assert (explained.engagement, explained.fit) == (score.engagement, score.fit)
        in_groups = sum(group.counts for group in explained.groups)
        assert in_groups - explained.lost_to_total_cap == pytest.approx(score.exact, abs=1e-6)

    @SOME
    @given(
        groups=st.lists(group_facts, min_size=3, max_size=3),
        rules=st.lists(rule_facts, min_size=1, max_size=6),
        # No two at the same moment: which of those counts first is decided by their id.
        activities=st.lists(activity_facts, max_size=15, unique_by=lambda facts: facts[1]),
        seed=st.integers(),
    )
    def test_the_order_of_arrival_is_irrelevant(
        self, groups: list, rules: list, activities: list, seed: int
    ) -> None:
        world = World()
        first, second = people.inquiries(2, at=AT - timedelta(days=30))
        world.record(first, activities)
        world.record(second, random.Random(seed).sample(activities, len(activities)))
        rule_set = world.rule_set(groups, rules, None)

        scope = Scope(at=AT, lead_ids=[first.pk, second.pk])
        one, other = queries.compute_scores(scope, rule_set=rule_set)

        assert one.exact == pytest.approx(other.exact, abs=1e-6)

    @SOME
    @given(
        groups=st.lists(group_facts, min_size=3, max_size=3),
        rules=st.lists(rule_facts, max_size=6),
        activities=st.lists(activity_facts, max_size=15),
        hours=st.integers(1, 2_000),
    )
    def test_engagement_never_rises_by_the_passing_of_time(
        self, groups: list, rules: list, activities: list, hours: int
    ) -> None:
        world = World()
        lead = people.inquiry(at=AT - timedelta(days=30))
        world.record(lead, [facts for facts in activities if facts[1] >= 0])
        rule_set = world.rule_set(groups, rules, None)

        later = AT + timedelta(hours=hours)
        (now,) = queries.compute_scores(Scope(at=AT, lead_ids=[lead.pk]), rule_set=rule_set)
        (then,) = queries.compute_scores(Scope(at=later, lead_ids=[lead.pk]), rule_set=rule_set)

        assert then.exact <= now.exact + 1e-9


@pytest.mark.django_db
def test_ten_years_at_a_half_life_of_a_day_leave_nothing_and_break_nothing() -> None:
    world = World()
    lead = people.inquiry(at=AT)
    world.record(lead, [("form", 10 * 365 * 24, None, None, False)])
    rule = {"group": 0, "kind": "form", "points": 10, "limit": "none", "asset": None}
    rule |= {"campaign": None, "product": None}
    rule_set = world.rule_set([(1, None)], [rule], None)

    (score,) = queries.compute_scores(Scope(at=AT, lead_ids=[lead.pk]), rule_set=rule_set)

    assert 0 <= score.exact < 1e-100
    assert score.engagement == 0


@pytest.mark.django_db
def test_one_statement_scores_any_number_of_leads(django_assert_num_queries) -> None:
    rows = people.inquiries(50, at=AT)
    rule_set = queries.current_rules()
    for some in (rows[:1], rows):
        with django_assert_num_queries(2):  # the fit rules, then the statement
            queries.compute_scores(
                Scope(at=AT, lead_ids=[row.pk for row in some]), rule_set=rule_set
            )


@pytest.mark.django_db
def test_a_range_of_ids_and_a_list_of_ids_score_alike(hot_lead) -> None:
    rows = [hot_lead(phone="+4930123456"), hot_lead(phone="")]
    rule_set = queries.current_rules()
    ids = [row.pk for row in rows]

    by_list = queries.compute_scores(Scope(at=AT, lead_ids=ids), rule_set=rule_set)
    by_range = queries.compute_scores(
        Scope(at=AT, first_id=min(ids), last_id=max(ids)), rule_set=rule_set
    )

    assert by_list == by_range
    assert [score.engagement for score in by_list] == [34, 34]
    assert [score.fit for score in by_list] == [30, 0]


@pytest.mark.django_db
def test_what_was_done_before_a_start_is_left_out_for_that_lead_alone() -> None:
    world = World()
    first, second = people.inquiries(2, at=AT)
    for lead in (first, second):
        world.record(lead, [("form", hours, None, None, False) for hours in (1, 2, 3)])
    rule = {"group": 0, "kind": "form", "points": 10, "limit": "at_most", "limit_count": 2}
    rule |= {"asset": None, "campaign": None, "product": None}
    rule_set = world.rule_set([(None, None)], [rule], None)
    since = {first.pk: AT - timedelta(hours=2), second.pk: AT - timedelta(hours=4)}

    scores = queries.compute_scores(Scope(at=AT, lead_ids=since, since=since), rule_set=rule_set)

    assert [score.engagement for score in scores] == [10, 20]


@pytest.mark.django_db
def test_a_rule_about_a_deleted_asset_goes_with_it() -> None:
    world = World()
    lead = people.inquiry(at=AT)
    world.record(lead, [("download", 1, 0, None, False)])
    rule = {"group": 0, "kind": "download", "points": 10, "limit": "none", "asset": 0}
    rule |= {"campaign": None, "product": None}
    rule_set = world.rule_set([(None, None)], [rule], None)

    world.assets[0].delete()

    (score,) = queries.compute_scores(Scope(at=AT, lead_ids=[lead.pk]), rule_set=rule_set)
    assert score.engagement == 0
