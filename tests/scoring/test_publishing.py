"""New versions of the rules and of the agreement: whole or not at all, signed by two sides."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test.utils import CaptureQueriesContext

from leadflow.core.errors import Conflict, Invalid, NotAllowed
from scoring import queries
from scoring import services as scoring
from scoring.models import FitRule, LeadDefinition, Rule, RuleSet, ScoreGroup
from tests.factories import people
from tests.scoring.conftest import now

pytestmark = pytest.mark.django_db


def rule(label: str) -> Rule:
    return Rule.objects.get(label=label, rule_set=queries.current_rules())


def everything() -> tuple[Any, ...]:
    return tuple(
        list(model.objects.order_by("pk").values())
        for model in (RuleSet, ScoreGroup, Rule, FitRule)
    )


def test_a_new_version_holds_everything_and_names_its_author(marketer, at) -> None:
    old = queries.current_rules()
    changes = scoring.Changes(rule_points={rule("Sent a form").pk: 17})

    new = scoring.publish_rules(base=1, changes=changes, by=marketer, at=at, comment="Forms!")

    assert (new.number, new.author, new.published_at) == (2, marketer, at)
    assert queries.current_rules() == new
    assert rule("Sent a form").points == 17
    assert new.rules.count() == old.rules.count()
    assert new.fit_rules.count() == old.fit_rules.count()
    assert not Rule.objects.filter(rule_set=new).exclude(group__rule_set=new).exists()


def test_versions_before_stay_as_they_were(marketer, at) -> None:
    before = list(Rule.objects.order_by("pk").values())
    changes = scoring.Changes(rule_points={rule("Sent a form").pk: 17})
    scoring.publish_rules(base=1, changes=changes, by=marketer, at=at)

    old = Rule.objects.filter(rule_set__number=1).order_by("pk")
    assert list(old.values()) == before


def test_scores_follow_a_new_version(marketer, happen, settle, at) -> None:
    lead = people.inquiry(at=at)
    happen(lead, "form")
    settle()
    scoring.refresh_scores(at=at)
    changes = scoring.Changes(rule_points={rule("Sent a form").pk: 17})

    scoring.publish_rules(base=1, changes=changes, by=marketer, at=at)
    assert scoring.refresh_scores(at=at) == 1

    assert now(lead).engagement == 17


def test_two_people_cannot_publish_over_each_other(marketer, at) -> None:
    scoring.publish_rules(base=1, changes=scoring.Changes(), by=marketer, at=at)
    with pytest.raises(Conflict, match="another version meanwhile"):
        scoring.publish_rules(base=1, changes=scoring.Changes(), by=marketer, at=at)


def bad_changes() -> dict[str, Any]:
    group = ScoreGroup.objects.get(key="content")
    fit = FitRule.objects.get(label="Decision maker")
    form = rule("Sent a form").pk
    return {
        "a negative half-life": {"half_lives": {group.pk: -5}},
        "a half-life of nothing": {"half_lives": {group.pk: 0}},
        "a negative cap": {"caps": {group.pk: -1}},
        "points in words": {"rule_points": {form: "many"}},
        "too many points": {"rule_points": {form: 1_001}},
        "an unknown field": {
            "fit_conditions": {fit.pk: {"field": "shoe_size", "op": "eq", "value": 1}}
        },
        "a condition on the score itself": {
            "fit_conditions": {fit.pk: {"any": [{"field": "score", "op": "gte", "value": 1}]}}
        },
    }


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a negative half-life", "half-life of “Content” must be a whole number from 1"),
        ("a half-life of nothing", "half-life of “Content”"),
        ("a negative cap", "cap of “Content”"),
        ("points in words", "needs whole points, not “many”"),
        ("too many points", "1,000 points at most"),
        ("an unknown field", "shoe_size"),
        ("a condition on the score itself", "cannot depend on the score"),
    ],
)
def test_what_does_not_fit_is_named_and_changes_nothing(name, message, marketer, at) -> None:
    before = everything()
    changes = scoring.Changes(**({"rule_points": {}} | bad_changes()[name]))

    with pytest.raises(Invalid, match=message):
        scoring.publish_rules(base=1, changes=changes, by=marketer, at=at)

    assert everything() == before


def test_the_database_refuses_two_versions_in_use_and_fading_backwards(at) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleSet.objects.create(number=2, state="published", published_at=at)
    with pytest.raises(IntegrityError), transaction.atomic():
        ScoreGroup.objects.filter(key="content").update(half_life_days=0)


def test_the_shipped_rows_are_installed_once(at) -> None:
    before = everything()
    scoring.install_defaults(at=at)
    assert everything() == before
    assert LeadDefinition.objects.count() == 1


def test_publishing_costs_the_same_however_many_rules(marketer, at) -> None:
    from django.db import connection

    def queries_for_publishing() -> int:
        with CaptureQueriesContext(connection) as made:
            number = queries.current_rules().number
            scoring.publish_rules(base=number, changes=scoring.Changes(), by=marketer, at=at)
        return len(made)

    few = queries_for_publishing()
    current = queries.current_rules()
    group = current.groups.first()
    Rule.objects.bulk_create(
        Rule(rule_set=current, group=group, label=f"Rule {n}", kind="form", points=1)
        for n in range(490)
    )
    assert queries_for_publishing() == few


# ---- the agreement


@pytest.fixture
def draft(marketer, definition, at) -> LeadDefinition:
    return scoring.propose_definition(
        handoff_key="mql_sal", condition=_asking_for(80), by=marketer, at=at
    )


def _asking_for(points: int) -> dict[str, Any]:
    return {"all": [{"field": "score", "op": "gte", "value": points}]}


def test_a_definition_needs_both_signatures(draft, definition, marketer, rep, at) -> None:
    scoring.sign_definition(definition_id=draft.pk, side="marketing", by=marketer, at=at)
    assert queries.current_definition("mql_sal") == definition

    scoring.sign_definition(definition_id=draft.pk, side="sales", by=rep, at=at)

    current = queries.current_definition("mql_sal")
    assert (current, current.effective_at) == (draft, at)
    assert (current.signed_by_marketing, current.signed_by_sales) == (marketer, rep)
    assert LeadDefinition.objects.get(pk=definition.pk).state == "retired"


@pytest.mark.parametrize(
    ("who", "side"),
    [("rep", "marketing"), ("marketer", "sales"), ("care", "sales"), ("manager", "marketing")],
)
def test_each_side_signs_for_itself(who, side, draft, request, at) -> None:
    with pytest.raises(NotAllowed, match=f"you may not sign for {side}"):
        scoring.sign_definition(
            definition_id=draft.pk, side=side, by=request.getfixturevalue(who), at=at
        )


def test_one_person_cannot_sign_for_both_sides(draft, admin, at) -> None:
    scoring.sign_definition(definition_id=draft.pk, side="marketing", by=admin, at=at)
    with pytest.raises(NotAllowed, match="two people"):
        scoring.sign_definition(definition_id=draft.pk, side="sales", by=admin, at=at)


def test_a_side_signs_once(draft, marketer, at) -> None:
    scoring.sign_definition(definition_id=draft.pk, side="marketing", by=marketer, at=at)
    with pytest.raises(Conflict, match="signed for marketing already"):
        scoring.sign_definition(definition_id=draft.pk, side="marketing", by=marketer, at=at)


def test_a_new_proposal_voids_the_signatures_of_the_one_that_waited(
    draft, marketer, rep, at
) -> None:
    scoring.sign_definition(definition_id=draft.pk, side="sales", by=rep, at=at)
    second = scoring.propose_definition(
        handoff_key="mql_sal", condition=_asking_for(90), by=marketer, at=at
    )

    assert LeadDefinition.objects.filter(state="draft").get() == second
    assert second.sales_signed_at is None
    with pytest.raises(Conflict, match="draft is gone"):
        scoring.sign_definition(definition_id=draft.pk, side="marketing", by=marketer, at=at)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"field": "shoe_size", "op": "gte", "value": 1}, "shoe_size"),
        ({"field": "score", "op": "gte", "value": "many"}, "compared with a number"),
        ({"field": "score", "op": "rhymes", "value": 1}, "rhymes"),
    ],
)
def test_a_definition_that_makes_no_sense_is_not_proposed(condition, message, marketer, at) -> None:
    with pytest.raises(Invalid, match=message):
        scoring.propose_definition(handoff_key="mql_sal", condition=condition, by=marketer, at=at)
    assert LeadDefinition.objects.count() == 1


def test_the_database_refuses_a_definition_in_effect_that_nobody_signed(definition) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        LeadDefinition.objects.filter(pk=definition.pk).update(sales_signed_at=None)


@pytest.mark.parametrize(
    ("takes_effect", "stage"), [("everybody", "mql"), ("next_activity", "inquiry")]
)
def test_a_definition_takes_effect_as_agreed(
    takes_effect, stage, hot_lead, settle, marketer, rep, at
) -> None:
    lead = hot_lead(silent=True)
    settle()
    draft = scoring.propose_definition(
        handoff_key="mql_sal", condition=_asking_for(50), by=marketer, at=at,
        takes_effect=takes_effect,
    )  # fmt: skip
    scoring.sign_definition(definition_id=draft.pk, side="marketing", by=marketer, at=at)
    scoring.sign_definition(definition_id=draft.pk, side="sales", by=rep, at=at)

    scoring.follow_definitions(at=at)

    assert now(lead).stage == stage


def test_everybody_at_once_happens_once(hot_lead, settle, marketer, rep, at) -> None:
    draft = scoring.propose_definition(
        handoff_key="mql_sal", condition=_asking_for(50), by=marketer, at=at,
        takes_effect="everybody",
    )  # fmt: skip
    scoring.sign_definition(definition_id=draft.pk, side="marketing", by=marketer, at=at)
    scoring.sign_definition(definition_id=draft.pk, side="sales", by=rep, at=at)
    scoring.follow_definitions(at=at)

    later = hot_lead(silent=True)  # imported afterwards
    settle()
    scoring.follow_definitions(at=at)

    assert now(later).stage == "inquiry"
