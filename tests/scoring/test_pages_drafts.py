"""Parts of a draft in their dialogs: what is typed, refused at its field, or kept."""

import pytest
from django.urls import reverse

from tests.scoring.browsing import signed_in, text_of

pytestmark = pytest.mark.django_db


def test_a_rule_is_added_in_a_dialog(draft, marketer) -> None:
    client = signed_in(marketer)
    group = draft.groups.get(key="content")
    page = client.get(reverse("scoring:add_rule"), {"group": group.pk})
    values = {
        "label": "Looked at prices",
        "group": group.pk,
        "kind": "page_view",
        "points": "6",
        "limit": "daily",
        "limit_count": "1",
        "url_pattern": "/pricing*",
        "is_active": "on",
    }
    assert str(group.pk) in str(page.context["form"]["group"].value())

    refused = client.post(reverse("scoring:add_rule"), values | {"url_pattern": "*"})
    assert "every page" in text_of(refused)
    assert refused.context["form"]["label"].value() == "Looked at prices"
    client.post(reverse("scoring:add_rule"), values)

    rule = draft.rules.get(label="Looked at prices")
    assert (rule.url_pattern, rule.points, rule.limit_in_words) == ("/pricing*", 6, "once a day")
    words = text_of(client.get(reverse("scoring:draft")))
    assert "Viewed a page · page /pricing*" in words
    client.post(reverse("scoring:edit_rule", args=[rule.pk]), values | {"points": "8"})
    assert draft.rules.get(pk=rule.pk).points == 8
    client.post(reverse("scoring:remove", args=["rules", rule.pk]))
    assert not draft.rules.filter(pk=rule.pk).exists()


def sent(**more: str) -> dict[str, str]:
    """What the page of a fact sends: name and points, and rows of the builder."""
    return {"label": "Fits", "points": "3", "is_active": "on", "c.match": "all"} | more


@pytest.mark.parametrize(
    ("op", "value", "condition"),
    [
        ("in", ["DE", "AT"], {"field": "country", "op": "in", "value": ["DE", "AT"]}),
        ("eq", ["DE"], {"field": "country", "op": "eq", "value": "DE"}),
        ("known", [], {"field": "country", "op": "known"}),
    ],
)
def test_a_fact_is_built(op, value, condition, draft, marketer) -> None:
    row = {"c.0.field": "country", "c.0.op": op, "c.0.value": value}
    answer = signed_in(marketer).post(reverse("scoring:add_fact"), sent() | row)
    assert answer.status_code == 302, text_of(answer)
    assert draft.fit_rules.get(label="Fits").condition == condition


def test_a_fact_of_several_parts_is_built(draft, marketer) -> None:
    rows = {
        "c.match": "any",
        "c.0.field": "phone", "c.0.op": "known",
        "c.1.field": "employees", "c.1.op": "gte", "c.1.value": "250",
    }  # fmt: skip
    signed_in(marketer).post(reverse("scoring:add_fact"), sent(**rows))
    assert draft.fit_rules.get(label="Fits").condition == {
        "any": [
            {"field": "phone", "op": "known"},
            {"field": "employees", "op": "gte", "value": 250},
        ]
    }


def test_a_button_of_the_builder_saves_nothing(draft, marketer) -> None:
    row = {"c.0.field": "phone", "c.0.op": "known", "do": "add:c"}
    answer = signed_in(marketer).post(reverse("scoring:add_fact"), sent() | row)
    assert answer.status_code == 200
    assert "c.1.field" in answer.content.decode()
    assert not draft.fit_rules.filter(label="Fits").exists()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"c.0.field": "employees", "c.0.op": "gte", "c.0.value": "many"}, "number"),
        ({"c.0.field": "score", "c.0.op": "gte", "c.0.value": "5"}, "cannot depend on the score"),
        ({"c.0.field": "created", "c.0.op": "last_days", "c.0.value": "5"}, "passing of time"),
        ({"c.0.field": "", "c.0.op": ""}, "Finish the conditions"),
        ({"c.0.field": "phone", "c.0.op": "known", "label": ""}, "Give the fact a name"),
        ({"c.0.field": "phone", "c.0.op": "known", "points": "1.5"}, "whole points"),
    ],
)
def test_a_fact_that_makes_no_sense_is_refused(row, said, draft, marketer) -> None:
    answer = signed_in(marketer).post(reverse("scoring:add_fact"), sent() | row)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert not draft.fit_rules.filter(label="Fits").exists()


def test_a_fact_is_changed_where_it_stands(draft, marketer) -> None:
    fact = draft.fit_rules.first()
    several = {"all": [{"field": "phone", "op": "known"}, {"field": "email", "op": "known"}]}
    type(fact).objects.filter(pk=fact.pk).update(condition=several)
    page = signed_in(marketer).get(reverse("scoring:edit_fact", args=[fact.pk]))
    assert "c.1.field" in page.content.decode()
    rows = {"c.0.field": "phone", "c.0.op": "known", "c.1.field": "email", "c.1.op": "known"}

    signed_in(marketer).post(
        reverse("scoring:edit_fact", args=[fact.pk]),
        sent(label="Can be reached", points="12", **rows),
    )

    fact.refresh_from_db()
    assert (fact.label, fact.points, fact.condition) == ("Can be reached", 12, several)
