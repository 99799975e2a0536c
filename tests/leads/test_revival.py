"""New interest of somebody who was let go begins a new cycle, by rule."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from leadflow.core.models import User
from leadflow.operations.invariants import find_broken
from leads import queries
from leads import services as leads
from leads.events import ActivitiesRecorded
from leads.handlers import revive_active
from leads.models import Activity, Lead, Offer, Stage, StageChange, VerbRule
from tests.factories import people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
REASONS = {"reject": "no_need", "lose": "price", "disqualify": "student", "recycle": "not_now"}


def let_go(verb: str, *, at: datetime, rep: User, **facts: Any) -> Lead:
    """A lead that sales has let go at `at`."""
    (lead,) = people.offered(at=at - DAY, **facts)
    if verb == "lose":
        leads.accept(lead_ids=[lead.pk], by=rep, at=at - DAY).or_raise()
    leads.VERBS[verb](lead_ids=[lead.pk], by=rep, reason=REASONS[verb], at=at).or_raise()
    return people.fresh([lead])[0]


def do(lead: Lead, kind: str, *, at: datetime, silent: bool = False, **facts: Any) -> Activity:
    rows = [Activity(lead=lead, kind=kind, occurred_at=at, **facts)]
    return leads.record_activities(activities=rows, at=at, is_silent=silent)[0]


def standing(lead: Lead) -> tuple[str, int]:
    fresh = Lead.objects.get(pk=lead.pk)
    return fresh.stage, fresh.cycle


@pytest.mark.parametrize(
    ("verb", "kind", "revived"),
    [
        ("reject", "form", True),
        ("recycle", "download", True),
        ("recycle", "event", True),
        ("recycle", "page_view", False),
        ("recycle", "email_click", False),
        ("lose", "form", True),
        ("lose", "download", False),
        ("disqualify", "form", False),
    ],
)
def test_interest_revives_by_the_rule_of_the_stage(
    verb: str, kind: str, revived: bool, at: datetime, rep: User, settle: Callable[[], int]
) -> None:
    lead = let_go(verb, at=at, rep=rep)
    settle()

    do(lead, kind, at=at + DAY)
    settle()

    assert (standing(lead) == ("inquiry", 2)) == revived


def test_the_cycles_are_kept_apart_and_the_cause_is_told(
    at: datetime, rep: User, settle: Callable[[], int]
) -> None:
    lead = let_go("recycle", at=at, rep=rep)
    do(lead, "page_view", at=at + DAY)
    do(lead, "form", at=at + 2 * DAY)
    do(lead, "form", at=at + 3 * DAY)
    settle()

    form = Activity.objects.get(occurred_at=at + 2 * DAY)
    change = StageChange.objects.get(verb="revive")
    assert (change.cause_kind, change.cause_id, change.by) == ("interest", form.pk, None)
    cycles = StageChange.objects.filter(lead=lead).order_by("pk").values_list("verb", "cycle")
    assert list(cycles) == [("enter", 1), ("offer", 1), ("recycle", 1), ("revive", 2)]
    entry = next(e for e in queries.timeline(lead=lead) if "Inquiry" in e.title and "→" in e.title)
    assert entry.by == "new interest"
    assert find_broken() == []


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(hours=1), {}),
        (-DAY, {"silent": True}),
        (-DAY, {"is_automatic": True}),
    ],
    ids=["before it was let go", "written down later", "by a machine"],
)
def test_what_is_no_new_interest(
    ago: timedelta, said: Any, at: datetime, rep: User, settle: Callable[[], int]
) -> None:
    lead = let_go("recycle", at=at, rep=rep)
    settle()

    do(lead, "form", at=at - ago, **said)
    settle()

    assert standing(lead) == ("recycled", 1)


def test_an_event_told_twice_revives_once(
    at: datetime, rep: User, settle: Callable[[], int]
) -> None:
    lead = let_go("recycle", at=at, rep=rep)
    do(lead, "form", at=at + DAY)
    settle()

    revive_active(ActivitiesRecorded(at=at + DAY, lead_ids=(lead.pk,)))

    assert standing(lead) == ("inquiry", 2)


def test_interest_told_before_the_lead_was_let_go_is_not_missed(
    at: datetime, rep: User, settle: Callable[[], int]
) -> None:
    (lead,) = people.offered(at=at)
    do(lead, "form", at=at + DAY)
    settle()
    leads.recycle(lead_ids=[lead.pk], by=rep, reason="not_now", at=at).or_raise()

    settle()

    assert standing(lead) == ("inquiry", 2)


def test_a_revival_that_was_taken_back_is_not_made_again(
    at: datetime, rep: User, manager: User, settle: Callable[[], int]
) -> None:
    lead = let_go("recycle", at=at, rep=rep)
    do(lead, "form", at=at + DAY)
    settle()
    last = Lead.objects.get(pk=lead.pk).last_change
    leads.take_back(change_ids=[last], by=manager, at=at + DAY).or_raise()
    do(lead, "page_view", at=at + DAY)
    settle()
    assert standing(lead) == ("recycled", 1)

    do(lead, "form", at=at + 2 * DAY)
    settle()

    assert standing(lead) == ("inquiry", 2)


def test_what_people_are_asked_a_rule_is_not(
    at: datetime, rep: User, settle: Callable[[], int]
) -> None:
    VerbRule.objects.filter(verb="revive").update(needs_reason=True, needs_note=True)
    lead = let_go("recycle", at=at, rep=rep)

    do(lead, "form", at=at + DAY)
    settle()

    assert standing(lead) == ("inquiry", 2)


def test_the_rule_is_data(at: datetime, rep: User, settle: Callable[[], int]) -> None:
    Stage.objects.filter(key="recycled").update(revives_on=["page_view"])
    Stage.objects.filter(key="disqualified").update(revives_on=["page_view"])
    lead, never = (let_go(verb, at=at, rep=rep) for verb in ("recycle", "disqualify"))

    do(lead, "page_view", at=at + DAY)
    do(never, "page_view", at=at + DAY)
    settle()

    assert standing(lead) == ("inquiry", 2)
    assert standing(never) == ("disqualified", 1)


def test_a_revived_lead_in_cool_down_is_not_offered_for_the_same_facts(
    at: datetime, rep: User, settle: Callable[[], int]
) -> None:
    facts = {"phone": "+4930123456"}
    person = leads.NewLead(at=at - 2 * DAY, facts=facts)
    (lead,) = leads.create_leads(people=[person], at=at - 2 * DAY)
    for kind in ("page_view", "page_view", "form", "download", "event", "event"):
        do(lead, kind, at=at - DAY)
    settle()
    leads.offer(lead_ids=[lead.pk], at=at)  # where the points have not done so
    leads.reject(lead_ids=[lead.pk], by=rep, reason="no_budget", at=at).or_raise()
    settle()

    do(lead, "form", at=at + DAY)
    settle()

    assert standing(lead) == ("inquiry", 2)
    assert Lead.objects.get(pk=lead.pk).score >= 60
    assert not Offer.objects.pending().exists()


def test_many_are_revived_with_as_many_queries_as_few(
    at: datetime, rep: User, django_assert_max_num_queries: Any
) -> None:
    rows = people.offered(at=at, count=40)
    ids = [row.pk for row in rows]
    leads.recycle(lead_ids=ids, by=rep, reason="not_now", at=at)
    forms = [Activity(lead_id=pk, kind="form", occurred_at=at + DAY) for pk in ids]
    leads.record_activities(activities=forms, at=at + DAY)

    for part in (ids[:2], ids[2:]):
        with django_assert_max_num_queries(24):
            assert leads.revive_interested(lead_ids=part, at=at + DAY) == len(part)
