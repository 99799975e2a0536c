"""The agreement of both sides: proposed, signed twice, in effect, retired."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from leadflow.core.errors import Conflict, Invalid, NotAllowed
from scoring import queries
from scoring import services as scoring
from scoring.models import LeadDefinition
from tests.scoring.conftest import now

pytestmark = pytest.mark.django_db


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
