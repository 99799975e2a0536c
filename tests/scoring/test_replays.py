"""Replays of the past: what was known then, and nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from leads import services as leads
from leads.models import Lead
from scoring import queries
from scoring import services as scoring
from scoring.models import FactDates, LeadDefinition, RuleSet, SimulatedCycle, Simulation
from tests.factories import people
from tests.scoring import oracle
from tests.scoring.worlds import AT, SOME, World, activity_facts, groups_drawn, rule_facts

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
Replay = Callable[..., Simulation]


def agree(condition: dict) -> LeadDefinition:
    """Another condition for the agreement in effect."""
    definition = LeadDefinition.objects.get(handoff__key="mql_sal", state="signed")
    LeadDefinition.objects.filter(pk=definition.pk).update(condition=condition)
    return definition


def replayed(by, at: datetime, **facts) -> Simulation:
    """A replay that is done."""
    question = scoring.Question("mql_sal", **facts)
    simulation = scoring.start_simulation(question=question, by=by, at=at)
    while scoring.run_simulations(at=at):
        pass
    simulation.refresh_from_db()
    assert simulation.error == ""
    return simulation


@pytest.fixture
def replay(marketer, at: datetime) -> Replay:
    """Replay the agreement in effect as of `at`."""
    return lambda **facts: replayed(marketer, facts.pop("at", at), **facts)


def step(simulation: Simulation, threshold: int | None = None) -> queries.Step:
    wanted = simulation.threshold if threshold is None else threshold
    return next(one for one in queries.steps_of(simulation) if one.threshold == wanted)


def behind(simulation: Simulation, which: str, threshold: int | None = None) -> set[int]:
    wanted = simulation.threshold if threshold is None else threshold
    rows = queries.cycles_behind(simulation, which=which, threshold=wanted)
    return set(rows.values_list("lead", flat=True))


def offer(*rows: Lead, at: datetime) -> tuple[Lead, ...]:
    """Offer leads, whatever was agreed."""
    leads.offer(lead_ids=[row.pk for row in rows], at=at).or_raise()
    return rows


class TestAgainstTheOracle(TestCase):
    """The statement against the naive score, worked out at every moment in turn."""

    @SOME
    @given(
        groups=groups_drawn,
        rules=st.lists(rule_facts, max_size=6),
        did=st.lists(activity_facts, max_size=8),
        cap=st.none() | st.integers(10, 90),
    )
    def test_every_height_was_reached_at_its_own_moment(self, groups, rules, did, cap) -> None:
        world = World()
        rule_set = world.rule_set(groups, rules, cap)
        lead = people.inquiry(at=AT - timedelta(days=60))
        activities = world.record(lead, did)
        agree({"field": "engagement", "op": "gte", "value": 4})

        simulation = replayed(people.user("marketer", team="marketing"), AT)

        kept = SimulatedCycle.objects.filter(simulation=simulation, lead=lead).first()
        found = list(zip(kept.reached, kept.moments, strict=True)) if kept else []
        assert found == heights(activities, rule_set, floor_at=1)


def heights(activities: list, rule_set: RuleSet, *, floor_at: int) -> list[tuple[int, datetime]]:
    """The rising engagement of a lead, by trying every moment at which it did something."""
    found: list[tuple[int, datetime]] = []
    for moment in sorted({row.occurred_at for row in activities if row.occurred_at <= AT}):
        exact = oracle.engagement(activities, rule_set, moment)
        height = floor(exact + 0.5 + 1e-7)
        if height >= floor_at and (not found or height > found[-1][0]):
            found.append((height, moment))
    return found


def test_a_lead_counts_in_the_week_in_which_it_became_ready(hot_lead, replay, at) -> None:
    lead = hot_lead(silent=True, ago=10 * DAY)

    simulation = replay(months=3)

    figures = step(simulation)
    assert behind(simulation, "offers") == {lead.pk}
    assert (figures.offers, figures.unknown, figures.decided) == (1, 1, 0)
    assert figures.weekly.index(1) == len(figures.weekly) - 2
    assert figures.acceptance is None


def test_a_phone_number_that_came_later_counts_from_then(hot_lead, settle, replay, at) -> None:
    lead = hot_lead(silent=True, ago=6 * DAY, phone="")
    settle()
    when = at - 5 * DAY
    leads.update_facts(facts_by_lead={lead.pk: {"phone": "+4930123456"}}, at=when, is_silent=True)
    settle()

    simulation = replay(months=3)

    (row,) = queries.cycles_behind(simulation, which="offers", threshold=simulation.threshold)
    assert row.met_at == when
    assert "phone" in simulation.dated


def test_who_is_left_out_by_the_agreement_is_left_out_of_the_replay(hot_lead, replay, at) -> None:
    hot_lead(silent=True, ago=10 * DAY, country="AT")
    mine = hot_lead(silent=True, ago=10 * DAY, country="DE")
    out = {"field": "country", "op": "eq", "value": "AT"}
    LeadDefinition.objects.filter(handoff__key="mql_sal", state="signed").update(exclusions=out)

    simulation = replay(months=3)

    assert behind(simulation, "offers") == {mine.pk}
    assert simulation.axis == "score"  # the threshold can be moved all the same


def test_a_fact_without_a_date_is_taken_as_it_stands(hot_lead, replay, at) -> None:
    lead = hot_lead(silent=True, ago=10 * DAY)
    FactDates.objects.all().delete()

    assert behind(replay(months=3), "offers") == {lead.pk}


def test_what_sales_said_of_those_it_saw_is_told_with_its_number(hot_lead, rep, replay, at) -> None:
    rows = [hot_lead(silent=True, ago=20 * DAY, phone=f"+493012345{n}") for n in range(3)]
    taken, refused, _ = offer(*rows, at=at - 20 * DAY)
    later = at - 19 * DAY
    leads.accept(lead_ids=[taken.pk], by=rep, at=later).or_raise()
    leads.reject(lead_ids=[refused.pk], by=rep, at=later, reason="no_budget").or_raise()

    figures = step(replay(months=3))

    assert (figures.offers, figures.accepted, figures.decided) == (3, 1, 2)
    assert (figures.pending, figures.unknown) == (1, 0)
    assert figures.acceptance_range.low < 0.5 < figures.acceptance_range.high


def test_a_higher_threshold_drops_who_was_offered_and_tells_who_was_missed(
    hot_lead, rep, replay, at
) -> None:
    (lead,) = offer(hot_lead(silent=True, ago=20 * DAY), at=at - 20 * DAY)
    leads.accept(lead_ids=[lead.pk], by=rep, at=at - 19 * DAY).or_raise()
    for _ in range(2):
        leads.advance(lead_ids=[lead.pk], by=rep, at=at - 18 * DAY, amount=Decimal(1)).or_raise()
    leads.win(lead_ids=[lead.pk], by=rep, at=at - 10 * DAY).or_raise()

    simulation = replay(months=3)

    top = queries.thresholds_of(simulation)[-1]
    assert step(simulation).won == 1
    assert step(simulation).missed == 0
    assert (step(simulation, top).dropped, step(simulation, top).missed) == (1, 1)
    assert behind(simulation, "missed", top) == behind(simulation, "dropped", top) == {lead.pk}


@pytest.mark.parametrize(("threshold", "size"), [(8, 1), (55, 5), (400, 20)])
def test_the_threshold_moves_in_round_steps_from_the_one_agreed(threshold, size) -> None:
    positions = queries.thresholds_of(Simulation(axis="score", threshold=threshold))

    assert threshold in positions
    assert {after - before for before, after in pairwise(positions)} == {size}
    assert len(positions) <= 42


def test_after_an_answer_only_new_points_count(hot_lead, happen, rep, replay, at) -> None:
    (lead,) = offer(hot_lead(silent=True, ago=60 * DAY), at=at - 60 * DAY)
    leads.reject(lead_ids=[lead.pk], by=rep, at=at - 59 * DAY, reason="no_budget").or_raise()
    leads.revive(lead_ids=[lead.pk], at=at - 20 * DAY).or_raise()
    happen(lead, "page_view", ago=10 * DAY, silent=True)

    rows = SimulatedCycle.objects.filter(simulation=replay(months=3), lead=lead)

    assert [row.cycle for row in rows if row.reached] == [1]


def test_points_before_the_window_are_known_but_not_counted(hot_lead, replay, at) -> None:
    hot_lead(silent=True, ago=200 * DAY)

    assert step(replay(months=3)).offers == 0


def test_a_draft_of_the_points_is_replayed_beside_those_in_use(
    hot_lead, marketer, replay, at
) -> None:
    lead = hot_lead(silent=True, ago=10 * DAY)
    draft = scoring.start_draft(by=marketer, at=at)
    draft.rules.update(points=1)

    assert behind(replay(months=3), "offers") == {lead.pk}
    assert behind(replay(months=3, uses_draft_rules=True), "offers") == set()


def test_replaying_changes_nothing(hot_lead, settle, replay, at) -> None:
    hot_lead(ago=10 * DAY)
    settle()
    before = list(Lead.objects.values()), leads_offers()

    replay(months=3)
    settle()

    assert (list(Lead.objects.values()), leads_offers()) == before


def leads_offers() -> list[dict]:
    from leads.models import Offer

    return list(Offer.objects.values())


def test_a_count_of_activities_is_asked_as_of_each_moment(happen, replay, at) -> None:
    agree(
        {
            "all": [
                {"field": "engagement", "op": "gte", "value": 4},
                {
                    "field": "activities",
                    "op": "at_least",
                    "value": 2,
                    "kinds": ["video"],
                    "days": 7,
                },
            ]
        }
    )
    near, far = (people.inquiry(at=at - 60 * DAY) for _ in range(2))
    for lead, days in ((near, (10, 8)), (far, (40, 8))):
        for ago in days:
            happen(lead, "video", ago=ago * DAY, silent=True)

    assert behind(replay(months=3), "offers") == {near.pk}


@pytest.mark.parametrize(
    "condition",
    [
        {"field": "grade", "op": "in", "value": ["A1", "B2"]},
        {"any": [{"field": "score", "op": "lt", "value": 500}, {"not": {"field": "phone", "op": "known"}}]},
        {"all": [{"field": "won", "op": "unknown"}, {"field": "stage", "op": "eq", "value": "inquiry"}]},
        {"not": {"field": "industry", "op": "eq", "value": "100%'; --"}},
        {"all": []},
    ],
)  # fmt: skip
def test_any_agreement_can_be_replayed(condition, hot_lead, replay) -> None:
    lead = hot_lead(silent=True, ago=10 * DAY)
    agree(condition)

    assert behind(replay(months=3), "offers") == {lead.pk}


def test_the_figures_are_those_of_the_leads_behind_them(hot_lead, happen, rep, replay, at) -> None:
    for n in range(6):
        lead = hot_lead(silent=True, ago=(10 + n) * DAY, phone=f"+493012345{n}")
        happen(lead, *["video"] * n, ago=9 * DAY, silent=True)
        if n % 2:
            offer(lead, at=at - 9 * DAY)
            leads.accept(lead_ids=[lead.pk], by=rep, at=at - 8 * DAY).or_raise()
    simulation = replay(months=3)

    for one in queries.steps_of(simulation):
        told = {
            "offers": one.offers,
            "accepted": one.accepted,
            "unknown": one.unknown,
            "dropped": one.dropped,
            "won": one.won,
            "missed": one.missed,
        }
        rows = {
            which: queries.cycles_behind(simulation, which=which, threshold=one.threshold).count()
            for which in told
        }
        assert told == rows
        assert sum(one.weekly) == one.offers
