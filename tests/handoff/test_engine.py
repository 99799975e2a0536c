"""Dealing work to people."""

from hypothesis import given
from hypothesis import strategies as some

from handoff.engine import Person, Work, deal


@given(count=some.integers(0, 200), people=some.integers(1, 9))
def test_work_is_dealt_evenly(count: int, people: int) -> None:
    team = [Person(id=number) for number in range(1, people + 1)]
    given_out = deal([Work(id=number, team_id=1) for number in range(count)], {1: team})
    loads = [sum(one.user_id == person.id for one in given_out.values()) for person in team]
    assert sum(loads) == count
    assert max(loads) - min(loads) <= 1


@given(loads=some.lists(some.integers(0, 20), min_size=1, max_size=8), count=some.integers(0, 60))
def test_nobody_gets_more_while_somebody_has_less(loads: list[int], count: int) -> None:
    team = [Person(id=number, load=load) for number, load in enumerate(loads)]
    deal([Work(id=number, team_id=1) for number in range(count)], {1: team})
    given_to = [person for person, load in zip(team, loads, strict=True) if person.load > load]
    lowest = min(person.load for person in team)
    assert all(person.load <= lowest + 1 for person in given_to)


def test_the_owner_comes_before_the_territory() -> None:
    team = [Person(1, territory_ids=frozenset({7})), Person(2)]
    work = [Work(id=9, team_id=1, owner_id=2, territory_id=7, territory_name="North")]
    assert deal(work, {1: team})[9] == (2, "Owner of this lead")


def test_work_of_a_territory_stays_within_it() -> None:
    team = [Person(1), Person(2, load=5, territory_ids=frozenset({7}))]
    work = [Work(id=9, team_id=1, territory_id=7, territory_name="North")]
    assert deal(work, {1: team})[9] == (2, "Territory North")


def test_work_nobody_may_take_is_left_out() -> None:
    work = [Work(id=9, team_id=1, territory_id=7, territory_name="North"), Work(id=8, team_id=2)]
    assert deal(work, {1: [Person(1)]}) == {}


def test_equal_loads_go_to_whoever_waited_longest() -> None:
    from datetime import UTC, datetime

    team = [
        Person(1, last_at=datetime(2026, 3, 2, tzinfo=UTC)),
        Person(2, last_at=datetime(2026, 3, 1, tzinfo=UTC)),
        Person(3, last_at=datetime(2026, 3, 3, tzinfo=UTC)),
    ]
    work = [Work(id=number, team_id=1, team_name="Sales") for number in range(3)]
    assert [one.user_id for one in deal(work, {1: team}).values()] == [2, 1, 3]
    assert (
        deal([Work(id=9, team_id=1, team_name="Sales")], {1: team})[9].because
        == "Fewest open in Sales"
    )
