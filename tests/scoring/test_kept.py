"""Points that are kept: the touched and everybody score alike, whenever and in whatever order."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from leads import services as leads
from leads.models import Activity, Lead
from scoring import queries
from scoring import services as scoring
from scoring.models import LeadPoints, RuleSet, ScoreRound
from tests.factories import people
from tests.scoring import oracle
from tests.scoring.conftest import far_apart, now
from tests.scoring.worlds import AT, SOME, World, activity_facts, groups_drawn, rule_facts

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def kept() -> list[tuple]:
    """All rows of points, as they are, their place in the table included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid::text, xmin::text, * FROM scoring_leadpoints ORDER BY lead_id")
        return cursor.fetchall()


def shown() -> list[tuple]:
    """What lead rows show, and whether they were written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ctid::text, id, engagement, fit, score, grade, scored_at FROM leads_lead ORDER BY id"
        )
        return cursor.fetchall()


def figures(lead: Lead) -> tuple[int, int, int, str]:
    row = now(lead)
    return row.engagement, row.fit, row.score, row.grade


def an_hour_of_fading(rule_set: RuleSet, *, since: datetime) -> None:
    """As if everybody had been scored then: the next round looks at what time has taken only."""
    ScoreRound.objects.create(
        rule_set=rule_set,
        kind=ScoreRound.Kind.EVERYBODY,
        started_at=since,
        finished_at=since,
        fingerprint=queries.fingerprint(rule_set),
        given={},
    )


class TestTouchedAndEverybody(TestCase):
    @SOME
    @given(
        groups=groups_drawn,
        rules=st.lists(rule_facts, min_size=3, max_size=8),
        batches=st.lists(
            st.tuples(st.lists(activity_facts, max_size=6), st.integers(0, 2_000)),
            min_size=1,
            max_size=5,
        ),
        wait=st.integers(1, 23),
        cap=st.none() | st.integers(0, 150),
    )
    def test_touched_again_and_again_equals_everybody_once(
        self, groups: list, rules: list, batches: list, wait: int, cap: int | None
    ) -> None:
        world = World()
        touched, fresh = people.inquiries(2, at=AT - 300 * DAY)
        rule_set = world.rule_set(groups, rules, cap)
        moment, rows = AT, []
        for activities, hours in batches:
            moment += hours * HOUR
            # their time is that of the world: the later the clock, the later they arrive
            rows += world.record(touched, activities)
            world.record(fresh, activities)
            scoring.score_leads(lead_ids=[touched.pk], at=moment)
        Activity.objects.update(recorded_at=AT - DAY)
        an_hour_of_fading(rule_set, since=moment)
        end = moment + wait * HOUR

        scoring.refresh_scores(at=end)
        incremental = figures(touched)
        LeadPoints.objects.all().delete()
        scoring.rescore_everybody(at=end)

        assert incremental == figures(touched) == figures(fresh)
        assert incremental[0] == pytest.approx(
            oracle.engagement(rows, rule_set, end), abs=0.5 + 1e-6
        )

    @SOME
    @given(
        groups=groups_drawn,
        rules=st.lists(rule_facts, min_size=3, max_size=8),
        activities=st.lists(activity_facts, min_size=4, max_size=15),
        days=st.integers(1, 400),
    )
    def test_points_that_faded_where_they_are_kept_equal_those_worked_out_anew(
        self, groups: list, rules: list, activities: list, days: int
    ) -> None:
        world = World()
        lead = people.inquiry(at=AT - timedelta(days=30))
        past = [facts for facts in activities if facts["hours"] >= 0]
        rows = world.record(lead, past)
        rule_set = world.rule_set(groups, rules)
        scoring.score_leads(lead_ids=[lead.pk], at=AT)
        before = kept()
        later = AT + timedelta(days=days)

        plan = queries.load_plan(rule_set)
        scope = queries.Scope(at=later, first_id=lead.pk, last_id=lead.pk)
        leads.write_scores(scores=queries.read_snapshots(scope, plan=plan), at=later)
        faded = figures(lead)
        scoring.score_leads(lead_ids=[lead.pk], at=later)

        assert figures(lead) == faded
        assert kept() == before  # time alone writes no row of points
        assert faded[0] == pytest.approx(oracle.engagement(rows, rule_set, later), abs=0.5 + 1e-6)


pytestmark = pytest.mark.django_db


@pytest.fixture
def world(at: datetime) -> World:
    return World()


def rows_of(world: World, count: int = 3) -> list[Lead]:
    rows = people.inquiries(count, at=AT - 30 * DAY)
    for lead in rows:
        world.record(lead, [{"kind": "form", "hours": 5}, {"kind": "download", "hours": 50}])
    return rows


def simple_rules(world: World, half_life: int | None = 30):
    return world.rule_set(
        [(half_life, 80), (None, None)],
        [{"kind": "form", "points": 40}, {"kind": "download", "points": -7, "group": 1}],
    )


# ---- what is written


def test_scoring_again_writes_no_row(world) -> None:
    simple_rules(world)
    rows = rows_of(world)
    scoring.score_leads(lead_ids=[row.pk for row in rows], at=AT)
    before = kept(), shown()

    assert (
        scoring.score_leads(lead_ids=[row.pk for row in rows], at=AT + timedelta(minutes=20)) == []
    )
    assert scoring.rescore_everybody(at=AT + timedelta(minutes=40)) == 0

    assert (kept(), shown()) == before


def test_only_the_lead_that_did_something_is_written(world, happen) -> None:
    simple_rules(world)
    rows = rows_of(world)
    scoring.rescore_everybody(at=AT)
    before = dict(zip([row.pk for row in rows], kept(), strict=True))
    world.record(rows[1], [{"kind": "form", "hours": 1}])

    scoring.rescore_everybody(at=AT)

    after = dict(zip([row.pk for row in rows], kept(), strict=True))
    assert [pk for pk in after if after[pk] != before[pk]] == [rows[1].pk]


def test_a_refresh_writes_only_what_shows(world) -> None:
    simple_rules(world)
    rows = rows_of(world)
    scoring.refresh_scores(at=AT)
    points = kept()

    scoring.refresh_scores(at=AT + HOUR)  # forty points lose a twentieth of one
    assert [now(row).scored_at for row in rows] == [AT] * 3
    scoring.refresh_scores(at=AT + 10 * DAY)  # a day is over: everybody is looked at anew

    assert [now(row).engagement for row in rows] == [25, 25, 25]  # 40 × ½^(10.2 ÷ 30) − 7
    assert kept() == points


def test_forgotten_points_come_back_with_the_next_scoring(world) -> None:
    simple_rules(world)
    (lead,) = rows_of(world, 1)
    scoring.score_leads(lead_ids=[lead.pk], at=AT)
    before = figures(lead)

    scoring.forget_points(lead_ids=[lead.pk])
    assert kept() == []
    scoring.score_leads(lead_ids=[lead.pk], at=AT)

    assert len(kept()) == 1
    assert figures(lead) == before


# ---- clocks


def test_two_hundred_half_lives_and_more_are_nothing(world) -> None:
    simple_rules(world, half_life=1)
    (lead,) = rows_of(world, 1)
    scoring.score_leads(lead_ids=[lead.pk], at=AT)
    assert now(lead).engagement == 28

    for days in (50, 250, 1_100, 40_000):
        moment = AT + timedelta(days=days)
        scoring.refresh_scores(at=moment)
        assert now(lead).engagement == -7
        Activity.objects.create(lead=lead, kind="form", occurred_at=moment)
        scoring.score_leads(lead_ids=[lead.pk], at=moment)
        assert now(lead).engagement == 33
        assert max(LeadPoints.objects.get(lead=lead).fading) <= 80


def test_a_clock_that_goes_back_raises_nothing_and_loses_nothing(world) -> None:
    simple_rules(world)
    (lead,) = rows_of(world, 1)
    scoring.score_leads(lead_ids=[lead.pk], at=AT + 60 * DAY)
    ahead = figures(lead)

    for moment in (AT, AT + 30 * DAY):
        scoring.score_leads(lead_ids=[lead.pk], at=moment)
        scoring.refresh_scores(at=moment)
        scoring.rescore_everybody(at=moment)
        assert figures(lead) == ahead

    Activity.objects.create(lead=lead, kind="form", occurred_at=AT)
    scoring.score_leads(lead_ids=[lead.pk], at=AT + HOUR)
    assert now(lead).engagement > ahead[0]


def test_an_activity_of_this_evening_counts_this_evening(world) -> None:
    simple_rules(world)
    (lead,) = rows_of(world, 1)
    world.record(lead, [{"kind": "form", "hours": -12}])
    Activity.objects.update(recorded_at=AT)
    scoring.refresh_scores(at=AT)
    assert now(lead).engagement == 33

    scoring.refresh_scores(at=AT + 11 * HOUR)
    assert now(lead).engagement == 32
    scoring.refresh_scores(at=AT + 13 * HOUR)

    assert ScoreRound.objects.filter(kind="fading").count() == 2
    assert now(lead).engagement == 72


def test_an_activity_of_a_clock_that_is_ahead_counts_within_a_minute(world) -> None:
    simple_rules(world)
    (lead,) = rows_of(world, 1)
    Activity.objects.create(lead=lead, kind="form", occurred_at=AT + timedelta(minutes=3))
    Activity.objects.update(recorded_at=AT)
    scoring.score_leads(lead_ids=[lead.pk], at=AT)
    assert now(lead).engagement == 33

    assert scoring.score_overtaken(at=AT + timedelta(minutes=2)) == 0
    assert scoring.score_overtaken(at=AT + timedelta(minutes=4)) == 1
    assert scoring.score_overtaken(at=AT + timedelta(minutes=5)) == 0

    assert now(lead).engagement == 73


def test_a_late_activity_lands_at_its_own_time(world) -> None:
    simple_rules(world)
    first, second = people.inquiries(2, at=AT - 90 * DAY)
    world.record(first, [{"kind": "form", "hours": 30 * 24}])
    scoring.score_leads(lead_ids=[first.pk], at=AT - 30 * DAY)
    scoring.score_leads(lead_ids=[first.pk, second.pk], at=AT)
    world.record(second, [{"kind": "form", "hours": 30 * 24}])
    scoring.score_leads(lead_ids=[second.pk], at=AT)

    assert now(first).engagement == now(second).engagement == 20


# ---- rounds


def test_a_round_is_carried_on_where_it_stopped(world, monkeypatch) -> None:
    from scoring.services import rounds

    simple_rules(world)
    near, far = far_apart(AT - 30 * DAY)
    for lead in (near, far):
        world.record(lead, [{"kind": "form", "hours": 5}])
    monkeypatch.setattr(rounds, "PARTS_A_RUN", 1)

    assert scoring.refresh_scores(at=AT) == 1
    open_round = ScoreRound.objects.get(finished_at=None)
    assert open_round.parts.filter(done_at=None).count() == 1
    assert (now(near).engagement, now(far).engagement) == (40, 0)
    scoring.refresh_scores(at=AT)
    scoring.refresh_scores(at=AT)

    assert (now(near).engagement, now(far).engagement) == (40, 40)
    assert not ScoreRound.objects.filter(finished_at=None).exists()


def test_a_rule_that_goes_with_its_asset_asks_for_everybody(world) -> None:
    world.rule_set(
        [(30, None)],
        [{"kind": "download", "points": 9, "asset": 0}, {"kind": "form", "points": 1}],
    )
    lead = people.inquiry(at=AT)
    world.record(lead, [{"kind": "download", "hours": 1, "asset": 0}])
    scoring.refresh_scores(at=AT)
    assert now(lead).engagement == 9

    world.assets[0].delete()
    scoring.refresh_scores(at=AT + timedelta(minutes=10))

    assert now(lead).engagement == 0


def test_a_day_later_everybody_is_looked_at_anew(world) -> None:
    simple_rules(world)
    (lead,) = rows_of(world, 1)
    scoring.refresh_scores(at=AT)
    # nobody tells of it
    Activity.objects.filter(lead=lead, kind="form").update(is_automatic=True)

    scoring.refresh_scores(at=AT + 2 * HOUR)
    assert now(lead).engagement == 33
    scoring.refresh_scores(at=AT + 25 * HOUR)

    assert now(lead).engagement == -7


def test_what_rules_gave_is_counted_an_hour_after_a_version_came_into_use(world) -> None:
    simple_rules(world)
    rows_of(world, 2)
    scoring.refresh_scores(at=AT)
    assert ScoreRound.objects.get().given
    scoring.start_draft(by=None, at=AT)
    scoring.publish_draft(by=None, at=AT)
    scoring.refresh_scores(at=AT)
    assert ScoreRound.objects.first().given is None

    scoring.refresh_scores(at=AT + 2 * HOUR)

    last = ScoreRound.objects.first()
    form = queries.current_rules().rules.get(kind="form")
    assert (last.kind, last.given[str(form.pk)]) == ("everybody", [2, 80.0])


def test_many_leads_take_as_many_queries_as_one(world) -> None:
    from django.test.utils import CaptureQueriesContext

    simple_rules(world)

    def queries_for(rows: list[Lead]) -> int:
        with CaptureQueriesContext(connection) as made:
            scoring.score_leads(lead_ids=[row.pk for row in rows], at=AT)
        return len(made)

    assert queries_for(rows_of(world, 60)) == queries_for(rows_of(world, 1))
