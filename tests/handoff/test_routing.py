"""Who gets an offer."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection

from handoff import services as handoff
from handoff.events import OffersAssigned
from leadflow.core.models import Role, User
from leads import services as leads
from leads.models import Handoff, Offer, Territory
from tests.factories import people
from tests.handoff.scenes import make_absent, make_offers, together

pytestmark = pytest.mark.django_db


def loads() -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT assignee_id, count(*) FROM leads_offer WHERE outcome = 'pending' GROUP BY 1"
        )
        return dict(cursor.fetchall())


def test_an_offer_finds_its_rep_as_soon_as_the_event_is_delivered(
    rep: User, at: datetime, settle: Callable[[], int]
) -> None:
    offer = make_offers(1, at=at)[0]
    settle()
    offer.refresh_from_db()
    assert offer.assignee == rep
    assert offer.assigned_because == "Fewest open in Sales"


def test_silent_history_is_given_to_nobody(
    rep: User, at: datetime, settle: Callable[[], int]
) -> None:
    row = people.inquiry(at=at)
    leads.offer(lead_ids=[row.pk], at=at, is_silent=True)
    settle()
    assert handoff.assign_waiting(at=at) == 0
    assert Offer.objects.get(lead=row).assignee is None


def test_the_owner_keeps_their_lead(rep: User, other_rep: User, at: datetime) -> None:
    offers = make_offers(3, at=at, owner_id=other_rep.pk)
    handoff.assign_waiting(at=at)
    rows = Offer.objects.filter(pk__in=[offer.pk for offer in offers])
    assert {row.assignee for row in rows} == {other_rep}
    assert {row.assigned_because for row in rows} == {"Owner of this lead"}


def test_an_absent_owner_does_not_keep_it(rep: User, other_rep: User, at: datetime) -> None:
    make_absent(other_rep, at=at)
    offer = make_offers(1, at=at, owner_id=other_rep.pk)[0]
    handoff.assign_waiting(at=at)
    offer.refresh_from_db()
    assert offer.assignee == rep


def test_a_territory_is_served_by_its_members(
    rep: User, other_rep: User, north: Territory, at: datetime
) -> None:
    north.members.add(other_rep)
    offer = make_offers(1, at=at, territory_id=north.pk)[0]
    handoff.assign_waiting(at=at)
    offer.refresh_from_db()
    assert (offer.assignee, offer.assigned_because) == (other_rep, "Territory North")


def test_without_anybody_to_take_it_an_offer_stays_open(
    rep: User, north: Territory, at: datetime
) -> None:
    make_offers(1, at=at, territory_id=north.pk)
    assert handoff.assign_waiting(at=at) == 0
    assert loads() == {None: 1}


@pytest.mark.parametrize("why", ["absent", "inactive", "in marketing", "a manager"])
def test_only_people_at_work_are_given_offers(why: str, rep: User, at: datetime) -> None:
    other = people.user(
        Role.MANAGER if why == "a manager" else Role.REP,
        team="marketing" if why == "in marketing" else "sales",
        is_active=why != "inactive",
    )
    if why == "absent":
        make_absent(other, at=at)
    make_offers(6, at=at)
    handoff.assign_waiting(at=at)
    assert loads() == {rep.pk: 6}


def test_offers_of_somebody_who_is_away_move_on(rep: User, other_rep: User, at: datetime) -> None:
    make_offers(4, at=at)
    handoff.assign_waiting(at=at)
    make_absent(rep, at=at)
    assert handoff.assign_waiting(at=at) == 2
    assert loads() == {other_rep.pk: 4}


def test_a_second_sweep_changes_nothing(rep: User, other_rep: User, at: datetime) -> None:
    make_offers(5, at=at)
    handoff.assign_waiting(at=at)
    before = list(Offer.objects.order_by("pk").values_list("assignee", flat=True))
    assert handoff.assign_waiting(at=at + timedelta(minutes=1)) == 0
    assert list(Offer.objects.order_by("pk").values_list("assignee", flat=True)) == before


def test_hand_offs_that_are_switched_off_wait(rep: User, at: datetime) -> None:
    make_offers(1, at=at)
    Handoff.objects.update(is_active=False)
    assert handoff.assign_waiting(at=at) == 0


def test_the_queries_of_a_sweep_do_not_grow_with_the_offers(
    rep: User, other_rep: User, at: datetime, django_assert_num_queries: Callable[..., object]
) -> None:
    from django.test.utils import CaptureQueriesContext

    counts = []
    for size in (2, 60):
        make_offers(size, at=at)
        with CaptureQueriesContext(connection) as context:
            assert handoff.assign_waiting(at=at) == size
        counts.append(len(context))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_many_workers_give_each_offer_once_and_keep_the_loads_even(at: datetime) -> None:
    team = [people.user(Role.REP, team="sales") for _ in range(5)]
    absent = people.user(Role.REP, team="sales")
    make_absent(absent, at=at)
    ids = [offer.lead_id for offer in make_offers(300, at=at)]
    parts = [ids[start::8] for start in range(8)]
    given = together(
        *(lambda part=part: handoff.assign_waiting(at=at, lead_ids=part) for part in parts)
    )
    assert sum(given) == 300
    assert set(loads()) == {user.pk for user in team}
    assert max(loads().values()) - min(loads().values()) <= 1


def test_the_apps_above_are_told(rep: User, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    from leadflow.core import events

    heard: list[OffersAssigned] = []
    monkeypatch.setattr(events, "_subscribers", {})
    monkeypatch.setattr(events, "publish", heard.append)
    offer = make_offers(1, at=at)[0]
    handoff.assign_waiting(at=at)
    assert [event.offer_ids for event in heard if isinstance(event, OffersAssigned)] == [
        (offer.pk,)
    ]
