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


@pytest.mark.parametrize(
    ("said", "condition"),
    [
        (("country", "in", "DE, at"), {"field": "country", "op": "in", "value": ["DE", "at"]}),
        (("persona", "eq", "decision maker"), {"field": "persona", "op": "eq", "value": "decision_maker"}),
        (("employees", "gte", "250"), {"field": "employees", "op": "gte", "value": 250}),
        (("email", "known", ""), {"field": "email", "op": "known"}),
    ],
)  # fmt: skip
def test_a_fact_is_added_in_a_dialog(said, condition, draft, marketer) -> None:
    field, op, value = said
    values = {"label": "Fits", "points": "3", "field": field, "op": op, "value": value}
    signed_in(marketer).post(reverse("scoring:add_fact"), values | {"is_active": "on"})
    assert draft.fit_rules.get(label="Fits").condition == condition


@pytest.mark.parametrize(
    ("field", "op", "value", "said"),
    [
        ("employees", "gte", "many", "compared with a number"),
        ("employees", "gte", "nan", "compared with a number"),
        ("phone", "eq", "1", "cannot be tested by"),
        ("source", "eq", "", "needs something to compare with"),
    ],
)
def test_a_fact_that_makes_no_sense_is_refused(field, op, value, said, draft, marketer) -> None:
    values = {"label": "Odd", "points": "3", "field": field, "op": op, "value": value}
    response = signed_in(marketer).post(reverse("scoring:add_fact"), values)
    assert said in text_of(response)
    assert not draft.fit_rules.filter(label="Odd").exists()


def test_a_condition_of_several_parts_keeps_them(draft, marketer) -> None:
    several = {"all": [{"field": "phone", "op": "known"}, {"field": "email", "op": "known"}]}
    fact = draft.fit_rules.first()
    type(fact).objects.filter(pk=fact.pk).update(condition=several)
    values = {"label": "Can be reached", "points": "12", "is_active": "on"}

    signed_in(marketer).post(reverse("scoring:edit_fact", args=[fact.pk]), values)

    fact.refresh_from_db()
    assert (fact.label, fact.points, fact.condition) == ("Can be reached", 12, several)
