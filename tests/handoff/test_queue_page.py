"""The queue as a page, as a fragment, and through a form without scripts."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from handoff import queries
from handoff import services as handoff
from leadflow.core.models import Role, User
from leads import services as leads
from leads.models import Activity, Lead, Offer, StageChange, Territory
from tests.factories import people
from tests.handoff.scenes import make_offers, offers_of, signed_in

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def client(rep: User) -> Client:
    """The browser of a rep of sales."""
    return signed_in(rep)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def queue(client: Client, **params: str) -> str:
    return client.get(reverse("handoff:queue"), params).content.decode()


def url(name: str, offer: Offer) -> str:
    return reverse(f"handoff:{name}", args=[offer.pk])


def test_the_queue_lists_ones_own_most_urgent_first(
    client: Client, rep: User, now: datetime
) -> None:
    make_offers(1, at=now - timedelta(hours=1), first_name="Later")
    make_offers(1, at=now - timedelta(hours=23), first_name="Urgent")
    handoff.assign_waiting(at=now)
    page = queue(client)
    assert page.index("Urgent") < page.index("Later")


def test_whoever_asked_for_it_is_first_in_line(rep: User, now: datetime) -> None:
    late = make_offers(1, at=now - timedelta(hours=30))
    people_who_ask = people.inquiries(1, at=now)
    leads.offer(lead_ids=[people_who_ask[0].pk], at=now, is_hand_raise=True).or_raise()
    asked = offers_of(people_who_ask)
    Offer.objects.update(assignee=rep)

    rows = queries.queue_for(rep, now).rows
    page = signed_in(rep).get(reverse("handoff:queue")).content.decode()

    assert [row.offer for row in rows] == asked + late
    assert page.count("asked for it") == 1


def test_of_two_equally_urgent_the_higher_score_comes_first(rep: User, now: datetime) -> None:

    low, high = make_offers(2, at=now)
    leads.write_scores(scores=[(low.lead_id, 10, 0, "C3"), (high.lead_id, 90, 0, "A1")], at=now)
    rows = queries.queue_for(rep, now, view="team").rows
    assert [row.offer.pk for row in rows] == [high.pk, low.pk]


def test_a_row_says_why_this_lead_and_why_now(client: Client, rep: User, now: datetime) -> None:
    offer = make_offers(
        1, at=now, phone="+49301234567", source="trade show", job_title="Plant engineer"
    )[0]
    Activity.objects.create(
        lead=offer.lead, kind="download", occurred_at=now, title="Pump sizing guide"
    )
    Activity.objects.create(lead=offer.lead, kind="email_sent", occurred_at=now, title="Our mail")
    page = queue(client, view="team")
    for words in (
        "Plant engineer",
        "+49301234567",
        "Trade show",
        "Downloaded",
        "Pump sizing guide",
    ):
        assert words in page
    assert "Our mail" not in page


def test_a_rep_sees_nothing_of_another_territory(
    client: Client, rep: User, north: Territory, now: datetime
) -> None:
    offer = make_offers(1, at=now, territory_id=north.pk, first_name="Hidden")[0]
    for params in ({"view": "team"}, {"view": "open"}, {"view": "team", "seen": "x"}):
        response = client.get(reverse("handoff:queue"), params, **HTMX)
        assert b"Hidden" not in response.content
    assert queries.queue_for(rep, now).counts == {"mine": 0, "open": 0, "team": 0}
    for name in ("accept", "take", "reject"):
        assert client.post(url(name, offer)).status_code == 404
    assert client.get(reverse("handoff:call", args=[offer.lead_id])).status_code == 404
    assert client.post(reverse("handoff:act", args=[offer.lead_id, "accept"])).status_code == 404


def test_a_rep_sees_nothing_of_another_team(now: datetime) -> None:
    stranger = people.user(Role.REP, team="marketing")
    offer = make_offers(1, at=now, first_name="Foreign")[0]
    client = signed_in(stranger)
    assert "Foreign" not in queue(client, view="team")
    assert client.post(url("accept", offer)).status_code == 403
    assert Lead.objects.get(pk=offer.lead_id).stage == "mql"


def test_a_manager_sees_every_team_and_may_narrow_it(manager: User, now: datetime) -> None:
    make_offers(1, at=now, first_name="Offered")
    client = signed_in(manager)
    assert "Offered" in queue(client)
    assert "Offered" in queue(client, team="sales")
    assert "Offered" not in queue(client, team="care")


@pytest.mark.parametrize(
    ("role", "team", "status"),
    [
        (Role.ADMIN, "", 200),
        (Role.MANAGER, "", 200),
        (Role.REP, "sales", 200),
        (Role.CARE, "care", 200),
        (Role.MARKETER, "marketing", 403),
    ],
)
def test_the_queue_belongs_to_the_teams_that_receive(role: str, team: str, status: int) -> None:
    client = signed_in(people.user(role, team=team))
    assert client.get(reverse("handoff:queue")).status_code == status


def test_strangers_are_asked_to_sign_in(offer: Offer) -> None:
    for name in ("handoff:queue", "handoff:tasks", "handoff:feedback"):
        assert Client().get(reverse(name)).status_code == 302
    assert Client().post(url("accept", offer)).status_code == 302


@pytest.mark.parametrize("name", ["accept", "take"])
def test_acts_are_posts(name: str, client: Client, offer: Offer) -> None:
    assert client.get(url(name, offer)).status_code == 405


def test_unknown_offers_leads_and_verbs_are_not_found(client: Client, offer: Offer) -> None:
    for address in (
        reverse("handoff:accept", args=[999_999]),
        reverse("handoff:act", args=[999_999, "accept"]),
        reverse("handoff:act", args=[offer.lead_id, "delete"]),
        reverse("handoff:act", args=[offer.lead_id, "expire"]),
        reverse("handoff:finish_task", args=[999_999]),
        reverse("handoff:give_feedback", args=[999_999]),
    ):
        assert client.post(address).status_code == 404


def test_accepting_without_scripts_comes_back_to_the_same_view(
    client: Client, rep: User, offer: Offer
) -> None:
    response = client.post(url("accept", offer) + "?view=team", follow=True)
    assert response.redirect_chain == [(reverse("handoff:queue") + "?view=team", 302)]
    assert "Ada is yours now." in response.content.decode()
    assert Lead.objects.get(pk=offer.lead_id).owner == rep


def test_accepting_twice_takes_effect_once(client: Client, offer: Offer) -> None:
    for _ in range(2):
        response = client.post(url("accept", offer), **HTMX)
        assert response.status_code == 200
        assert "Ada is yours now." in response["HX-Trigger"]
    assert StageChange.objects.filter(lead=offer.lead_id, verb="accept").count() == 1


def test_who_is_too_late_reads_who_was_first(
    client: Client, other_rep: User, offer: Offer, now: datetime
) -> None:
    handoff.accept_offers(offer_ids=[offer.pk], by=other_rep, at=now)
    response = client.post(url("accept", offer), **HTMX)
    assert response.status_code == 409
    assert f"{other_rep.name} took Ada already." in response["HX-Trigger"]
    assert "queue-changed" in response["HX-Trigger"]
    page = client.post(url("accept", offer))
    assert page.status_code == 409
    assert f"{other_rep.name} took Ada already." in page.content.decode()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"note": "Wrong branch"}, "Choose a reason."),
        ({"reason": "bogus", "note": "Wrong branch"}, "Choose one of the reasons."),
        ({"reason": "other", "note": " "}, "needs a note"),
    ],
)
def test_a_rejection_that_lacks_something_keeps_what_was_typed(
    typed: dict[str, str], sentence: str, client: Client, offer: Offer
) -> None:
    plain, swapped = (
        client.post(url("reject", offer), typed),
        client.post(url("reject", offer), typed, **HTMX),
    )
    assert (plain.status_code, swapped.status_code) == (400, 422)
    for response in (plain, swapped):
        page = response.content.decode()
        assert sentence in page
        assert typed["note"].strip() in page
    assert Lead.objects.get(pk=offer.lead_id).stage == "mql"


def test_rejecting_twice_takes_effect_once(client: Client, offer: Offer) -> None:
    for _ in range(2):
        response = client.post(url("reject", offer), {"reason": "no_budget"}, **HTMX)
        assert response.status_code == 200
        assert response["HX-Retarget"] == "#queue"
    assert StageChange.objects.filter(lead=offer.lead_id, verb="reject").count() == 1


def test_a_call_is_logged_once_however_often_it_is_sent(client: Client, offer: Offer) -> None:
    address = reverse("handoff:call", args=[offer.lead_id])
    for _ in range(2):
        client.post(address, {"outcome": "reached", "note": "Call on Monday", "token": "12"})
    assert Activity.objects.filter(lead=offer.lead_id, kind="call").count() == 1
    refused = client.post(address, {"note": "Call on Monday"})
    assert refused.status_code == 400
    assert "Say how the call went." in refused.content.decode()


def test_taking_puts_a_lead_into_ones_own_queue(client: Client, rep: User, offer: Offer) -> None:
    for _ in range(2):
        assert client.post(url("take", offer), **HTMX).status_code == 200
    assert Offer.objects.get(pk=offer.pk).assignee == rep


def test_the_page_asks_cheaply_and_is_told_only_of_changes(
    client: Client, rep: User, offer: Offer, now: datetime
) -> None:
    seen = queries.fingerprint(rep, view="team")
    address = {"view": "team", "seen": seen}
    with CaptureQueriesContext(connection) as context:
        assert client.get(reverse("handoff:queue"), address, **HTMX).status_code == 204
    assert len(context) <= 5
    make_offers(1, at=now, first_name="Newcomer")
    response = client.get(reverse("handoff:queue"), address, **HTMX)
    assert response.status_code == 200
    assert b"Newcomer" in response.content
    assert b"<html" not in response.content


def test_the_queries_of_the_page_do_not_grow_with_its_rows(
    client: Client, rep: User, now: datetime
) -> None:
    counts = []
    for size in (10, 190):
        make_offers(size, at=now)
        with CaptureQueriesContext(connection) as context:
            page = queue(client, view="team", most="200")
        counts.append(len(context))
    assert page.count("data-row") == 200
    assert counts[0] == counts[1]


def test_counts_equal_plain_sql(rep: User, north: Territory, now: datetime) -> None:
    make_offers(7, at=now)
    make_offers(3, at=now, territory_id=north.pk)
    handoff.take_offers(
        offer_ids=list(Offer.objects.pending().values_list("pk", flat=True)[:2]), by=rep, at=now
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE assignee_id = %s), count(*) FILTER (WHERE assignee_id IS"
            " NULL), count(*) FROM leads_offer o JOIN leads_lead l ON l.id = o.lead_id"
            " WHERE outcome = 'pending' AND l.territory_id IS NULL",
            [rep.pk],
        )
        mine, free, team = cursor.fetchone()
    assert queries.queue_for(rep, now).counts == {"mine": mine, "open": free, "team": team}


def test_notices_are_shown_until_they_are_put_away(
    client: Client, rep: User, now: datetime
) -> None:
    make_offers(1, at=now - timedelta(hours=30), first_name="Forgotten")
    handoff.assign_waiting(at=now)
    handoff.watch_clocks(at=now)
    assert "Overdue:" in queue(client)
    assert b"Overdue:" not in client.post(reverse("handoff:read_notices"), **HTMX).content


def test_nonsense_in_the_address_shows_the_usual_queue(client: Client, offer: Offer) -> None:
    page = client.get(reverse("handoff:queue"), {"view": "x", "most": "-1", "team": "y"})
    assert page.status_code == 200
