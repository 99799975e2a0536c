"""The builder: rows and groups by plain buttons, faults at their rows, and back to the same condition."""

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, given, settings

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads import queries as leads
from leads.forms.conditions import Builder
from leads.models import Campaign, Segment
from tests.factories import people
from tests.leads.condition_strategies import conditions
from tests.leads.oracle import NOW, make_world

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
SCORE = {"c.match": "all", "c.0.field": "score", "c.0.op": "gte", "c.0.value": "50"}
EDIT = "/leads/conditions/edit/"


def form_data(said: dict[str, Any]) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in said.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return data


def sent(builder: Builder) -> QueryDict:
    """What a browser would send of a builder that is drawn."""
    said: dict[str, Any] = {}

    def collect(group: Any) -> None:
        said[f"{group.path}.match"] = group.match
        for part in group.parts:
            if hasattr(part, "parts"):
                collect(part)
                continue
            said[f"{part.path}.field"], said[f"{part.path}.op"] = part.name, part.op
            parts = builder.drawn(part)
            for control in (*parts["controls"], *parts["details"]):
                said[control.name] = list(control.values)

    collect(builder.root)
    return form_data(said)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(condition=conditions())
def test_a_condition_comes_back_from_the_builder_as_it_went_in(
    worlds: None, condition: Any
) -> None:
    builder = Builder.read(sent(Builder.of(condition)))

    try:
        again = builder.condition()
    except Invalid:  # a list without values, or a group without rows, is not finished
        assert any(row.error for row in builder.root.rows())
        return
    found = [
        sorted(leads.matching(one, at=NOW).values_list("pk", flat=True))
        for one in (condition, again)
    ]
    assert found[0] == found[1]


@pytest.fixture
def worlds() -> None:
    make_world(Random(3), 12)


def test_rows_come_and_go_by_buttons(marketer: User, sign_in: Callable[[User], Client]) -> None:
    client = sign_in(marketer)

    for act, inside, outside in (
        ("add:c", 'name="c.1.field"', 'name="c.2.field"'),
        ("group:c", 'name="c.1.0.field"', 'name="c.1.1.field"'),
        ("remove:c.0", 'name="c.0.field"', 'value="50"'),
        ("remove:c.9", 'value="50"', 'name="c.1.field"'),
        ("add:c.7.7", 'value="50"', 'name="c.1.field"'),
        ("nonsense", 'value="50"', 'name="c.1.field"'),
    ):
        answer = client.post(EDIT, SCORE | {"do": act}).content.decode()
        assert inside in answer, act
        assert outside not in answer, act


def test_another_field_brings_its_own_operators(
    marketer: User, sign_in: Callable[[User], Client]
) -> None:
    answer = sign_in(marketer).post(EDIT, SCORE | {"c.0.field": "created"}).content.decode()

    assert '<option value="last_days" selected>in the last</option>' in answer
    assert 'value="50"' not in answer


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"c.0.value": ""}, "Finish this condition"),
        ({"c.0.value": "many"}, "compared with a number"),
        ({"c.0.field": ""}, "Choose what to ask"),
        ({"c.0.field": "gone"}, "know no field"),
        ({"c.0.field": "stage", "c.0.op": "eq", "c.0.value": "gone"}, "There is no stage"),
        ({"c.0.field": "created", "c.0.op": "last_days", "c.0.value": "0"}, "whole number from 1"),
    ],
)
def test_a_fault_stands_at_its_row_and_what_was_typed_stays(
    said: dict[str, str], fault: str, marketer: User, sign_in: Callable[[User], Client]
) -> None:
    answer = sign_in(marketer).post("/leads/segments/new/", SCORE | said | {"name": "Warm"})

    assert answer.status_code == 400
    page = answer.content.decode()
    assert fault in page
    assert 'value="Warm"' in page
    assert not Segment.objects.exists()


@pytest.mark.parametrize(
    "hostile",
    [
        {f"c{'.1' * depth}.match": "any" for depth in range(30)},
        {f"c.{number}.field": "score" for number in range(900)},
        {"c.0.field": ["score", "x"], "c.0.op": "gte\x00", "c.0.value": "\ud7ff" * 5000},
        {"c..field": "x", "c.-1.field": "x", "c.0.0.0.value": "1", "c.match": "<script>"},
        {"c.0.field": "attribute." + "a" * 500, "c.0.op": "eq", "c.0.value": "x"},
        {"c.0.field": "attribute.%s'\"", "c.0.op": "gt", "c.0.value": "1"},
        {"c.0.field": "activities", "c.0.op": "at_least", "c.0.value": "9" * 300, "c.0.days": "1e400"},
    ],
)  # fmt: skip
def test_whatever_is_sent_is_answered(
    hostile: dict[str, Any], marketer: User, sign_in: Callable[[User], Client]
) -> None:
    client = sign_in(marketer)

    for address in (EDIT, "/leads/conditions/preview/"):
        assert client.post(address, hostile | {"do": "add:c"}).status_code == 200
    assert client.post("/leads/segments/new/", hostile).status_code == 400


def test_the_preview_counts_whom_the_reader_may_see(
    rep: User, marketer: User, abroad: Any, sign_in: Callable[[User], Client]
) -> None:
    people.inquiry(at=AT, first_name="Visible")
    everybody = {"c.match": "all", "c.0.field": "score", "c.0.op": "gte", "c.0.value": "0"}

    mine = sign_in(rep).post("/leads/conditions/preview/", everybody).content.decode()
    theirs = sign_in(marketer).post("/leads/conditions/preview/", everybody).content.decode()

    assert "<strong>1</strong> lead" in mine
    assert "Visible" in mine
    assert "<strong>2</strong> leads" in theirs
    assert "Score is at least 0." in theirs


def test_the_preview_tells_what_is_not_finished(
    marketer: User, sign_in: Callable[[User], Client]
) -> None:
    client = sign_in(marketer)

    half = client.post("/leads/conditions/preview/", SCORE | {"c.1.field": "stage"})
    nothing = client.post("/leads/conditions/preview/", {"c.match": "all", "c.0.field": ""})

    assert "1 condition is not finished" in half.content.decode()
    assert "you see whom it finds" in nothing.content.decode()


def test_a_filter_goes_to_the_list_and_comes_back(
    rep: User, sign_in: Callable[[User], Client]
) -> None:
    client = sign_in(rep)

    answer = client.post("/leads/filter/", SCORE)

    assert answer.status_code == 302
    assert answer.url.startswith("/leads/?where=%7B%22all%22")
    page = client.get(answer.url.replace("/leads/?", "/leads/filter/?")).content.decode()
    assert 'value="50"' in page
    assert "Save as a segment" not in page


def test_long_lists_can_be_searched_and_hold_what_is_out_of_use(
    marketer: User, sign_in: Callable[[User], Client]
) -> None:
    for number in range(15):
        Campaign.objects.create(
            key=f"c{number}", name=f"Campaign {number}", is_archived=number == 3
        )
    said = {"c.match": "all", "c.0.field": "campaign", "c.0.op": "eq", "c.0.value": "c3"}

    page = sign_in(marketer).post(EDIT, said).content.decode()

    assert "data-pick-search" in page
    assert "Campaign 3 (not in use)" in page
    assert page.count('type="radio"') == 15
