"""The scoring pages: who may open them, what they say, and that bad input changes nothing."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from scoring import queries
from scoring import services as scoring
from scoring.models import Rule, RuleSet
from scoring.urls import urlpatterns
from scoring.views import load_score_panel
from tests.factories import people
from tests.scoring.browsing import signed_in, text_of
from tests.scoring.conftest import now

pytestmark = pytest.mark.django_db


def figures(client: Client) -> dict[str, Any]:
    """Everything the form of the draft holds, as a browser would send it."""
    form = client.get(reverse("scoring:draft")).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in values.items()}


# ---- the ladder


EVERYBODY = {"rules": [], "version": [1], "definitions": []}
MARKETING = {
    "draft": [],
    "preview": [],
    "bands": [],
    "add_rule": [],
    "edit_rule": ["rule"],
    "add_fact": [],
    "edit_fact": ["fact"],
    "add_group": [],
    "edit_group": ["group"],
    "simulator": [],
}
PREDICTION = {"prediction", "train", "switch_prediction"}  # climbed in test_pages_prediction
REPLAYS = {"simulation", "simulated_leads"}  # climbed in test_pages_simulator
AGREEMENTS = {"definition", "change", "comment", "foresee"}  # climbed in test_pages_agreements
POSTED = {
    "start": [],
    "discard_draft": [],
    "publish": [],
    "withdraw": [],
    "remove": ["rules", "rule"],
    "sign": [1, "sales"],
    "discard": [1],
    "discard_simulation": [1],
}


def address(name: str, args: list, draft: RuleSet | None = None) -> str:
    ids = {"rule": "rules", "fact": "fit_rules", "group": "groups"}
    filled = [getattr(draft, ids[one]).first().pk if draft and one in ids else one for one in args]
    return reverse(f"scoring:{name}", args=[1 if one in ids else one for one in filled])


def test_every_address_is_on_the_ladder() -> None:
    here = {*EVERYBODY, *MARKETING, *POSTED, *REPLAYS, *AGREEMENTS, *PREDICTION, "propose", "lead"}
    assert {pattern.name for pattern in urlpatterns} == here


@pytest.mark.parametrize("name", EVERYBODY)
@pytest.mark.parametrize(("role", "status"), [("marketer", 200), ("rep", 200), ("care", 403)])
def test_marketing_and_sales_see_how_leads_are_scored(name, role, status, request) -> None:
    client = signed_in(request.getfixturevalue(role))
    assert client.get(address(name, EVERYBODY[name])).status_code == status


@pytest.mark.parametrize("name", MARKETING)
@pytest.mark.parametrize(("role", "status"), [("manager", 200), ("rep", 403), ("care", 403)])
def test_marketing_alone_writes_drafts(name, role, status, draft, request) -> None:
    client = signed_in(request.getfixturevalue(role))
    assert client.get(address(name, MARKETING[name], draft)).status_code == status


@pytest.mark.parametrize(("role", "status"), [("rep", 200), ("care", 403)])
def test_who_may_propose_a_definition(role, status, request) -> None:
    client = signed_in(request.getfixturevalue(role))
    assert client.get(address("propose", ["mql_sal"])).status_code == status


@pytest.mark.parametrize("name", POSTED)
def test_acts_are_posted(name, admin) -> None:
    assert signed_in(admin).get(address(name, POSTED[name])).status_code == 405


@pytest.mark.parametrize("name", ["start", "discard_draft", "publish", "withdraw", "remove"])
def test_sales_changes_no_points(name, draft, rep) -> None:
    response = signed_in(rep).post(address(name, POSTED[name], draft))
    assert response.status_code == 403
    assert "you may not change points" in text_of(response)
    assert RuleSet.objects.filter(state="draft").exists()


@pytest.mark.parametrize("name", ["rules", "version", "lead", "definitions"])
def test_pages_are_read_only(name, admin, at) -> None:
    args = [people.inquiry(at=at).pk] if name == "lead" else EVERYBODY[name]
    assert signed_in(admin).post(address(name, args)).status_code == 405


@pytest.mark.parametrize("name", [*EVERYBODY, *MARKETING, *POSTED, "lead"])
def test_strangers_sign_in_first(name) -> None:
    args = (EVERYBODY | MARKETING | POSTED | {"lead": [1]})[name]
    for response in (Client().get(address(name, args)), Client().post(address(name, args))):
        assert response.status_code == 302
        assert reverse("account_login") in response["Location"]


def test_a_score_is_seen_by_those_who_see_the_lead(hot_lead, rep, care, at) -> None:
    lead = hot_lead()
    page = address("lead", [lead.pk])
    assert signed_in(rep).get(page).status_code == 200
    assert signed_in(care).get(page).status_code == 404
    assert signed_in(rep).get(address("lead", [10**19])).status_code == 404


# ---- points


def test_the_rules_say_what_they_gave_in_the_last_thirty_days(hot_lead, settle, marketer) -> None:
    lead = hot_lead()
    lead.activities.update(occurred_at=timezone.now())
    type(lead).objects.update(last_activity_at=timezone.now())

    response = signed_in(marketer).get(reverse("scoring:rules"))

    blocks = response.context["blocks"].groups
    rows = {row.rule.label: row.given for block in blocks for row in block.rows}
    assert (rows["Viewed a page"].activities, rows["Viewed a page"].points) == (2, 4)
    assert (rows["Sent a form"].activities, rows["Sent a form"].points) == (1, 10)
    assert "halves every 30 days" in text_of(response)


def test_many_active_leads_are_counted_by_the_last_round(
    hot_lead, settle, marketer, monkeypatch, at
) -> None:
    from leads.models import Activity, Lead
    from scoring.queries import rules

    hot_lead()
    settle()
    Activity.objects.update(occurred_at=timezone.now())
    Lead.objects.update(last_activity_at=timezone.now())
    monkeypatch.setattr(rules, "AT_ONCE", 0)
    client = signed_in(marketer)
    assert "is counted within the hour" in text_of(client.get(reverse("scoring:rules")))

    scoring.refresh_scores(at=timezone.now())

    blocks = client.get(reverse("scoring:rules")).context["blocks"]
    rows = {row.rule.label: row.given for block in blocks.groups for row in block.rows}
    assert (rows["Viewed a page"].activities, rows["Viewed a page"].points) == (2, 4)


def test_a_marketer_writes_previews_and_publishes_a_version(hot_lead, settle, marketer, at) -> None:
    lead = hot_lead(silent=True, ago=at - timezone.now())
    settle()
    client = signed_in(marketer)
    page = client.post(reverse("scoring:start"), follow=True)
    assert "No changes yet" in text_of(page)
    form = Rule.objects.get(label="Sent a form", rule_set__state="draft")

    values = figures(client) | {f"rule_{form.pk}": "30", "preview": "1"}
    page = client.post(reverse("scoring:draft"), values, follow=True)
    words = text_of(page)
    assert "“Sent a form”, points: 10 → 30" in words
    assert lead.name in words
    seen_at = page.context["form"]["seen_at"].value()

    sent = {"comment": "Forms matter", "seen_at": seen_at}
    page = client.post(reverse("scoring:publish"), sent, follow=True)
    assert "Version 2 is being prepared" in text_of(page)
    scoring.refresh_scores(at=timezone.now())

    current = queries.current_rules()
    assert (current.number, current.author, current.comment) == (2, marketer, "Forms matter")
    assert current.rules.get(label="Sent a form").points == 30
    assert "Forms matter" in text_of(client.get(reverse("scoring:rules")))
    assert "points: 10 → 30" in text_of(client.get(reverse("scoring:version", args=[2])))


def test_how_far_the_next_version_is_comes_by_itself(draft, marketer, at) -> None:
    scoring.publish_draft(by=marketer, at=at)
    client, htmx = signed_in(marketer), {"HX-Request": "true"}

    piece = client.get(reverse("scoring:rules"), headers=htmx)
    assert "Waiting for a worker" in text_of(piece)
    assert "<html" not in piece.content.decode()
    scoring.refresh_scores(at=at)

    assert client.get(reverse("scoring:rules"), headers=htmx)["HX-Refresh"] == "true"


def test_stopping_makes_it_a_draft_again(draft, marketer, at) -> None:
    scoring.publish_draft(by=marketer, at=at)
    page = signed_in(marketer).post(reverse("scoring:withdraw"), follow=True)
    assert "is a draft again" in text_of(page)
    assert RuleSet.objects.get(number=2).state == "draft"


def test_an_earlier_version_is_restored_as_a_draft(draft, marketer, at) -> None:
    scoring.publish_draft(by=marketer, at=at)
    scoring.refresh_scores(at=at)
    client = signed_in(marketer)
    assert "Restore as a draft" in text_of(client.get(reverse("scoring:version", args=[1])))

    page = client.post(reverse("scoring:start"), {"base": "1"}, follow=True)

    assert "Version 3, a draft" in text_of(page)


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
    field, value, said, draft, marketer
) -> None:
    client = signed_in(marketer)
    values = figures(client)
    name = next(key for key in values if key.startswith(field))
    kept = next(key for key in values if key.startswith("cap_") and key != name)

    response = client.post(reverse("scoring:draft"), values | {name: value, kept: "77"})

    assert response.status_code == 422
    assert said in response.context["form"].errors[name][0]
    assert said in text_of(response)
    assert 'value="77"' in response.content.decode()
    assert not draft.groups.filter(cap=77).exists()


def test_a_draft_changed_since_it_was_previewed_is_not_published(draft, marketer, at) -> None:
    client = signed_in(marketer)
    seen_at = client.get(reverse("scoring:preview")).context["form"]["seen_at"].value()
    scoring.save_bands(facts={}, by=marketer, at=at + timedelta(minutes=1))

    response = client.post(reverse("scoring:publish"), {"seen_at": seen_at, "comment": "kept"})

    assert response.status_code == 422
    assert "changed the draft meanwhile" in text_of(response)
    assert 'value="kept"' in response.content.decode()
    assert RuleSet.objects.get(number=2).state == "draft"


def test_the_rules_page_asks_as_much_for_many_rules_as_for_few(
    marketer, draft, django_assert_max_num_queries
) -> None:
    client = signed_in(marketer)
    for page, most in (("rules", 18), ("draft", 26)):
        client.get(reverse(f"scoring:{page}"))
        for rules in RuleSet.objects.all():
            Rule.objects.bulk_create(
                Rule(rule_set=rules, group=rules.groups.first(), label=f"{page} {n}", kind="form", points=1)
                for n in range(300)
            )  # fmt: skip
        with django_assert_max_num_queries(most):
            client.get(reverse(f"scoring:{page}"))


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
    with django_assert_max_num_queries(6):
        load_score_panel(lead, marketer)


def test_every_point_of_a_lead_is_on_its_page(hot_lead, happen, settle, marketer, at) -> None:
    lead = hot_lead()
    happen(lead, *["page_view"] * 150)
    client = signed_in(marketer)

    first = client.get(address("lead", [lead.pk]))
    second = client.get(address("lead", [lead.pk]), {"page": "2"})

    assert "1–100 of 154" in text_of(first)
    assert "101–154 of 154" in text_of(second)
    assert "beyond its limit" in text_of(first)
    assert "Phone number known" in text_of(first)
    assert client.get(address("lead", [lead.pk]), {"page": "nonsense"}).status_code == 200


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
    assert "In 30 days, if nothing happens:" in words.getvalue()
    assert [then["days"] for then in said["ahead"]] == [7, 30]


def test_explain_score_says_when_there_is_no_such_lead() -> None:
    with pytest.raises(CommandError, match="There is no lead “nobody"):
        call_command("explain_score", "nobody@example.com", stdout=io.StringIO())
