"""The condition language: JSON becomes a filter and a sentence; what does not fit is named."""

from datetime import datetime
from typing import Any

import pytest

from content.models import Product
from leadflow.core.errors import Invalid
from leads import queries as leads
from leads.models import Lead
from tests.factories import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(at: datetime) -> list[Lead]:
    pump = Product.objects.create(key="pump", name="Pump")
    line = Product.objects.create(key="line", name="Line")
    ada = people.inquiry(at=at, first_name="Ada", phone="+4930901820", persona="decision_maker")
    bob = people.inquiry(at=at, first_name="Bob", country="SE", job_title="Plant Manager")
    cy = people.inquiry(at=at, first_name="Cy", source="social")
    ada.products.add(pump, line)
    bob.products.add(line)
    return [ada, bob, cy]


@pytest.mark.parametrize(
    ("condition", "names", "sentence"),
    [
        ({"all": []}, "Ada Bob Cy", "always"),
        ({"any": []}, "", "never"),
        ({"not": {"all": []}}, "", "not (always)"),
        ({"any": [{"all": []}, {"field": "phone", "op": "known"}]}, "Ada Bob Cy",
         "always or phone number is known"),
        ({"field": "phone", "op": "known"}, "Ada", "phone number is known"),
        ({"not": {"field": "phone", "op": "known"}}, "Bob Cy", "not (phone number is known)"),
        ({"field": "phone", "op": "unknown"}, "Bob Cy", "phone number is not known"),
        ({"field": "persona", "op": "eq", "value": "decision_maker"}, "Ada", "persona is Decision maker"),
        ({"field": "product", "op": "in", "value": ["pump", "line"]}, "Ada Bob",
         "product of interest includes one of Pump, Line"),
        ({"field": "job_title", "op": "contains", "value": "manager"}, "Bob", "job title contains manager"),
        ({"field": "source", "op": "eq", "value": "Social"}, "Cy", "source is Social"),
        ({"field": "score", "op": "lte", "value": 0}, "Ada Bob Cy", "score is at most 0"),
        (
            {"any": [{"field": "country", "op": "eq", "value": "SE"},
                     {"all": [{"field": "phone", "op": "known"}, {"field": "score", "op": "lt", "value": 1}]}]},
            "Ada Bob", "country is SE or (phone number is known and score is less than 1)",
        ),
    ],
)  # fmt: skip
def test_a_condition_finds_leads_and_reads_as_a_sentence(
    three: list[Lead], condition: dict[str, Any], names: str, sentence: str
) -> None:
    found = leads.matching(condition).order_by("first_name").values_list("first_name", flat=True)

    assert " ".join(found) == names
    assert leads.describe(condition) == sentence


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"field": "shoe_size", "op": "eq", "value": 44}, "no field “shoe_size”"),
        ({"field": "score", "op": "contains", "value": 44}, "cannot be tested by “contains”"),
        ({"field": "score", "op": "gte", "value": "many"}, "compared with a number"),
        ({"field": "score", "op": "gte", "value": True}, "compared with a number"),
        ({"field": "country", "op": "eq", "value": ""}, "needs something to compare with"),
        ({"field": "country", "op": "in", "value": "SE"}, "A list"),
        ({"all": "everything"}, "A list"),
        ({}, "no field “”"),
        ([], "A condition is an object"),
        ({"any": ["score"]}, "A condition is an object"),
    ],
)
def test_a_condition_that_does_not_fit_is_refused_in_words(condition: Any, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        leads.compile_condition(condition)


def test_endless_nesting_is_refused() -> None:
    condition: dict[str, Any] = {"all": []}
    for _ in range(50):
        condition = {"not": condition}

    with pytest.raises(Invalid, match="too deeply"):
        leads.compile_condition(condition)
