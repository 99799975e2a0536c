"""The clocks of offers."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from handoff import services as handoff
from handoff.models import Clock, Notice
from leadflow.core.models import User
from leads import services as leads
from leads.models import Handoff, Lead, Offer
from tests.handoff.scenes import make_offers, together

pytestmark = pytest.mark.django_db

DUE = timedelta(hours=24)


def test_nothing_happens_before_three_quarters_of_the_time(offer: Offer, at: datetime) -> None:
    assert handoff.watch_clocks(at=at + timedelta(hours=17, minutes=59)) == 0
    assert not Clock.objects.exists()


def test_the_assignee_is_warned_once(rep: User, offer: Offer, at: datetime) -> None:
    handoff.assign_waiting(at=at)
    for hours in (18, 19, 20):
        handoff.watch_clocks(at=at + timedelta(hours=hours))
    assert Clock.objects.get().warned_at == at + timedelta(hours=18)
    assert [(n.user, n.kind) for n in Notice.objects.all()] == [(rep, Notice.Kind.WARNING)]


def test_a_breach_is_stamped_once_with_the_time_it_was_due(offer: Offer, at: datetime) -> None:
    assert handoff.watch_clocks(at=at + DUE) == 1
    assert handoff.watch_clocks(at=at + DUE + timedelta(hours=1)) == 0
    assert Clock.objects.get().breached_at == offer.due_at


def test_after_two_hours_of_outage_a_breach_is_still_one(
    rep: User, manager: User, offer: Offer, at: datetime
) -> None:
    handoff.assign_waiting(at=at)
    handoff.watch_clocks(at=at + DUE + timedelta(hours=2))
    handoff.watch_clocks(at=at + DUE + timedelta(hours=2, minutes=1))
    told = sorted(Notice.objects.values_list("user_id", "kind"))
    assert told == sorted([(rep.pk, "breach"), (manager.pk, "breach")])


def test_the_escalation_of_the_hand_off_is_followed(
    manager: User, admin: User, offer: Offer, at: datetime
) -> None:
    Handoff.objects.get(key="mql_sal").escalate_to.add(admin)
    handoff.watch_clocks(at=at + DUE)
    assert [notice.user for notice in Notice.objects.all()] == [admin]


def test_an_answered_offer_is_not_breached(rep: User, offer: Offer, at: datetime) -> None:
    handoff.accept_offers(offer_ids=[offer.pk], by=rep, at=at + timedelta(hours=1))
    assert handoff.watch_clocks(at=at + DUE * 2) == 0
    clock = Clock.objects.get()
    assert (clock.breached_at, clock.first_response_at) == (None, at + timedelta(hours=1))


def test_a_late_answer_is_a_breach_even_between_two_sweeps(
    rep: User, offer: Offer, at: datetime
) -> None:
    handoff.accept_offers(offer_ids=[offer.pk], by=rep, at=at + DUE + timedelta(minutes=1))
    assert Clock.objects.get().breached_at == offer.due_at


def test_an_answer_given_elsewhere_is_stamped_by_its_event(
    rep: User, offer: Offer, at: datetime, settle: object
) -> None:
    leads.accept(lead_ids=[offer.lead_id], by=rep, at=at + timedelta(minutes=5)).or_raise()
    settle()
    clock = Clock.objects.get()
    assert (clock.first_response_at, clock.first_response_by) == (at + timedelta(minutes=5), rep)


def test_a_call_is_the_first_response_and_the_answer_after_it_is_not(
    rep: User, offer: Offer, at: datetime
) -> None:
    for minutes in (10, 20):
        handoff.log_call(
            lead=offer.lead, by=rep, outcome="no_answer", at=at + timedelta(minutes=minutes)
        )
    handoff.accept_offers(offer_ids=[offer.pk], by=rep, at=at + timedelta(hours=1))
    assert Clock.objects.get().first_response_at == at + timedelta(minutes=10)


def test_a_call_of_another_team_answers_nothing(care: User, offer: Offer, at: datetime) -> None:
    handoff.log_call(lead=offer.lead, by=care, outcome="reached", at=at)
    assert not Clock.objects.exists()


def test_silence_never_expires_an_offer_by_itself(offer: Offer, at: datetime) -> None:
    assert handoff.expire_offers(at=at + timedelta(days=400)) == 0


def test_a_policy_expires_what_nobody_answered(offer: Offer, at: datetime) -> None:
    Handoff.objects.update(expire_after_minutes=60)
    assert handoff.expire_offers(at=at + DUE + timedelta(minutes=59)) == 0
    assert handoff.expire_offers(at=at + DUE + timedelta(minutes=60)) == 1
    offer.refresh_from_db()
    assert offer.outcome == Offer.Outcome.EXPIRED
    assert Lead.objects.get(pk=offer.lead_id).stage == "recycled"


@pytest.mark.django_db(transaction=True)
def test_sweeps_side_by_side_stamp_and_tell_once(manager: User, at: datetime) -> None:
    make_offers(40, at=at)
    stamped = together(*[lambda: handoff.watch_clocks(at=at + DUE)] * 4)
    assert sum(stamped) == 40
    assert Clock.objects.filter(breached_at__isnull=False).count() == 40
    assert Notice.objects.count() == 40


def test_the_sweep_reads_only_what_is_due(at: datetime) -> None:
    make_offers(1_000, at=at)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE leads_offer, leads_handoff, handoff_clock")
    with CaptureQueriesContext(connection) as captured:
        handoff.watch_clocks(at=at + timedelta(hours=1))
    stamps = [query["sql"] for query in captured if "INTO handoff_clock" in query["sql"]]
    assert len(stamps) == 2
    with connection.cursor() as cursor:
        for statement in stamps:
            cursor.execute(f"EXPLAIN {statement}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "offers_waiting" in plan
