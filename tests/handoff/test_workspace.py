"""The work on one lead."""

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from handoff import queries
from handoff import services as handoff
from handoff.models import Feedback
from leadflow.core.models import Role, User
from leads import services as leads
from leads.models import Lead, Offer, Opportunity
from tests.factories import people
from tests.handoff.scenes import make_offers, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(rep: User, offer: Offer, at: datetime) -> Lead:
    """A lead that `rep` has accepted."""
    handoff.accept_offers(offer_ids=[offer.pk], by=rep, at=at)
    return Lead.objects.get(pk=offer.lead_id)


def now(lead: Lead) -> Lead:
    return Lead.objects.get(pk=lead.pk)


def verbs(lead: Lead, user: User) -> list[str]:
    return [move.verb for move in queries.moves_for(now(lead), user)]


def act(client: Client, lead: Lead, verb: str, **said: object) -> int:
    said = {"seen_change": now(lead).last_change, **said}
    return client.post(reverse("handoff:act", args=[lead.pk, verb]), said).status_code


def test_only_what_is_possible_is_offered(rep: User, offer: Offer, at: datetime) -> None:
    assert verbs(offer.lead, rep) == ["accept", "reject", "recycle", "disqualify"]
    handoff.accept_offers(offer_ids=[offer.pk], by=rep, at=at)
    assert verbs(offer.lead, rep) == ["advance", "lose", "recycle", "disqualify"]


@pytest.mark.parametrize(
    ("role", "team", "expected"),
    [
        (Role.MANAGER, "", ["accept", "reject", "recycle", "disqualify"]),
        (Role.REP, "sales", ["accept", "reject", "recycle", "disqualify"]),
        (Role.REP, "marketing", ["recycle", "disqualify"]),
        (Role.MARKETER, "marketing", ["recycle", "disqualify"]),
        (Role.CARE, "care", []),
    ],
)
def test_verbs_follow_role_and_team(
    role: str, team: str, expected: list[str], offer: Offer
) -> None:
    assert verbs(offer.lead, people.user(role, team=team)) == expected


def test_a_lead_is_worked_from_accepted_to_customer(rep: User, lead: Lead) -> None:
    client = signed_in(rep)
    assert act(client, lead, "advance") == 302
    assert act(client, lead, "advance", amount="12500", currency="EUR") == 302
    assert act(client, lead, "win") == 302
    assert now(lead).stage == "customer"
    assert Opportunity.objects.get(lead=lead).amount == Decimal(12500)


@pytest.mark.parametrize("typed", ["", "many", "-5"])
def test_an_opportunity_needs_an_amount(typed: str, rep: User, lead: Lead) -> None:
    client = signed_in(rep)
    act(client, lead, "advance")
    response = client.post(
        reverse("handoff:act", args=[lead.pk, "advance"]),
        {"amount": typed, "currency": "USD", "seen_change": now(lead).last_change},
    )
    assert response.status_code == 400
    assert typed in response.content.decode()
    assert now(lead).stage == "sql"


def test_losing_needs_a_reason(rep: User, lead: Lead) -> None:
    client = signed_in(rep)
    assert act(client, lead, "lose", note="Typed already") == 400
    assert act(client, lead, "lose", reason="price") == 302
    assert now(lead).stage == "lost"
    assert act(client, lead, "revive") == 302
    assert now(lead).cycle == 2


def test_the_back_button_repeats_nothing(rep: User, lead: Lead) -> None:
    client, seen = signed_in(rep), lead.last_change
    for _ in range(3):
        assert act(client, lead, "advance", seen_change=seen) == 302
    assert now(lead).stage == "sql"


def test_what_is_not_possible_is_said(rep: User, lead: Lead) -> None:
    client = signed_in(rep)
    assert act(client, lead, "win") == 409
    assert client.get(reverse("handoff:act", args=[lead.pk, "reject"])).status_code == 409


def test_a_marketer_may_not_win(marketer: User, lead: Lead) -> None:
    assert act(signed_in(marketer), lead, "win") == 403


def test_the_record_page_shows_the_verbs(rep: User, lead: Lead) -> None:
    page = signed_in(rep).get(reverse("leads:detail", args=[lead.pk])).content.decode()
    assert "Advance to Sales qualified" in page
    assert "Lost…" in page
    assert reverse("handoff:act", args=[lead.pk, "advance"]) in page


def test_each_form_opens_as_a_page_and_as_a_dialog(rep: User, lead: Lead) -> None:
    client = signed_in(rep)
    for verb in ("lose", "recycle", "disqualify"):
        address = reverse("handoff:act", args=[lead.pk, verb])
        assert b"<html" in client.get(address).content
        assert b"<html" not in client.get(address, HTTP_HX_REQUEST="true").content


def test_marketing_reads_what_sales_says(rep: User, marketer: User) -> None:
    first, second, third = make_offers(3, at=timezone.now())
    for offer, reason in ((first, "no_budget"), (second, "no_budget"), (third, "too_early")):
        handoff.reject_offers(
            offer_ids=[offer.pk], by=rep, reason=reason, note=f"Because {reason}", at=timezone.now()
        )
    client = signed_in(marketer)
    counts = {one.code: one.count for one in queries.reason_counts(marketer)}
    assert counts == {"no_budget": 2, "too_early": 1}
    everything = client.get(reverse("handoff:feedback")).content.decode()
    chosen = client.get(reverse("handoff:feedback"), {"reason": "too_early"}).content.decode()
    assert (everything.count("Because no_budget"), chosen.count("Because no_budget")) == (2, 0)
    remarks = client.get(reverse("handoff:feedback"), {"show": "remarks"}).content.decode()
    assert "Because too_early" in remarks


def test_a_remark_is_left_on_the_record_page(rep: User, lead: Lead) -> None:
    client, address = signed_in(rep), reverse("handoff:give_feedback", args=[lead.pk])
    assert client.post(address, {"about": "lead", "note": "Knew us well"}).status_code == 302
    assert client.post(address, {"about": "lead", "note": " "}).status_code == 400
    assert Feedback.objects.get().note == "Knew us well"
    assert "Knew us well" in client.get(reverse("leads:detail", args=[lead.pk])).content.decode()


def test_the_words_of_others_are_shown_as_text(rep: User, lead: Lead) -> None:
    handoff.give_feedback(lead=lead, by=rep, note="<script>x</script>", at=timezone.now())
    page = signed_in(rep).get(reverse("leads:detail", args=[lead.pk])).content.decode()
    assert "<script>x" not in page


def take_back(client: Client, lead: Lead, change_id: int, **headers: str) -> HttpResponse:
    address = reverse("handoff:take_back", args=[lead.pk])
    return client.post(f"{address}?change={change_id}", **headers)


def test_what_was_done_can_be_taken_back_from_the_record(rep: User) -> None:
    (offer,) = make_offers(1, at=timezone.now())
    lead, client = offer.lead, signed_in(rep)
    assert act(client, lead, "accept") == 302
    change_id = now(lead).last_change

    page = client.get(reverse("leads:detail", args=[lead.pk])).content.decode()
    assert "Take back: MQL → SAL" in page
    assert page.count(f"take-back/?change={change_id}") == 2  # in the message and in the panel
    for _ in range(2):
        assert take_back(client, lead, change_id).status_code == 302

    assert now(lead).stage == "mql"
    page = client.get(reverse("leads:detail", args=[lead.pk])).content.decode()
    assert "Taken back: Marketing qualified → Sales accepted" in page
    assert act(client, lead, "accept") == 302
    assert now(lead).owner == rep


def test_the_queue_offers_to_take_back_and_looks_again(rep: User) -> None:
    (offer,) = make_offers(1, at=timezone.now())
    client = signed_in(rep)
    address = reverse("handoff:accept", args=[offer.pk])

    said = json.loads(client.post(address, HTTP_HX_REQUEST="true")["HX-Trigger"])["toast"]
    answer = client.post(said["action_url"], HTTP_HX_REQUEST="true")

    assert said["action_label"] == "Take back"
    assert "queue-changed" in answer["HX-Trigger"]
    assert Offer.objects.get().outcome == "pending"


def test_a_change_of_somebody_else_stays(rep: User, other_rep: User, lead: Lead) -> None:
    client = signed_in(other_rep)

    assert take_back(client, lead, lead.last_change).status_code == 403
    assert take_back(client, lead, 10**20).status_code == 404
    page = client.get(reverse("leads:detail", args=[lead.pk])).content.decode()
    assert "Take back" not in page
    assert now(lead).stage == "sal"


def test_who_was_faster_is_named(rep: User, manager: User, lead: Lead) -> None:
    accepted = lead.last_change
    act(signed_in(rep), lead, "advance")

    answer = take_back(signed_in(manager), lead, accepted)

    assert answer.status_code == 409
    assert f"{rep} has moved Ada to “Sales qualified” since" in answer.content.decode()


def test_an_offer_that_waits_again_goes_to_somebody(
    rep: User, manager: User, offer: Offer, at: datetime, settle: Callable[[], int]
) -> None:
    assert offer.assignee is None
    handoff.reject_offers(offer_ids=[offer.pk], by=manager, reason="no_need", note="No", at=at)
    settle()
    assert Feedback.objects.get().note == "No"

    take_back(signed_in(manager), offer.lead, now(offer.lead).last_change)
    settle()

    assert Offer.objects.get().assignee == rep
    assert not Feedback.objects.exists()
    handoff.reject_offers(offer_ids=[offer.pk], by=rep, reason="no_budget", note="Yes", at=at)
    assert Feedback.objects.get().note == "Yes"


def test_what_a_verb_asks_for_is_asked_on_the_page(
    rep: User, marketer: User, offer: Offer, at: datetime
) -> None:
    leads.change_verb(verb="accept", needs_reason=False, needs_note=True, by=marketer, at=at)
    client = signed_in(rep)
    page = client.get(reverse("leads:detail", args=[offer.lead_id])).content.decode()
    assert "Accept…" in page

    assert act(client, offer.lead, "accept") == 400
    from_queue = client.post(reverse("handoff:accept", args=[offer.pk]))
    assert from_queue.url == reverse("handoff:act", args=[offer.lead_id, "accept"])
    assert now(offer.lead).stage == "mql"

    act(client, offer.lead, "accept", note="Known from the fair")
    assert now(offer.lead).stage == "sal"
