"""The pages of the agreement: proposing, signing, discarding."""

import pytest
from django.urls import reverse

from scoring import queries
from scoring import services as scoring
from scoring.models import LeadDefinition
from tests.scoring.browsing import signed_in, text_of

pytestmark = pytest.mark.django_db


def test_a_threshold_is_proposed_signed_by_both_and_then_in_effect(marketer, rep) -> None:
    values = {"points": "75", "takes_effect": "next_activity", "comment": "Fewer, better"}
    address = reverse("scoring:propose", args=["mql_sal"])
    signed_in(rep).post(address, values)
    draft = LeadDefinition.objects.get(state="draft")
    assert "score is at least 75" in text_of(signed_in(rep).get(reverse("scoring:definitions")))

    signed_in(marketer).post(reverse("scoring:sign", args=[draft.pk, "marketing"]))
    page = signed_in(rep).post(reverse("scoring:sign", args=[draft.pk, "sales"]), follow=True)

    assert queries.current_definition("mql_sal") == draft
    assert "it is in effect" in text_of(page)
    assert marketer.name in text_of(page)
    assert rep.name in text_of(page)


def test_a_reader_sees_only_the_signature_that_is_theirs(marketer, rep, definition, at) -> None:
    scoring.propose_definition(
        handoff_key="mql_sal", condition=definition.condition, by=marketer, at=at
    )
    address = reverse("scoring:definitions")
    for user, mine, other in ((marketer, "marketing", "sales"), (rep, "sales", "marketing")):
        words = text_of(signed_in(user).get(address))
        assert f"Sign for {mine}" in words
        assert f"Sign for {other}" not in words


def test_signing_for_the_other_side_is_refused_in_words(marketer, rep, definition, at) -> None:
    draft = scoring.propose_definition(
        handoff_key="mql_sal", condition=definition.condition, by=marketer, at=at
    )
    response = signed_in(rep).post(reverse("scoring:sign", args=[draft.pk, "marketing"]))

    assert response.status_code == 403
    assert "you may not sign for marketing" in text_of(response)
    assert LeadDefinition.objects.get(pk=draft.pk).marketing_signed_at is None


@pytest.mark.parametrize("points", ["", "0", "-3", "lots", "1001"])
def test_a_threshold_that_is_no_score_is_refused(points, marketer) -> None:
    response = signed_in(marketer).post(
        reverse("scoring:propose", args=["mql_sal"]),
        {"points": points, "takes_effect": "everybody"},
    )
    assert response.status_code == 422
    assert "points" in response.context["form"].errors
    assert LeadDefinition.objects.count() == 1


def test_a_draft_can_be_discarded(marketer, definition, at) -> None:
    draft = scoring.propose_definition(
        handoff_key="mql_sal", condition=definition.condition, by=marketer, at=at
    )
    signed_in(marketer).post(reverse("scoring:discard", args=[draft.pk]))
    assert list(LeadDefinition.objects.all()) == [definition]
