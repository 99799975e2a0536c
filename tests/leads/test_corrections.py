"""A change made by mistake is taken back: everything is as before, and history says so."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadflow.core.models import User
from leadflow.operations.invariants import find_broken
from leads import services as leads
from leads.models import Handoff, Lead, Offer, Opportunity, Reason, Stage, StageChange
from leads.services.pipeline import load_pipeline
from tests.factories import people
from tests.handoff.scenes import together

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def snapshot(lead_id: int) -> dict[str, Any]:
    """All that taking back must restore."""
    lead = Lead.objects.filter(pk=lead_id)
    return {
        "lead": lead.values("stage", "stage_since", "cycle", "owner_id").get(),
        "offers": list(
            Offer.objects.filter(lead=lead_id).order_by("pk").values(
                "pk", "outcome", "decided_at", "decided_by", "closed_by", "reason", "note",
                "due_at", "assignee", "opened_by", "cycle",
            )
        ),
        "money": list(
            Opportunity.objects.filter(lead=lead_id).order_by("pk").values(
                "state", "amount", "opened_at", "closed_at", "reason"
            )
        ),
    }  # fmt: skip


def walk(lead: Lead, rep: User, at: datetime, verbs: list[str]) -> datetime:
    """Bring a lead along by verbs, an hour each; the time after them."""
    said: dict[str, dict[str, Any]] = {
        "reject": {"reason": "no_need"},
        "lose": {"reason": "price"},
        "disqualify": {"reason": "student"},
        "advance": {"amount": Decimal(500)},
    }
    for verb in verbs:
        by = {} if verb == "expire" else {"by": rep}
        leads.VERBS[verb](lead_ids=[lead.pk], at=at, **by, **said.get(verb, {})).or_raise()
        at += HOUR
    return at


def last_change(lead: Lead) -> int:
    return Lead.objects.get(pk=lead.pk).last_change


@pytest.mark.parametrize(
    ("before", "verb"),
    [
        ([], "offer"),
        (["offer"], "accept"),
        (["offer"], "reject"),
        (["offer"], "expire"),
        (["offer"], "recycle"),
        (["offer"], "disqualify"),
        (["offer", "accept"], "advance"),
        (["offer", "accept"], "recycle"),
        (["offer", "accept", "advance", "advance"], "win"),
        (["offer", "accept", "advance", "advance"], "lose"),
        (["offer", "accept", "advance", "advance"], "disqualify"),
        (["offer", "reject"], "revive"),
        (["offer", "accept", "advance", "advance", "win"], "revive"),
    ],
)
def test_every_verb_can_be_taken_back(
    before: list[str], verb: str, at: datetime, rep: User, manager: User
) -> None:
    lead = people.inquiry(at=at)
    now = walk(lead, rep, at, before)
    was = snapshot(lead.pk)
    now = walk(lead, rep, now, [verb])
    undone = last_change(lead)

    moved = leads.take_back(change_ids=[undone], by=manager, at=now).or_raise()

    assert snapshot(lead.pk) == was
    row = StageChange.objects.get(pk=moved.changes[0].id)
    assert (row.verb, row.corrects, row.by) == ("correct", undone, manager)
    assert find_broken() == []


@pytest.mark.parametrize(
    ("before", "verb"), [([], "offer"), (["offer", "accept", "advance", "disqualify"], "revive")]
)
def test_money_said_by_the_way_is_taken_back_with_the_step(
    before: list[str], verb: str, at: datetime, rep: User, manager: User
) -> None:
    lead = people.inquiry(at=at)
    now = walk(lead, rep, at, before)
    was = snapshot(lead.pk)
    act = leads.Act(verb=verb, at=now, by=rep, amount=Decimal(900))
    leads.move(lead_ids=[lead.pk], act=act).or_raise()

    leads.take_back(change_ids=[last_change(lead)], by=manager, at=now + HOUR).or_raise()

    assert snapshot(lead.pk) == was
    if before:  # what was closed before opens again, beside nothing else
        steps = StageChange.objects.in_effect().latest("pk").pk
        leads.take_back(change_ids=[steps], by=manager, at=now + 2 * HOUR).or_raise()
        assert list(Opportunity.objects.values_list("state", flat=True)) == ["open"]


def test_a_lead_taken_back_can_be_accepted_again(at: datetime, rep: User, manager: User) -> None:
    (lead,) = people.offered(at=at)
    due = Offer.objects.get().due_at
    walk(lead, rep, at + HOUR, ["accept"])
    leads.take_back(change_ids=[last_change(lead)], by=manager, at=at + 2 * HOUR).or_raise()

    leads.accept(lead_ids=[lead.pk], by=rep, at=at + 3 * HOUR).or_raise()

    offer = Offer.objects.get()
    assert (offer.outcome, offer.decided_at, offer.due_at) == ("accepted", at + 3 * HOUR, due)
    assert StageChange.objects.filter(verb="accept").latest("pk").seconds == 3 * 3600
    assert Lead.objects.get().owner == rep


def test_steps_are_taken_back_one_after_the_other(at: datetime, rep: User, manager: User) -> None:
    lead = people.inquiry(at=at)
    was = snapshot(lead.pk)
    now = walk(lead, rep, at, ["offer", "accept", "advance", "advance", "win"])
    steps = list(StageChange.objects.order_by("-pk").values_list("pk", flat=True))[:5]

    for change_id in steps:
        leads.take_back(change_ids=[change_id], by=manager, at=now).or_raise()

    assert snapshot(lead.pk) == was
    assert find_broken() == []


def test_twice_is_once(at: datetime, rep: User) -> None:
    (lead,) = people.offered(at=at)
    walk(lead, rep, at, ["accept"])
    undone = last_change(lead)

    for _ in range(2):
        leads.take_back(change_ids=[undone], by=rep, at=at + MINUTE).or_raise()

    assert StageChange.objects.filter(verb="correct").count() == 1


def test_who_moved_on_is_named(at: datetime, rep: User, manager: User) -> None:
    (lead,) = people.offered(at=at)
    walk(lead, rep, at, ["accept"])
    accepted = last_change(lead)
    walk(lead, rep, at, ["advance"])

    moved = leads.take_back(change_ids=[accepted], by=manager, at=at + HOUR)

    assert f"{rep} has moved Ada to “Sales qualified” since" in moved.refused[lead.pk]
    assert not moved.changes


def test_in_a_batch_the_others_are_taken_back(at: datetime, rep: User, manager: User) -> None:
    rows = people.offered(at=at, count=3)
    leads.accept(lead_ids=[row.pk for row in rows], by=rep, at=at).or_raise()
    ids = [last_change(row) for row in rows]
    walk(rows[0], rep, at, ["advance"])

    moved = leads.take_back(change_ids=ids, by=manager, at=at + HOUR)

    assert {change.lead_id for change in moved.changes} == {rows[1].pk, rows[2].pk}
    assert list(moved.refused) == [rows[0].pk]


@pytest.mark.parametrize(
    ("who", "minutes", "sentence"),
    [
        ("rep", 9, ""),
        ("rep", 11, "Ten minutes have passed since this change: ask a manager to take it back."),
        ("other_rep", 1, "made this change: only they, within ten minutes, or a manager"),
        ("marketer", 1, "made this change"),
        ("manager", 600_000, ""),
        ("admin", 600_000, ""),
    ],
)
def test_who_may_take_back(
    who: str, minutes: int, sentence: str, at: datetime, rep: User, request: Any
) -> None:
    by = request.getfixturevalue(who)
    (lead,) = people.offered(at=at)
    walk(lead, rep, at, ["accept"])

    moved = leads.take_back(
        change_ids=[last_change(lead)], by=by, at=at + timedelta(minutes=minutes)
    )

    assert sentence in moved.refused.get(lead.pk, "")
    assert bool(moved.changes) == (not sentence)


def test_how_a_lead_came_in_cannot_be_taken_back(at: datetime, manager: User) -> None:
    lead = people.inquiry(at=at)

    moved = leads.take_back(change_ids=[lead.last_change], by=manager, at=at)

    assert "cannot be taken back" in moved.refused[lead.pk]


def test_nobody_takes_back_what_is_out_of_their_sight(
    at: datetime, abroad: Lead, rep: User, manager: User
) -> None:
    leads.offer(lead_ids=[abroad.pk], by=manager, at=at).or_raise()

    moved = leads.take_back(change_ids=[last_change(abroad)], by=rep, at=at)

    assert moved.refused[abroad.pk] == "This lead does not exist or is not yours to see."


def test_a_rejection_that_took_a_lead_out_of_sight_is_still_ones_own(
    at: datetime, abroad: Lead, rep: User
) -> None:
    Lead.objects.filter(pk=abroad.pk).update(owner=rep)
    leads.offer(lead_ids=[abroad.pk], at=at).or_raise()
    walk(abroad, rep, at, ["reject"])
    assert not Lead.objects.visible_to(rep).exists()

    leads.take_back(change_ids=[last_change(abroad)], by=rep, at=at + MINUTE).or_raise()

    assert Lead.objects.get(pk=abroad.pk).owner == rep


def test_there_is_no_way_back_into_a_stage_out_of_use(
    at: datetime, rep: User, manager: User
) -> None:
    (lead,) = people.offered(at=at)
    walk(lead, rep, at, ["accept"])
    Handoff.objects.filter(key="mql_sal").update(is_active=False)
    Stage.objects.filter(key="mql").update(retired_at=at)
    assert load_pipeline().by_key["mql"].is_retired

    moved = leads.take_back(change_ids=[last_change(lead)], by=manager, at=at)

    assert "there is no way back to “Marketing qualified”" in moved.refused[lead.pk]


def test_an_owner_who_is_gone_does_not_come_back(at: datetime, rep: User, manager: User) -> None:
    (lead,) = people.offered(at=at)
    gone = people.user("rep", team="sales")
    Lead.objects.filter(pk=lead.pk).update(owner=gone)
    walk(lead, rep, at, ["reject"])
    Lead.objects.filter(pk=lead.pk).update(owner=None)
    gone.delete()

    leads.take_back(change_ids=[last_change(lead)], by=manager, at=at).or_raise()

    assert Lead.objects.get().owner is None


def test_a_batch_takes_as_many_queries_for_50_as_for_5(
    at: datetime, rep: User, manager: User, django_assert_max_num_queries: Any
) -> None:
    rows = people.offered(at=at, count=55)
    leads.accept(lead_ids=[row.pk for row in rows], by=rep, at=at).or_raise()
    ids = [row.last_change for row in people.fresh(rows)]

    for part in (ids[:5], ids[5:]):
        with django_assert_max_num_queries(32):
            leads.take_back(change_ids=part, by=manager, at=at)
    assert Offer.objects.pending().count() == 55


tries = st.lists(st.tuples(st.sampled_from(sorted(leads.VERBS)), st.booleans()), max_size=14)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tries, st.integers(1, 14))
def test_whatever_was_done_taking_back_restores_it(
    at: datetime, rep: User, manager: User, tries: list[tuple[str, bool]], count: int
) -> None:
    with transaction.atomic():
        lead = people.inquiry(at=at)
        reasons = dict(Reason.objects.filter(needs_note=False).values_list("verb", "code"))
        states = [snapshot(lead.pk)]
        for number, (verb, by_rep) in enumerate(tries, start=1):
            act = leads.Act(
                verb=verb,
                at=at + number * HOUR,
                by=rep if by_rep and verb != "expire" else None,
                reason=reasons.get(verb, ""),
                amount=Decimal(number) if verb == "advance" else None,
            )
            if leads.move(lead_ids=[lead.pk], act=act).changes:
                states.append(snapshot(lead.pk))
        for _ in range(min(count, len(states) - 1)):
            undone = StageChange.objects.in_effect().latest("pk").pk
            states.pop()
            now = at + timedelta(days=9)
            leads.take_back(change_ids=[undone], by=manager, at=now).or_raise()
            assert _without_amounts(snapshot(lead.pk)) == _without_amounts(states[-1])
        assert find_broken() == []
        transaction.set_rollback(True)


def _without_amounts(state: dict[str, Any]) -> dict[str, Any]:
    """What was said last about an amount that was known already stays."""
    return {**state, "money": [{**row, "amount": None} for row in state["money"]]}


def test_program_feedback_and_clock_go_back_too(
    at: datetime, rep: User, manager: User, settle: Callable[[], int]
) -> None:
    (lead,) = people.offered(at=at)
    settle()
    walk(lead, rep, at, ["reject"])
    settle()
    assert lead.feedback.count() == 1

    leads.take_back(change_ids=[last_change(lead)], by=manager, at=at + MINUTE).or_raise()

    assert lead.feedback.count() == 0
    assert Offer.objects.get().clock.first_response_at is None


@pytest.mark.django_db(transaction=True)
def test_of_many_who_take_back_at_once_one_does(at: datetime, manager: User) -> None:
    (lead,) = people.offered(at=at)
    undone = leads.accept(lead_ids=[lead.pk], by=manager, at=at).changes[0].id

    def take_back() -> int:
        return len(leads.take_back(change_ids=[undone], by=manager, at=at).or_raise().changes)

    assert sum(int(str(done)) for done in together(*[take_back] * 12)) == 1
    assert StageChange.objects.filter(corrects=undone).count() == 1
    assert find_broken() == []
