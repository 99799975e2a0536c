"""What is left of a condition once some of its fields are known."""

from typing import Any

import pytest

from scoring.engine.definitions import ALWAYS, NEVER, assume, comes_true_by_fading

HIGH = {"field": "score", "op": "gte", "value": 60}
LOW = {"field": "score", "op": "lt", "value": 60}
WARM = {"field": "grade", "op": "in", "value": ["A1", "B1"]}
PHONE = {"field": "phone", "op": "known"}


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        (HIGH, ALWAYS),
        (LOW, NEVER),
        (WARM, NEVER),
        ({"field": "score", "op": "eq", "value": 70}, ALWAYS),
        (PHONE, PHONE),
        ({"all": [HIGH, PHONE]}, {"all": [PHONE]}),
        ({"all": [LOW, PHONE]}, NEVER),
        ({"all": [HIGH]}, ALWAYS),
        ({"any": [LOW, PHONE]}, {"any": [PHONE]}),
        ({"any": [HIGH, PHONE]}, ALWAYS),
        ({"any": [LOW]}, NEVER),
        ({"not": {"all": [HIGH]}}, NEVER),
        ({"not": {"any": [WARM]}}, ALWAYS),
        ({"not": {"any": [LOW, PHONE]}}, {"not": {"any": [PHONE]}}),
    ],
)
def test_tests_of_what_is_known_are_answered(condition: Any, left: Any) -> None:
    assert assume(condition, {"score": 70, "grade": "C2"}) == left


@pytest.mark.parametrize(
    ("condition", "comes"),
    [
        (HIGH, False),
        (LOW, True),
        ({"not": HIGH}, True),
        ({"not": LOW}, False),
        ({"all": [HIGH, {"field": "engagement", "op": "lte", "value": 5}]}, True),
        ({"field": "score", "op": "eq", "value": 5}, True),
        ({"field": "fit", "op": "lte", "value": 5}, False),
        ({"field": "grade", "op": "in", "value": ["A1", "B1"]}, False),
        ({"field": "grade", "op": "in", "value": ["A1", "A2"]}, False),
        ({"field": "grade", "op": "in", "value": ["A2"]}, True),
        ({"field": "grade", "op": "none", "value": ["A1"]}, True),
        ({"not": {"field": "grade", "op": "in", "value": ["A3", "B3", "C3"]}}, False),
        ({"not": {"field": "grade", "op": "in", "value": ["A1"]}}, True),
        (PHONE, False),
    ],
)
def test_it_is_known_whether_fading_points_make_a_condition_true(
    condition: Any, comes: bool
) -> None:
    assert comes_true_by_fading(condition) is comes
