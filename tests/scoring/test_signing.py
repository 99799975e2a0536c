"""Signing: which side, which text, what it voids, and what happens when two do it at once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from leadflow.core.errors import Conflict, Invalid, NotAllowed
from leadflow.core.models import Role
from leads.models import Offer
from scoring import queries
from scoring import services as scoring
from scoring.models import DefinitionDay, LeadDefinition
from tests.factories import people
from tests.handoff.scenes import together
from tests.scoring.agreeing import ANY_SCORE, agree, propose

HIGHER = {"field": "score", "op": "gte", "value": 90}


def sign(draft: LeadDefinition, side: str, by: Any, at: Any, **said: Any) -> LeadDefinition:
    return scoring.sign_definition(definition_id=draft.pk, side=side, by=by, at=at, **said)


def revise(draft: LeadDefinition, by: Any, at: Any, revision: int = 1, **said: Any) -> Any:
    return scoring.revise_definition(
        definition_id=draft.pk, revision=revision, by=by, at=at, **{"condition": HIGHER} | said
    )


@pytest.mark.django_db
class TestText:
    def test_a_change_of_the_text_makes_signatures_void(self, marketer, rep, at) -> None:
        draft = propose(marketer, at)
        sign(draft, "marketing", marketer, at)

        changed = revise(draft, rep, at)

        assert (changed.revision, changed.marketing_signed_at) == (2, None)
        assert changed.signed_by_marketing is None
        assert list(draft.notes.values_list("act", flat=True)) == [
            "proposed",
            "marketing",
            "changed",
        ]

    def test_saving_the_same_text_keeps_signatures(self, marketer, at) -> None:
        draft = propose(marketer, at)
        sign(draft, "marketing", marketer, at)
        assert revise(draft, marketer, at, condition=ANY_SCORE).marketing_signed_at == at

    def test_of_two_changes_the_second_has_to_read_the_first(self, marketer, rep, at) -> None:
        draft = propose(marketer, at)
        revise(draft, marketer, at)
        with pytest.raises(Conflict, match="Read it again"):
            revise(draft, rep, at, condition=ANY_SCORE)

    def test_nobody_signs_what_was_changed_after_they_read_it(self, marketer, rep, at) -> None:
        draft = propose(marketer, at)
        revise(draft, marketer, at)
        with pytest.raises(Conflict, match="Read it again"):
            sign(draft, "sales", rep, at, revision=1)

    def test_what_is_in_effect_is_neither_changed_nor_withdrawn(self, marketer, rep, at) -> None:
        version = agree(marketer, rep, at)
        with pytest.raises(Conflict, match="draft is gone"):
            revise(version, marketer, at)
        with pytest.raises(Conflict, match="cannot be withdrawn"):
            scoring.discard_definition(definition_id=version.pk, by=marketer, at=at)

    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ({"takes_effect": "daily"}, "a_day"),
            ({"takes_effect": "sometimes"}, "takes_effect"),
            ({"first_come": "nicest"}, "first_come"),
            ({"exclusions": {"field": "shoe_size", "op": "gte", "value": 1}}, "exclusions"),
            ({"hand_raise": {"field": "stage", "op": "eq", "value": "sal"}}, "hand_raise"),
            ({"condition": {"field": "tag", "op": "has", "value": "no-such-tag"}}, "condition"),
        ],
    )
    def test_terms_that_make_no_sense_are_refused(self, said, field, marketer, at) -> None:
        with pytest.raises(Invalid) as error:
            propose(marketer, at, **said)
        assert error.value.field == field

    def test_a_day_that_has_passed_is_refused(self, marketer, at) -> None:
        with pytest.raises(Invalid, match="has passed"):
            propose(marketer, at, starts_at=at - timedelta(days=1))


@pytest.mark.django_db
class TestSides:
    @pytest.mark.parametrize(("team", "side"), [("marketing", "marketing"), ("sales", "sales")])
    def test_a_manager_signs_for_the_side_of_their_team(self, team, side, marketer, at) -> None:
        draft = propose(marketer, at)
        boss = people.user(Role.MANAGER, team=team)
        other = {"marketing": "sales", "sales": "marketing"}[side]

        with pytest.raises(NotAllowed, match=f"sign for {other}"):
            sign(draft, other, boss, at)
        assert getattr(sign(draft, side, boss, at), f"signed_by_{side}") == boss

    def test_customer_care_neither_proposes_nor_comments(self, care, marketer, at) -> None:
        draft = propose(marketer, at)
        with pytest.raises(NotAllowed):
            propose(care, at)
        with pytest.raises(NotAllowed):
            scoring.comment_definition(definition_id=draft.pk, text="Hello", by=care, at=at)


@pytest.mark.django_db(transaction=True)
class TestTogether:
    def test_two_who_sign_at_once_put_it_into_effect_once(self, marketer, rep, at) -> None:
        draft = propose(marketer, at)

        results = together(
            lambda: sign(draft, "marketing", marketer, at), lambda: sign(draft, "sales", rep, at)
        )

        assert not [one for one in results if isinstance(one, Exception)]
        assert queries.current_definition("mql_sal") == draft
        assert draft.notes.filter(act="began").count() == 1
        assert LeadDefinition.objects.filter(state="retired").count() == 1

    def test_signing_what_is_being_replaced_signs_it_or_says_so(self, marketer, rep, at) -> None:
        draft = propose(marketer, at)

        signed, second = together(
            lambda: sign(draft, "sales", rep, at),
            lambda: propose(marketer, at, condition=HIGHER),
        )

        assert isinstance(second, LeadDefinition)
        assert second.sales_signed_at is None
        assert LeadDefinition.objects.get(pk=draft.pk).state == "withdrawn"
        assert isinstance(signed, LeadDefinition | Conflict)

    def test_two_proposals_at_once_leave_one(self, marketer, rep, at) -> None:
        together(lambda: propose(marketer, at), lambda: propose(rep, at))
        assert LeadDefinition.objects.filter(state="draft").count() == 1
        assert LeadDefinition.objects.count() == 3

    def test_workers_let_no_more_through_than_agreed(self, marketer, rep, at) -> None:
        people.inquiries(40, at=at, phone="+49301234")
        known = {"field": "phone", "op": "known"}
        version = agree(marketer, rep, at, condition=known, takes_effect="daily", a_day=7)

        results = together(*[follower(at) for _ in range(4)])

        assert not [one for one in results if isinstance(one, Exception)]
        scoring.follow_definitions(at=at)  # what a worker left that found another at it
        assert Offer.objects.filter(cause_id=version.pk).count() == 7
        assert DefinitionDay.objects.get().offered == 7

    def test_workers_begin_an_agreed_version_once(self, marketer, rep, at) -> None:
        day = at + timedelta(days=1)
        version = agree(marketer, rep, at, starts_at=day)

        results = together(*[lambda: scoring.begin_agreed(at=day) for _ in range(3)])

        assert sorted(results) == [0, 0, 1]
        assert version.notes.filter(act="began").count() == 1

    def test_what_fails_on_the_way_leaves_nothing_behind(
        self, marketer, rep, at, definition, monkeypatch
    ) -> None:
        from scoring.services.definitions import signing

        draft = propose(marketer, at)
        sign(draft, "marketing", marketer, at)
        monkeypatch.setattr(signing, "HOLD", "SELECT 1 / 0 WHERE %s = 0 OR %s IS NOT NULL")
        with pytest.raises(Exception, match="division by zero"):
            sign(draft, "sales", rep, at)

        assert queries.current_definition("mql_sal") == definition
        fresh = LeadDefinition.objects.get(pk=draft.pk)
        assert (fresh.state, fresh.sales_signed_at) == ("draft", None)


def follower(at: Any) -> Callable[[], int]:
    def follow() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return scoring.follow_definitions(at=at)

    return follow
