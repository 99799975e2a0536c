"""The verbs move leads along the pipeline, and nothing else does."""

import threading
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadflow.core.errors import Conflict, Invalid, NotAllowed
from leadflow.core.models import User
from leads import services as leads
from leads.models import Lead, Offer, Opportunity, Reason, StageChange
from tests.factories import people

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def stage_of(lead: Lead) -> str:
    return Lead.objects.get(pk=lead.pk).stage


def test_a_new_lead_begins_where_the_path_begins(at: datetime) -> None:
    lead = people.inquiry(at=at)

    assert stage_of(lead) == "inquiry"
    assert StageChange.objects.get(lead=lead).verb == "enter"


def test_a_lead_goes_from_inquiry_to_customer(at: datetime, rep: User) -> None:
    lead = people.inquiry(at=at)
    ids = [lead.pk]

    leads.offer(lead_ids=ids, at=at + HOUR).or_raise()
    leads.accept(lead_ids=ids, at=at + 2 * HOUR, by=rep).or_raise()
    leads.advance(lead_ids=ids, at=at + 3 * HOUR, by=rep).or_raise()
    leads.advance(lead_ids=ids, at=at + 4 * HOUR, by=rep, amount=Decimal(900)).or_raise()
    leads.win(lead_ids=ids, at=at + 5 * HOUR, by=rep).or_raise()

    path = StageChange.objects.filter(lead=lead).order_by("id").values_list("to_stage", flat=True)
    assert list(path) == ["inquiry", "mql", "sal", "sql", "opportunity", "customer"]
    assert Opportunity.objects.get(lead=lead).state == "won"
    assert Lead.objects.get(pk=lead.pk).owner == rep


def test_offering_starts_a_clock_of_24_hours(at: datetime) -> None:
    people.offered(at=at)

    offer = Offer.objects.get()
    assert offer.due_at == at + timedelta(hours=24)
    assert offer.outcome == "pending"


def test_silent_history_starts_no_clock(at: datetime) -> None:
    lead = people.inquiry(at=at)

    leads.offer(lead_ids=[lead.pk], at=at, is_silent=True)

    assert Offer.objects.get().due_at is None


@pytest.mark.parametrize(
    ("verb", "outcome", "stage"),
    [
        ("accept", "accepted", "sal"),
        ("reject", "rejected", "recycled"),
        ("expire", "expired", "recycled"),
    ],
)
def test_the_answer_closes_the_offer(at: datetime, verb: str, outcome: str, stage: str) -> None:
    (lead,) = people.offered(at=at)
    said = {"reason": "no_need"} if verb == "reject" else {}

    leads.VERBS[verb](lead_ids=[lead.pk], at=at + HOUR, **said).or_raise()

    offer = Offer.objects.get()
    assert (offer.outcome, offer.decided_at, stage_of(lead)) == (outcome, at + HOUR, stage)


def test_history_keeps_the_time_spent(at: datetime) -> None:
    (lead,) = people.offered(at=at)

    leads.accept(lead_ids=[lead.pk], at=at + timedelta(hours=24)).or_raise()

    change = StageChange.objects.get(verb="accept")
    assert (change.seconds, change.business_seconds) == (24 * 3600, 8 * 3600)


def test_a_verb_that_does_not_fit_is_refused_in_words(at: datetime) -> None:
    lead = people.inquiry(at=at)

    with pytest.raises(Conflict, match="You cannot accept a lead that is in “Inquiry”"):
        leads.accept(lead_ids=[lead.pk], at=at).or_raise()


def test_in_a_batch_the_others_go_on(at: datetime) -> None:
    waiting = people.offered(at=at, count=3)
    inquiry = people.inquiry(at=at)

    moved = leads.accept(lead_ids=[inquiry.pk, *(row.pk for row in waiting)], at=at)

    assert len(moved.changes) == 3
    assert list(moved.refused) == [inquiry.pk]


def test_an_opportunity_needs_an_amount(at: datetime) -> None:
    (lead,) = people.offered(at=at)
    leads.accept(lead_ids=[lead.pk], at=at)
    leads.advance(lead_ids=[lead.pk], at=at)

    with pytest.raises(Conflict, match="amount"):
        leads.advance(lead_ids=[lead.pk], at=at).or_raise()


def test_a_rejection_needs_a_reason_and_other_a_note(at: datetime) -> None:
    (lead,) = people.offered(at=at)

    with pytest.raises(Invalid, match="Choose a reason"):
        leads.reject(lead_ids=[lead.pk], at=at, reason="")
    with pytest.raises(Invalid, match="needs a note"):
        leads.reject(lead_ids=[lead.pk], at=at, reason="other")
    with pytest.raises(Invalid, match="no reason"):
        leads.reject(lead_ids=[lead.pk], at=at, reason="nonsense")
    assert stage_of(lead) == "mql"


def test_a_marketer_may_not_accept(at: datetime, marketer: User) -> None:
    (lead,) = people.offered(at=at)

    with pytest.raises(NotAllowed, match="As marketer you may not accept leads"):
        leads.accept(lead_ids=[lead.pk], at=at, by=marketer)


def test_only_the_receiving_team_may_answer(at: datetime) -> None:
    (lead,) = people.offered(at=at)
    stranger = people.user("rep", team="care")

    with pytest.raises(Conflict, match="offered to Sales; only its people may answer"):
        leads.accept(lead_ids=[lead.pk], at=at, by=stranger).or_raise()


def test_a_revived_lead_begins_a_new_cycle(at: datetime) -> None:
    (lead,) = people.offered(at=at)
    leads.reject(lead_ids=[lead.pk], at=at, reason="no_need")

    leads.revive(lead_ids=[lead.pk], at=at).or_raise()

    row = Lead.objects.get(pk=lead.pk)
    assert (row.stage, row.cycle) == ("inquiry", 2)


def test_a_stage_cannot_be_assigned(at: datetime) -> None:
    lead = Lead.objects.get(pk=people.inquiry(at=at).pk)

    with pytest.raises(AttributeError):
        lead.stage = "customer"


@pytest.mark.django_db(transaction=True)
def test_a_stage_without_its_history_cannot_be_committed(at: datetime) -> None:
    lead = people.inquiry(at=at)

    with pytest.raises(IntegrityError, match="lead_stage_is_last_change"), transaction.atomic():
        Lead.objects.filter(pk=lead.pk).update(stage="customer")

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE leads_lead SET last_change = last_change + 1")


@pytest.mark.django_db(transaction=True)
def test_of_twenty_conflicting_answers_one_wins(at: datetime) -> None:
    (lead,) = people.offered(at=at)
    results: list[str] = []

    def answer(number: int) -> None:
        try:
            if number % 2:
                leads.accept(lead_ids=[lead.pk], at=at).or_raise()
            else:
                leads.reject(lead_ids=[lead.pk], at=at, reason="no_need").or_raise()
            results.append("moved")
        except Conflict:
            results.append("conflict")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=answer, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == ["conflict"] * 19 + ["moved"]
    assert Offer.objects.exclude(outcome="pending").count() == 1


verbs = st.lists(
    st.tuples(st.sampled_from(sorted(leads.VERBS)), st.integers(0, 2), st.booleans()),
    max_size=25,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(verbs)
def test_whatever_is_tried_stage_and_history_agree(at: datetime, tries: list[tuple]) -> None:
    with transaction.atomic():
        rows = people.inquiries(3, at=at)
        reasons = dict(Reason.objects.filter(needs_note=False).values_list("verb", "code"))
        for number, (verb, who, everybody) in enumerate(tries):
            ids = [row.pk for row in rows] if everybody else [rows[who].pk]
            act = leads.Act(
                verb=verb,
                at=at + number * HOUR,
                reason=reasons.get(verb, ""),
                amount=Decimal(10) if verb in {"advance", "win"} else None,
            )
            leads.move(lead_ids=ids, act=act)
        for row in people.fresh(rows):
            last = StageChange.objects.filter(lead=row).order_by("-id").first()
            assert (last.pk, last.to_stage_id, last.cycle) == (
                row.last_change,
                row.stage,
                row.cycle,
            )
            pending = Offer.objects.filter(lead=row, outcome="pending").count()
            assert pending == (row.stage == "mql")
        transaction.set_rollback(True)
