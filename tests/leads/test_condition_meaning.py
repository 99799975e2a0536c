"""What the database finds is what a condition says: compared with a naive evaluation, lead by lead."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads import queries as leads
from leads.models import Lead
from tests.leads.condition_strategies import EVERY_FIELD, conditions, questions
from tests.leads.oracle import NOW, is_true, make_world, read_world

pytestmark = pytest.mark.django_db
relaxed = settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(params=[1, 2])
def world(request: Any) -> list[Any]:
    make_world(Random(request.param))
    return read_world()


@relaxed
@given(condition=conditions(), hours=st.integers(-80, 80))
def test_sql_finds_exactly_whom_the_condition_is_true_of(
    world: list[Any], condition: Any, hours: int
) -> None:
    at = NOW + timedelta(hours=hours)

    found = sorted(leads.matching(condition, at=at).values_list("pk", flat=True))

    assert found == [facts.lead_id for facts in world if is_true(condition, facts, at)]
    assert leads.describe(condition)


@relaxed
@given(test=questions())
def test_not_finds_exactly_the_rest(world: list[Any], test: Any) -> None:
    everybody = set(Lead.objects.values_list("pk", flat=True))
    found, rest = (
        set(leads.matching(condition, at=NOW).values_list("pk", flat=True))
        for condition in (test, {"not": test})
    )

    assert found | rest == everybody
    assert not found & rest


@relaxed
@given(condition=conditions())
def test_a_condition_can_be_asked_as_a_column_of_every_lead(
    world: list[Any], condition: Any
) -> None:
    from leads.services.segments.members import _flag

    answers = Lead.objects.annotate(is_in=_flag(leads.compile_condition(condition, at=NOW)))

    found = sorted(answers.order_by().filter(is_in=True).values_list("pk", flat=True))
    assert found == sorted(leads.matching(condition, at=NOW).values_list("pk", flat=True))


def test_the_oracle_knows_every_field(world: list[Any]) -> None:
    assert set(world[0].values) | {"activities"} == set(EVERY_FIELD)
