"""Answering offers."""

from datetime import datetime

import pytest

from handoff import services as handoff
from handoff.models import Feedback
from leadflow.core.errors import Conflict, Invalid, NotAllowed
from leadflow.core.models import Role, User
from leads.models import Activity, Lead, Offer, StageChange, Territory
from tests.factories import people
from tests.handoff.scenes import make_absent, make_offers, together

pytestmark = pytest.mark.django_db


def accept(offer: Offer, by: User, at: datetime) -> handoff.Decided:
    return handoff.accept_offers(offer_ids=[offer.pk], by=by, at=at).or_raise()


def test_accepting_makes_the_lead_ones_own(rep: User, offer: Offer, at: datetime) -> None:
    accept(offer, rep, at)
    lead = Lead.objects.get(pk=offer.lead_id)
    assert (lead.stage, lead.owner) == ("sal", rep)


def test_accepting_twice_is_accepting_once(rep: User, offer: Offer, at: datetime) -> None:
    accept(offer, rep, at)
    accept(offer, rep, at)
    assert StageChange.objects.filter(lead=offer.lead_id, verb="accept").count() == 1


def test_who_comes_second_reads_who_was_first(
    rep: User, other_rep: User, offer: Offer, at: datetime
) -> None:
    accept(offer, rep, at)
    with pytest.raises(Conflict, match=f"{rep.name} took Ada already."):
        accept(offer, other_rep, at)


@pytest.mark.django_db(transaction=True)
def test_two_reps_in_the_same_second_one_gets_it(at: datetime) -> None:
    pair = [people.user(Role.REP, team="sales") for _ in range(2)]
    offer = make_offers(1, at=at)[0]
    results = together(*(lambda by=by: accept(offer, by, at) for by in pair))
    errors = [result for result in results if isinstance(result, Exception)]
    offer.refresh_from_db()
    assert [str(error) for error in errors] == [f"{offer.decided_by.name} took Ada already."]
    assert StageChange.objects.filter(lead=offer.lead_id, verb="accept").count() == 1
    assert Lead.objects.get(pk=offer.lead_id).owner == offer.decided_by


def test_one_refused_offer_does_not_stop_the_others(
    rep: User, other_rep: User, at: datetime
) -> None:
    first, second, third = make_offers(3, at=at)
    accept(second, other_rep, at)
    decided = handoff.accept_offers(offer_ids=[first.pk, second.pk, third.pk], by=rep, at=at)
    assert {offer.pk for offer in decided.offers} == {first.pk, third.pk}
    assert list(decided.refused) == [second.pk]


def test_a_rep_of_another_team_may_not_answer(offer: Offer, at: datetime) -> None:
    stranger = people.user(Role.REP, team="marketing")
    with pytest.raises(NotAllowed, match="offered to Sales"):
        accept(offer, stranger, at)


def test_a_manager_may_answer_for_any_team(manager: User, offer: Offer, at: datetime) -> None:
    accept(offer, manager, at)
    assert Lead.objects.get(pk=offer.lead_id).stage == "sal"


def test_another_territory_cannot_even_be_seen(rep: User, north: Territory, at: datetime) -> None:
    offer = make_offers(1, at=at, territory_id=north.pk)[0]
    with pytest.raises(Conflict, match="not yours to see"):
        accept(offer, rep, at)
    assert Lead.objects.get(pk=offer.lead_id).stage == "mql"


def test_an_older_offer_does_not_answer_a_newer_one(
    rep: User, other_rep: User, offer: Offer, at: datetime
) -> None:
    from leads import services as leads

    handoff.reject_offers(offer_ids=[offer.pk], by=other_rep, reason="no_budget", at=at)
    leads.revive(lead_ids=[offer.lead_id], at=at).or_raise()
    leads.offer(lead_ids=[offer.lead_id], at=at).or_raise()
    with pytest.raises(Conflict, match="gave Ada back already"):
        accept(offer, rep, at)
    assert Offer.objects.pending().filter(lead=offer.lead_id).exists()


def test_a_rejection_is_read_by_marketing_once(rep: User, offer: Offer, at: datetime) -> None:
    for _ in range(2):
        handoff.reject_offers(
            offer_ids=[offer.pk], by=rep, reason="other", note="Is our supplier", at=at
        ).or_raise()
    assert Feedback.objects.get().note == "Is our supplier"
    assert Lead.objects.get(pk=offer.lead_id).stage == "recycled"


def test_a_rejection_through_another_door_is_read_too(
    rep: User, offer: Offer, at: datetime, settle: object
) -> None:
    from leads import services as leads

    leads.reject(lead_ids=[offer.lead_id], by=rep, reason="no_need", at=at).or_raise()
    settle()
    assert Feedback.objects.get().offer_id == offer.pk


@pytest.mark.parametrize(
    ("reason", "field"), [("", "reason"), ("nonsense", "reason"), ("other", "note")]
)
def test_a_rejection_names_what_it_lacks(
    reason: str, field: str, rep: User, offer: Offer, at: datetime
) -> None:
    with pytest.raises(Invalid) as refusal:
        handoff.reject_offers(offer_ids=[offer.pk], by=rep, reason=reason, at=at)
    assert refusal.value.field == field
    assert Lead.objects.get(pk=offer.lead_id).stage == "mql"


def test_what_nobody_has_can_be_taken(
    rep: User, other_rep: User, offer: Offer, at: datetime
) -> None:
    handoff.take_offers(offer_ids=[offer.pk], by=rep, at=at).or_raise()
    offer.refresh_from_db()
    assert (offer.assignee, offer.assigned_because) == (rep, "Taken from the team queue")
    with pytest.raises(Conflict, match=f"{rep.name} has Ada already."):
        handoff.take_offers(offer_ids=[offer.pk], by=other_rep, at=at).or_raise()


def test_what_somebody_absent_has_can_be_taken(
    rep: User, other_rep: User, offer: Offer, at: datetime
) -> None:
    handoff.take_offers(offer_ids=[offer.pk], by=rep, at=at)
    make_absent(rep, at=at)
    handoff.take_offers(offer_ids=[offer.pk], by=other_rep, at=at).or_raise()
    offer.refresh_from_db()
    assert offer.assignee == other_rep


def test_a_call_sent_twice_is_one_call(rep: User, offer: Offer, at: datetime) -> None:
    for _ in range(2):
        handoff.log_call(
            lead=offer.lead, by=rep, outcome="reached", note="Wants a demo", token=77, at=at
        )
    call = Activity.objects.get(kind="call")
    assert (call.title, call.properties["text"], call.by) == ("Reached", "Wants a demo", rep)


def test_an_act_done_twice_moves_the_lead_once(rep: User, offer: Offer, at: datetime) -> None:
    accept(offer, rep, at)
    lead = Lead.objects.get(pk=offer.lead_id)
    step = handoff.Step("advance", lead.last_change)
    assert handoff.act(lead=lead, step=step, by=rep, at=at)
    assert not handoff.act(lead=lead, step=step, by=rep, at=at)
    assert Lead.objects.get(pk=lead.pk).stage == "sql"


def test_an_act_on_a_lead_that_has_moved_says_who_moved_it(
    rep: User, manager: User, offer: Offer, at: datetime
) -> None:
    accept(offer, rep, at)
    lead = Lead.objects.get(pk=offer.lead_id)
    seen = lead.last_change
    handoff.act(lead=lead, step=handoff.Step("advance", seen), by=manager, at=at)
    with pytest.raises(Conflict, match=f"{manager.name} has moved Ada to “Sales qualified”"):
        handoff.act(lead=lead, step=handoff.Step("advance", seen), by=rep, at=at)


def test_remarks_are_kept_once_and_must_say_something(
    rep: User, marketer: User, offer: Offer, at: datetime
) -> None:
    for _ in range(2):
        handoff.give_feedback(lead=offer.lead, by=rep, note="Good fit", rating=3, at=at)
    assert Feedback.objects.count() == 1
    with pytest.raises(Invalid):
        handoff.give_feedback(lead=offer.lead, by=rep, at=at)
    with pytest.raises(NotAllowed):
        handoff.give_feedback(lead=offer.lead, by=marketer, note="Nice", at=at)
