"""The pages of the agreement: proposing with builders, previewing, signing, talking, withdrawing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads import services as leads
from scoring import queries
from scoring.models import LeadDefinition
from tests.factories import people
from tests.scoring.agreeing import agree, propose
from tests.scoring.browsing import signed_in, text_of

pytestmark = pytest.mark.django_db

SCORE_OF_75 = {
    "c.match": "all",
    "c.0.field": "score",
    "c.0.op": "gte",
    "c.0.value": "75",
    "h.match": "any",
    "x.match": "any",
    "takes_effect": "next_activity",
    "comment": "Fewer, better",
}
STUDENTS = {"x.0.field": "job_title", "x.0.op": "contains", "x.0.value": "student"}
DEMO = {
    "h.0.field": "activities",
    "h.0.op": "at_least",
    "h.0.value": "1",
    "h.0.kinds": "form",
    "h.0.title": "demo",
}
PROPOSE = "scoring:propose"


def test_a_definition_is_built_signed_by_both_and_then_in_effect(marketer, rep) -> None:
    address = reverse(PROPOSE, args=["mql_sal"])
    page = signed_in(rep).post(address, SCORE_OF_75 | STUDENTS | DEMO, follow=True)
    draft = LeadDefinition.objects.get(state="draft")
    words = text_of(page)
    assert "Score is at least 75" in words
    assert "Job title contains student" in words
    assert "with a title like “demo”" in words
    assert (draft.condition, draft.exclusions["any"][0]["value"]) == (
        {"all": [{"field": "score", "op": "gte", "value": 75}]},
        "student",
    )

    signed = {"revision": draft.revision}
    signed_in(marketer).post(reverse("scoring:sign", args=[draft.pk, "marketing"]), signed)
    page = signed_in(rep).post(
        reverse("scoring:sign", args=[draft.pk, "sales"]), signed, follow=True
    )

    assert queries.current_definition("mql_sal") == draft
    words = text_of(page)
    assert "it is in effect" in words
    assert f"{rep.name} signed for sales" in words
    assert f"{marketer.name} signed for marketing" in words


def test_empty_builders_ask_for_nobody_and_leave_nobody_out(marketer) -> None:
    blank = {"h.0.field": "", "x.match": "all"}
    signed_in(marketer).post(reverse(PROPOSE, args=["mql_sal"]), SCORE_OF_75 | blank)

    draft = LeadDefinition.objects.get(state="draft")
    assert (draft.hand_raise, draft.exclusions) == ({"any": []}, {"any": []})


def test_a_button_of_one_builder_leaves_the_others_alone(marketer) -> None:
    said = SCORE_OF_75 | {"do": "add:h"}
    page = signed_in(marketer).post(reverse(PROPOSE, args=["mql_sal"]), said)

    html = page.content.decode()
    assert 'name="h.0.field"' in html
    assert 'name="c.1.field"' not in html
    assert 'name="x.0.field"' not in html
    assert "Fewer, better" in html

    piece = signed_in(marketer).post(reverse("leads:edit_condition"), said | {"do": "add:x"})
    assert 'id="builder-x"' in piece.content.decode()
    assert 'name="x.0.field"' in piece.content.decode()


def test_the_form_counts_what_it_would_do(marketer, hot_lead, settle) -> None:
    hot_lead(silent=True)
    settle()
    address = reverse("scoring:foresee", args=["mql_sal"])
    low = SCORE_OF_75 | {"c.0.value": "50"}

    assert "1 lead of 1 before the hand-off" in text_of(signed_in(marketer).post(address, low))
    daily = low | {"takes_effect": "daily", "a_day": "5"}
    assert "it takes 1 day until" in text_of(signed_in(marketer).post(address, daily))
    assert "Finish" in text_of(signed_in(marketer).post(address, low | {"c.0.value": ""}))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"c.0.value": "lots"}, "compared with a number"),
        ({"c.0.value": ""}, "Finish this condition"),
        ({"takes_effect": "daily", "a_day": ""}, "how many leads a day"),
        ({"takes_effect": "daily", "a_day": "0"}, "greater than or equal to 1"),
        ({"starts_on": "2001-01-01"}, "has passed"),
        ({"c.0.field": "stage", "c.0.op": "eq", "c.0.value": "mql"}, "decides who becomes"),
    ],
)
def test_what_does_not_fit_stands_where_it_is(wrong, words, marketer) -> None:
    page = signed_in(marketer).post(reverse(PROPOSE, args=["mql_sal"]), SCORE_OF_75 | wrong)

    assert page.status_code == 422
    assert words in text_of(page)
    assert "Fewer, better" in page.content.decode()
    assert LeadDefinition.objects.count() == 1


def test_a_reader_sees_only_the_signature_that_is_theirs(marketer, rep, at) -> None:
    address = reverse("scoring:definition", args=[propose(marketer, at).pk])
    for user, mine, other in ((marketer, "marketing", "sales"), (rep, "sales", "marketing")):
        words = text_of(signed_in(user).get(address))
        assert f"Sign for {mine}" in words
        assert f"Sign for {other}" not in words


def test_signing_for_the_other_side_is_refused_in_words(marketer, rep, at) -> None:
    draft = propose(marketer, at)
    response = signed_in(rep).post(reverse("scoring:sign", args=[draft.pk, "marketing"]))

    assert response.status_code == 403
    assert "you may not sign for marketing" in text_of(response)
    assert LeadDefinition.objects.get(pk=draft.pk).marketing_signed_at is None


def test_a_page_that_shows_an_old_text_signs_nothing(marketer, rep, at) -> None:
    draft = propose(marketer, at)
    changed = SCORE_OF_75 | {"revision": "1"}
    signed_in(marketer).post(reverse("scoring:change", args=[draft.pk]), changed)

    response = signed_in(rep).post(
        reverse("scoring:sign", args=[draft.pk, "sales"]), {"revision": "1"}
    )

    assert response.status_code == 409
    assert "Read it again" in text_of(response)
    assert LeadDefinition.objects.get(pk=draft.pk).sales_signed_at is None


LADDER = ("definition", "change", "foresee", "comment")


def climb(client: Client, name: str, draft: LeadDefinition, *, method: str = "") -> int:
    address = reverse(f"scoring:{name}", args=["mql_sal" if name == "foresee" else draft.pk])
    method = method or ("post" if name in {"foresee", "comment"} else "get")
    return getattr(client, method)(address, {"text": "Hello"}).status_code


@pytest.mark.parametrize("name", LADDER)
def test_marketing_and_sales_get_in_and_nobody_else(name, marketer, rep, care, at) -> None:
    draft = propose(marketer, at)
    expected = 302 if name == "comment" else 200
    assert [climb(signed_in(user), name, draft) for user in (marketer, rep)] == [expected] * 2
    assert climb(signed_in(care), name, draft) == 403
    assert climb(Client(), name, draft) == 302
    assert draft.notes.filter(act="said").count() == (2 if name == "comment" else 0)


@pytest.mark.parametrize(
    ("name", "method"), [("foresee", "get"), ("comment", "get"), ("change", "put")]
)
def test_the_wrong_method_is_refused(name, method, marketer, at) -> None:
    assert climb(signed_in(marketer), name, propose(marketer, at), method=method) == 405


def test_only_a_proposal_can_be_changed(marketer, rep, at) -> None:
    assert climb(signed_in(marketer), "change", agree(marketer, rep, at)) == 404


def test_both_sides_talk_about_a_version(marketer, rep, at) -> None:
    draft = propose(marketer, at)
    address = reverse("scoring:comment", args=[draft.pk])
    signed_in(rep).post(address, {"text": "What of <b>the fair</b>?"})
    page = signed_in(marketer).post(address, {"text": " "}, follow=True)

    assert "What of &lt;b&gt;the fair&lt;/b&gt;?" in page.content.decode()
    assert "Write something first" in text_of(page)
    assert draft.notes.filter(act="said").count() == 1


def test_a_version_that_waits_can_be_withdrawn_and_stays_to_be_read(
    marketer, definition, at
) -> None:
    draft = propose(marketer, at)
    signed_in(marketer).post(reverse("scoring:discard", args=[draft.pk]))

    page = signed_in(marketer).get(reverse("scoring:definition", args=[draft.pk]))
    assert f"{marketer.name} withdrew it" in text_of(page)
    assert queries.current_definition("mql_sal") == definition
    assert not LeadDefinition.objects.filter(state="draft").exists()


def test_a_proposal_says_what_differs(marketer, definition, at) -> None:
    draft = propose(marketer, at)
    words = text_of(signed_in(marketer).get(reverse("scoring:definition", args=[draft.pk])))

    assert "Now asks that: score is at least 50; until now: score is at least 60" in words
    assert "No longer asks that: phone number is known" in words


def test_every_figure_of_a_version_opens_its_leads(marketer, rep, at, happen, settle) -> None:
    version = agree(marketer, rep, at, condition={"field": "phone", "op": "known"})
    rows = people.inquiries(4, at=at, phone="+49301234")
    for row in rows:
        happen(row, "page_view")
    settle()
    ids = [row.pk for row in rows]
    leads.reject(lead_ids=ids[:1], by=rep, reason="bad_data", at=at + timedelta(hours=1))
    leads.accept(lead_ids=ids[1:], by=rep, at=at + timedelta(hours=2))
    leads.advance(lead_ids=ids[1:3], by=rep, amount=5, at=at + timedelta(days=1))
    leads.advance(lead_ids=ids[1:3], by=rep, amount=5, at=at + timedelta(days=1))
    leads.win(lead_ids=ids[1:2], by=rep, amount=5, at=at + timedelta(days=5)).or_raise()
    leads.lose(lead_ids=ids[2:3], by=rep, reason="price", at=at + timedelta(days=5)).or_raise()
    settle()

    fared = queries.how_leads_fared([version.pk], user=marketer)[version.pk]
    assert (fared.offered, fared.accepted, fared.rejected, fared.pending) == (4, 3, 1, 0)
    assert (fared.won, fared.ended, fared.open, fared.win_rate) == (1, 1, 1, 0.5)
    assert (fared.answer_seconds, fared.win_seconds) == (7200, 5 * 86_400)
    assert [(one.code, one.offers) for one in fared.reasons] == [("bad_data", 1)]
    assert fared.interval.low < 0.75 < fared.interval.high

    page = signed_in(marketer).get(reverse("scoring:definitions")).content.decode()
    base = f"{reverse('leads:list')}?definition={version.pk}&amp;outcome=mql_sal:"
    for rest, count in (
        ("", 4), ("accepted", 3), ("rejected", 1), ("&amp;offer_result=won", 1),
        ("rejected&amp;offer_reason=bad_data", 1),
    ):  # fmt: skip
        assert base + rest + '"' in page
        address = (base + rest).replace("&amp;", "&")
        assert signed_in(marketer).get(address).content.decode().count("data-row ") == count


def test_the_list_takes_as_many_queries_for_many_versions(marketer, rep, at) -> None:
    def queries_for() -> int:
        with CaptureQueriesContext(connection) as made:
            signed_in(marketer).get(reverse("scoring:definitions"))
        return len(made)

    agree(marketer, rep, at)
    few = queries_for()
    for _ in range(5):
        agree(marketer, rep, at)
    assert queries_for() == few
