"""The page that describes the condition language says what is so."""

import json
import re
from typing import Any

import pytest
from django.conf import settings

from leadflow.core import events
from leadflow.core.parts import condition_families, condition_fields
from leads import queries as leads
from leads.engine.conditions import OPERATORS
from leads.models import Activity
from leads.queries.choices import DID

pytestmark = pytest.mark.django_db
PAGE = (settings.BASE_DIR / "docs" / "conditions.md").read_text()
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.S)]
SENTENCES = re.findall(r"^> (.*)$", PAGE, re.M)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_compiles(example: Any) -> None:
    assert leads.matching(example).count() == 0
    assert leads.describe(example)


def test_the_sentences_are_those_of_the_examples_above_them() -> None:
    assert len(SENTENCES) == 2
    assert set(SENTENCES) <= {leads.describe(example) for example in EXAMPLES}


@pytest.mark.parametrize("name", [name for name, _ in condition_fields.items()])
def test_every_field_is_described(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_every_operator_is_described() -> None:
    assert {op for ops in OPERATORS.values() for op in ops} <= set(re.findall(r"`(\w+)`", PAGE))


@pytest.mark.parametrize("name", [name for name, _ in condition_fields.items()])
def test_somebody_follows_every_event_that_a_field_names(name: str) -> None:
    field = condition_fields.get(name)
    assert field.events
    for event in field.events:
        followers = events.subscribers_of(event.__name__)
        assert any(one.endswith("follow_segments") for one in followers), event


@pytest.mark.parametrize("name", [name for name, _ in condition_fields.items()])
def test_time_can_find_whoever_crosses_for_every_date(name: str) -> None:
    field = condition_fields.get(name)
    if field.kind in {"date", "count"}:
        rows = field.moments or field.rows
        assert rows is not None
        assert rows.time


def test_every_kind_of_activity_has_words_of_its_own() -> None:
    assert set(DID) == set(Activity.Kind)


def test_families_make_fields_that_can_be_asked() -> None:
    for name, family in condition_families.items():
        condition = {"field": f"{name}.x", "op": "filled"}
        assert leads.matching(condition).count() == 0
        assert family.make("x").events
