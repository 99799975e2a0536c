"""Times in a stage, from history."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from leadflow.core.models import User
from leads.models import Territory
from reports import queries

Enter = Callable[..., list[int]]
Act = Callable[..., None]


def test_days_in_a_stage_are_of_those_who_moved_on(enter: Enter, act: Act, at: datetime) -> None:
    ids = enter(5)
    for days in (1, 2, 6):
        act("accept", [ids.pop()], on=at + timedelta(days=days))
    act("reject", [ids.pop()], reason="no_need", on=at + timedelta(days=3))

    stages = {stage.key: stage for stage in queries.velocity(user=None, at=at).stages}

    mql = stages["mql"]
    assert (mql.moved_on, mql.median_days, mql.left, mql.median_days_left) == (3, 2.0, 1, 3.0)
    assert mql.p90_days == pytest.approx(5.2)
    assert mql.moved_on_share == 0.75
    assert stages["sal"].moved_on == 0
    assert stages["sal"].median_days is None


def test_the_rest_before_a_revival_is_no_step(enter: Enter, act: Act, at: datetime) -> None:
    ids = enter(1)
    act("win", ids, on=at + timedelta(days=2))
    act("revive", ids, on=at + timedelta(days=90))

    stages = queries.velocity(user=None, at=at).stages

    assert [(stage.key, stage.moved_on, stage.left) for stage in stages if stage.moved_on] == [
        ("mql", 1, 0)
    ]


def test_the_period_is_when_they_moved_on(enter: Enter, act: Act, at: datetime) -> None:
    act("accept", enter(1), on=at + timedelta(days=1))
    act("accept", enter(2), on=at + timedelta(days=9))

    report = queries.velocity(user=None, at=at, start=at + timedelta(days=5))

    assert {stage.key: stage.moved_on for stage in report.stages}["mql"] == 2


def test_only_visible_leads_count(
    enter: Enter, act: Act, at: datetime, rep: User, manager: User
) -> None:
    elsewhere = Territory.objects.create(key="elsewhere", name="Elsewhere")
    act("accept", enter(2, territory_id=elsewhere.pk))
    act("accept", enter(1))

    counted = [
        {stage.key: stage.moved_on for stage in queries.velocity(user=user, at=at).stages}["mql"]
        for user in (rep, manager)
    ]
    assert counted == [1, 3]
