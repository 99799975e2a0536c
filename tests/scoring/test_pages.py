"""The scoring pages: who may open them, what they say, and that bad input changes nothing."""

import io
import json
import re
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from leadflow.core.models import User
from scoring import queries
from scoring import services as scoring
from scoring.models import LeadDefinition, Rule, RuleSet
from scoring.views import load_score_panel
from tests.scoring.conftest import now

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    """The words of a page, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def figures(client: Client) -> dict[str, Any]:
    """Everything the form for changing points holds, as a browser would send it."""
    form = client.get(reverse("scoring:change")).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in values.items()}


# ---- the ladder


@pytest.mark.parametrize(
    ("name", "role", "status"),
    [
        ("rules", "marketer", 200),
        ("rules", "rep", 200),
        ("rules", "care", 403),
        ("change", "marketer", 200),
        ("change", "manager", 200),
        ("change", "rep", 403),
        ("change", "care", 403),
        ("definitions", "marketer", 200),
        ("definitions", "rep", 200),
        ("definitions", "care", 403),
        ("propose", "rep", 200),
        ("propose", "care", 403),
    ],
)
def test_each_role_opens_its_pages(name, role, status, request) -> None:
    args = ["mql_sal"] if name == "propose" else []
    client = signed_in(request.getfixturevalue(role))
    assert client.get(reverse(f"scoring:{name}", args=args)).status_code == status


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("rules", []),
        ("change", []),
        ("definitions", []),
        ("propose", ["mql_sal"]),
        ("sign", [1, "sales"]),
        ("discard", [1]),
    ],
)
def test_strangers_sign_in_first(name, args) -> None:
    address = reverse(f"scoring:{name}", args=args)
    for response in (Client().get(address), Client().post(address)):
        assert response.status_code == 302
        assert reverse("account_login") in response["Location"]


@pytest.mark.parametrize(
    ("name", "args", "method"),
    [
        ("rules", [], "post"),
        ("definitions", [], "post"),
        ("sign", [1, "sales"], "get"),
        ("discard", [1], "get"),
        ("change", [], "put"),
    ],
)
def test_wrong_methods_are_refused(name, args, method, admin) -> None:
    call = getattr(signed_in(admin), method)
    assert call(reverse(f"scoring:{name}", args=args)).status_code == 405


# ---- points


def test_the_rules_say_what_they_gave_in_the_last_thirty_days(hot_lead, settle, marketer) -> None:
    from django.utils import timezone

    lead = hot_lead()
    lead.activities.update(occurred_at=timezone.now())
    type(lead).objects.update(last_activity_at=timezone.now())

    response = signed_in(marketer).get(reverse("scoring:rules"))

    rows = {row.rule.label: row.given for block in response.context["blocks"] for row in block.rows}
    assert (rows["Viewed a page"].activities, rows["Viewed a page"].points) == (2, 4)
    assert (rows["Sent a form"].activities, rows["Sent a form"].points) == (1, 10)
    assert "halves every 30 days" in text_of(response)


def test_changing_one_figure_publishes_a_whole_new_version(marketer) -> None:
    client = signed_in(marketer)
    form = Rule.objects.get(label="Sent a form")
    values = figures(client) | {f"rule_{form.pk}": "17", "comment": "Forms matter"}

    response = client.post(reverse("scoring:change"), values, follow=True)

    current = queries.current_rules()
    assert (current.number, current.author, current.comment) == (2, marketer, "Forms matter")
    assert current.rules.get(label="Sent a form").points == 17
    assert "Version 2 is in use" in text_of(response)
    assert RuleSet.objects.get(number=1).rules.get(label="Sent a form").points == 10


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("half_life", "-5", "greater than or equal to 1"),
        ("half_life", "0", "greater than or equal to 1"),
        ("cap", "-1", "greater than or equal to 0"),
        ("rule", "many", "whole points"),
        ("rule", "", "required"),
        ("fit", "5000", "less than or equal to 1000"),
    ],
)
def test_bad_figures_are_named_at_the_field_and_change_nothing(
    field, value, said, marketer
) -> None:
    client = signed_in(marketer)
    values = figures(client)
    name = next(key for key in values if key.startswith(field))

    response = client.post(reverse("scoring:change"), values | {name: value, "comment": "kept"})

    assert response.status_code == 422
    assert said in response.context["form"].errors[name][0]
    assert said in text_of(response)
    assert 'value="kept"' in response.content.decode()
    assert RuleSet.objects.count() == 1


def test_publishing_from_an_old_page_says_so(marketer, at) -> None:
    client = signed_in(marketer)
    values = figures(client)
    scoring.publish_rules(base=1, changes=scoring.Changes(), by=marketer, at=at)

    response = client.post(reverse("scoring:change"), values)

    assert response.status_code in {409, 422}
    assert RuleSet.objects.count() == 2


def test_the_rules_page_asks_as_much_for_many_rules_as_for_few(
    marketer, django_assert_max_num_queries
) -> None:
    client = signed_in(marketer)
    client.get(reverse("scoring:rules"))
    current = queries.current_rules()
    group = current.groups.first()
    Rule.objects.bulk_create(
        Rule(rule_set=current, group=group, label=f"Rule {n}", kind="form", points=1)
        for n in range(300)
    )
    with django_assert_max_num_queries(12):
        client.get(reverse("scoring:rules"))


# ---- the agreement


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


# ---- why this score


def test_the_panel_adds_up_to_the_score(hot_lead, settle, marketer) -> None:
    lead = hot_lead()
    settle()

    panel = load_score_panel(now(lead), marketer)

    assert panel is not None
    assert panel["chart"].total == pytest.approx(
        panel["explanation"].exact_engagement + panel["explanation"].fit, abs=0.3
    )


def test_the_panel_asks_as_much_for_many_activities_as_for_few(
    hot_lead, happen, marketer, django_assert_max_num_queries
) -> None:
    lead = hot_lead()
    happen(lead, *["page_view"] * 300)
    with django_assert_max_num_queries(7):
        load_score_panel(lead, marketer)


def test_explain_score_prints_every_point_of_a_lead(hot_lead, settle) -> None:
    lead = hot_lead(email="ada@example.com")
    settle()
    by_id, by_mail, words = io.StringIO(), io.StringIO(), io.StringIO()

    call_command("explain_score", str(lead.pk), "--json", stdout=by_id)
    call_command("explain_score", "Ada@example.com", "--json", stdout=by_mail)
    call_command("explain_score", str(lead.pk), stdout=words)

    said = json.loads(by_id.getvalue())
    assert said["lead_id"] == json.loads(by_mail.getvalue())["lead_id"] == lead.pk
    assert said["score"] == said["engagement"] + said["fit"]
    assert len(said["contributions"]) == 4
    assert "Phone number known" in words.getvalue()


def test_explain_score_says_when_there_is_no_such_lead() -> None:
    with pytest.raises(CommandError, match="There is no lead “nobody"):
        call_command("explain_score", "nobody@example.com", stdout=io.StringIO())
