"""Writing a draft: its parts are added, changed and removed; what does not fit changes nothing."""

from typing import Any

import pytest

from leadflow.core.errors import Conflict, Invalid
from leads.models import Form
from scoring import queries
from scoring import services as scoring
from scoring.models import FitRule, RuleSet, ScoreGroup
from tests.scoring.versions import everything, in_draft, rule

pytestmark = pytest.mark.django_db


def rule_facts(draft: RuleSet, **facts: Any) -> dict[str, Any]:
    return {
        "group": draft.groups.get(key="content"),
        "label": "Looked at prices",
        "kind": "page_view",
        "points": 7,
        "limit": "once",
        "limit_count": 1,
        "url_pattern": "https://www.Example.com/Pricing/",
    } | facts


def test_a_rule_is_added_changed_and_removed(draft, marketer, at) -> None:
    added = scoring.save_rule(facts=rule_facts(draft), by=marketer, at=at)
    assert (added.url_pattern, added.points) == ("www.example.com/pricing", 7)
    assert "“Looked at prices” added" in queries.differences(queries.current_rules(), draft)

    facts = rule_facts(draft, points=9, url_pattern="")
    changed = scoring.save_rule(rule_id=added.pk, facts=facts, by=marketer, at=at)
    assert (changed.pk, changed.points, changed.url_pattern) == (added.pk, 9, "")

    scoring.remove_rule(rule_id=added.pk, by=marketer, at=at)
    assert queries.differences(queries.current_rules(), draft) == []


def test_a_group_goes_once_it_is_empty(draft, marketer, at) -> None:
    group = scoring.save_group(facts={"name": "Événements", "cap": 40}, by=marketer, at=at)
    rule = scoring.save_rule(facts=rule_facts(draft, group=group), by=marketer, at=at)
    with pytest.raises(Invalid, match="still has rules"):
        scoring.remove_group(group_id=group.pk, by=marketer, at=at)

    scoring.remove_rule(rule_id=rule.pk, by=marketer, at=at)
    scoring.remove_group(group_id=group.pk, by=marketer, at=at)

    assert not draft.groups.filter(pk=group.pk).exists()


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"label": " "}, "label"),
        ({"points": "many"}, "points"),
        ({"points": 1_001}, "points"),
        ({"limit_count": 0}, "limit_count"),
        ({"limit_count": None}, "limit_count"),
        ({"url_pattern": "*"}, "url_pattern"),
        ({"url_pattern": "/*/*"}, "url_pattern"),
        ({"url_pattern": "?q=1"}, "url_pattern"),
        ({"url_pattern": "/two words"}, "url_pattern"),
        ({"url_pattern": "/a*" * 9}, "url_pattern"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused_at_its_field(
    facts, field, draft, marketer, at
) -> None:
    before = everything()
    with pytest.raises(Invalid) as refused:
        scoring.save_rule(facts=rule_facts(draft, **facts), by=marketer, at=at)
    assert refused.value.field == field
    assert everything() == before


def test_a_form_is_about_sending_forms(draft, marketer, at) -> None:
    form = Form.objects.create(slug="demo", name="Demo")
    with pytest.raises(Invalid, match="names a form"):
        scoring.save_rule(facts=rule_facts(draft, form=form), by=marketer, at=at)
    facts = rule_facts(draft, form=form, kind="form", url_pattern="")
    assert scoring.save_rule(facts=facts, by=marketer, at=at).form == form


def test_grades_stay_in_order(draft, marketer, at) -> None:
    with pytest.raises(Invalid, match="Grade A needs more fit"):
        scoring.save_bands(facts={"fit_a_from": 20, "fit_b_from": 20}, by=marketer, at=at)


def test_parts_of_a_version_in_use_are_not_changed(draft, marketer, at) -> None:
    in_use = rule("Sent a form")
    with pytest.raises(Conflict, match="not in the draft"):
        scoring.remove_rule(rule_id=in_use.pk, by=marketer, at=at)
    group = ScoreGroup.objects.get(key="content", rule_set__number=1)
    with pytest.raises(Invalid, match="group of this draft"):
        scoring.save_rule(facts=rule_facts(draft, group=group), by=marketer, at=at)


# ---- whole or not at all


def bad_figures() -> dict[str, Any]:
    group = ScoreGroup.objects.get(key="content", rule_set__state="draft")
    form = in_draft("Sent a form")
    return {
        "a negative half-life": {"half_lives": {group.pk: -5}},
        "a half-life of nothing": {"half_lives": {group.pk: 0}},
        "a negative cap": {"caps": {group.pk: -1}},
        "points in words": {"rule_points": {form: "many"}},
        "too many points": {"rule_points": {form: 1_001}},
    }


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a negative half-life", "half-life of “Content” must be a whole number from 1"),
        ("a half-life of nothing", "half-life of “Content”"),
        ("a negative cap", "cap of “Content”"),
        ("points in words", "needs whole points, not “many”"),
        ("too many points", "1,000 points at most"),
    ],
)
def test_figures_that_do_not_fit_are_named_and_change_nothing(
    name, message, draft, marketer, at
) -> None:
    before = everything()
    figures = scoring.Figures(**bad_figures()[name])

    with pytest.raises(Invalid, match=message):
        scoring.change_figures(figures=figures, by=marketer, at=at)

    assert everything() == before


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"field": "shoe_size", "op": "eq", "value": 1}, "shoe_size"),
        ({"any": [{"field": "score", "op": "gte", "value": 1}]}, "cannot depend on the score"),
    ],
)
def test_a_fact_that_makes_no_sense_is_refused_when_it_is_saved_and_when_it_is_published(
    condition, message, draft, marketer, at
) -> None:
    facts = {"label": "Odd", "points": 5, "condition": condition}
    with pytest.raises(Invalid, match=message):
        scoring.save_fit_rule(facts=facts, by=marketer, at=at)
    FitRule.objects.filter(rule_set=draft, label="Decision maker").update(condition=condition)

    with pytest.raises(Invalid, match=message):
        scoring.publish_draft(by=marketer, at=at)

    assert RuleSet.objects.get(number=2).state == "draft"
