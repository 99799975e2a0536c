"""Definitions through the API: the same services as the pages, with the same refusals."""

from typing import Any

import pytest
from django.urls import reverse

from scoring import queries
from scoring.models import LeadDefinition
from tests.scoring.agreeing import ANY_SCORE, agree, propose
from tests.scoring.browsing import signed_in

pytestmark = pytest.mark.django_db
JSON = "application/json"
LIST = "scoring_api:definitions"


def post(user: Any, name: str, *args: Any, said: Any = None) -> Any:
    return signed_in(user).post(reverse(name, args=args), said or {}, content_type=JSON)


def test_a_version_is_proposed_changed_signed_and_followed(marketer, rep) -> None:
    said = {"handoff": "mql_sal", "condition": ANY_SCORE, "comment": "Try it"}
    made = post(marketer, LIST, said=said)
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    assert made.json()["sentences"]["condition"] == ["score is at least 50"]

    changed = signed_in(marketer).patch(
        reverse("scoring_api:definition", args=[pk]),
        {"revision": 1, "takes_effect": "daily", "a_day": 3},
        content_type=JSON,
    )
    assert (changed.json()["revision"], changed.json()["condition"]) == (2, ANY_SCORE)

    old = post(rep, "scoring_api:sign", pk, said={"side": "sales", "revision": 1})
    assert old.status_code == 409
    post(rep, "scoring_api:sign", pk, said={"side": "sales", "revision": 2})
    last = post(marketer, "scoring_api:sign", pk, said={"side": "marketing", "revision": 2})

    assert last.json()["state"] == "signed"
    assert queries.current_definition("mql_sal").pk == pk


def test_what_does_not_fit_is_named_with_its_path(marketer) -> None:
    wrong = {"all": [ANY_SCORE, {"field": "score", "op": "gte", "value": "many"}]}
    answer = post(marketer, LIST, said={"handoff": "mql_sal", "condition": wrong})
    assert answer.status_code == 400
    assert "condition" in answer.content.decode()
    assert LeadDefinition.objects.count() == 1

    unknown = post(
        marketer, LIST, said={"handoff": "mql_sal", "condition": ANY_SCORE, "points": 60}
    )
    assert "There is no field “points”" in unknown.content.decode()


def test_comments_preview_figures_and_withdrawal(marketer, rep, at, hot_lead, settle) -> None:
    hot_lead(silent=True)
    settle()
    draft = propose(marketer, at)
    assert post(rep, "scoring_api:comments", draft.pk, said={"text": "Why?"}).status_code == 201
    read = signed_in(marketer)
    notes = read.get(reverse("scoring_api:comments", args=[draft.pk])).json()["results"]
    preview = read.get(reverse("scoring_api:preview", args=[draft.pk])).json()
    figures = read.get(reverse("scoring_api:figures", args=[draft.pk])).json()

    assert [(note["act"], note["text"]) for note in notes] == [("said", "Why?"), ("proposed", "")]
    assert (preview["ready"], preview["raised"]) == (1, 0)
    assert (figures["offered"], figures["acceptance"]) == (0, None)
    assert post(marketer, "scoring_api:withdraw", draft.pk).json()["state"] == "withdrawn"
    assert post(marketer, "scoring_api:withdraw", draft.pk).status_code == 409


def test_versions_are_narrowed_by_handoff_and_state(marketer, rep, at) -> None:
    agree(marketer, rep, at)
    listed = signed_in(rep).get(reverse(LIST), {"handoff": "mql_sal", "state": "signed"}).json()
    assert [one["state"] for one in listed["results"]] == ["signed"]


@pytest.mark.parametrize("name", ["definition", "preview", "figures", "comments"])
def test_customer_care_reads_none_of_it(name, care, definition) -> None:
    address = reverse(f"scoring_api:{name}", args=[definition.pk])
    assert signed_in(care).get(address).status_code == 403
    assert signed_in(care).get(reverse(LIST)).status_code == 403
