"""Segments stay right after every event and as time goes by, whatever the order of things."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from leadflow.core import events
from leadflow.core.models import Team, User
from leads import queries
from leads import services as leads
from leads.engine.conditions import crossings
from leads.events import (
    ActivitiesRecorded,
    ConsentGiven,
    ConsentWithdrawn,
    LeadsScored,
    OwnersChanged,
    SegmentsChanged,
    StagesChanged,
    TagsChanged,
)
from leads.models import Activity, Lead, Segment, SegmentMember
from tests.factories import people

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


def make_segment(condition: Any, *, by: User, at: datetime = NOW, name: str = "Some") -> Segment:
    """A segment that has been filled."""
    segment = leads.create_segment(name=name, condition=condition, by=by, at=at)
    leads.fill_segments(at=at)
    return segment


def members_of(segment: Segment) -> set[int]:
    return set(SegmentMember.objects.filter(segment=segment).values_list("lead_id", flat=True))


# ---- each event


def _record(lead: Lead, by: User, at: datetime) -> None:
    activity = Activity(lead=lead, kind="download", occurred_at=at)
    leads.record_activities(activities=[activity], at=at)


def _tag(lead: Lead, by: User, at: datetime) -> None:
    leads.tag_leads(lead_ids=[lead.pk], names=["Hot"], by=by, at=at)


def _agree(lead: Lead, by: User, at: datetime) -> None:
    leads.record_consent(lead_ids=[lead.pk], purpose="marketing", source="test", at=at)


def _refuse(lead: Lead, by: User, at: datetime) -> None:
    leads.withdraw_consent(lead_ids=[lead.pk], purpose="marketing", source="test", at=at)


CHANGES: dict[str, tuple[type[events.Event], Any, Callable[[Lead, User, datetime], Any]]] = {
    "a download": (
        ActivitiesRecorded,
        {"field": "activities", "op": "at_least", "value": 1, "kinds": ["download"]},
        _record,
    ),
    "a fact": (
        ActivitiesRecorded,
        {"field": "job_title", "op": "eq", "value": "Buyer"},
        lambda lead, by, at: leads.update_facts(
            facts_by_lead={lead.pk: {"job_title": "Buyer"}}, at=at
        ),
    ),
    "a score": (
        LeadsScored,
        {"field": "grade", "op": "eq", "value": "A1"},
        lambda lead, by, at: leads.write_scores(scores=[(lead.pk, 50, 50, "A1")], at=at),
    ),
    "a move": (
        StagesChanged,
        {"field": "stage", "op": "eq", "value": "mql"},
        lambda lead, by, at: leads.offer(lead_ids=[lead.pk], at=at),
    ),
    "an owner": (
        OwnersChanged,
        {"field": "owner", "op": "known"},
        lambda lead, by, at: leads.assign_owner(lead_ids=[lead.pk], owner=by, at=at),
    ),
    "a tag": (TagsChanged, {"not": {"field": "tag", "op": "unknown"}}, _tag),
    "a consent": (ConsentGiven, {"field": "consent_marketing", "op": "yes"}, _agree),
    "a refusal": (ConsentWithdrawn, {"field": "withdrew_marketing", "op": "yes"}, _refuse),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_shows_once_its_event_is_delivered(
    change: str, marketer: User, settle: Callable[[], int]
) -> None:
    lead, _other = people.inquiries(2, at=NOW)
    settle()
    _, condition, act = CHANGES[change]
    segment = make_segment(condition, by=marketer)
    assert members_of(segment) == set()

    act(lead, marketer, NOW + timedelta(minutes=1))
    settle()

    assert members_of(segment) == {lead.pk}
    segment.refresh_from_db()
    assert segment.size == 1


@pytest.mark.parametrize("change", CHANGES)
def test_without_its_event_the_change_would_not_show(
    change: str, marketer: User, settle: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = people.inquiry(at=NOW)
    settle()
    kind, condition, act = CHANGES[change]
    segment = make_segment(condition, by=marketer)
    deaf = {name: one for name, one in events.subscribers_of(kind.__name__).items()
            if not name.endswith("follow_segments")}  # fmt: skip
    monkeypatch.setitem(events._subscribers, kind.__name__, deaf)

    act(lead, marketer, NOW + timedelta(minutes=1))
    settle()

    assert members_of(segment) == set()


def test_whoever_is_new_is_looked_at_for_every_segment(
    marketer: User, settle: Callable[[], int]
) -> None:
    segment = make_segment({"field": "phone", "op": "unknown"}, by=marketer)

    lead = people.inquiry(at=NOW + timedelta(minutes=5))
    settle()

    assert members_of(segment) == {lead.pk}


def test_what_is_known_of_a_company_counts_for_its_people(
    marketer: User, settle: Callable[[], int]
) -> None:
    lead = leads.create_leads(people=[leads.NewLead(at=NOW, company_name="Acme")], at=NOW)[0]
    segment = make_segment({"field": "employees", "op": "gte", "value": 50}, by=marketer)

    leads.describe_companies(facts_by_name={"Acme": {"employees": 80}}, at=NOW)
    settle()

    assert members_of(segment) == {lead.pk}


def test_an_owner_who_changes_teams_takes_their_leads_along(
    marketer: User, rep: User, settle: Callable[[], int]
) -> None:
    lead = people.inquiry(at=NOW, owner_id=rep.pk)
    condition = {"field": "owner_team", "op": "eq", "value": "marketing"}
    segment = make_segment(condition, by=marketer)
    User.objects.filter(pk=rep.pk).update(team=Team.objects.get(key="marketing"))

    leads.note_team_change(user_id=rep.pk, at=NOW)
    settle()

    assert members_of(segment) == {lead.pk}


def test_a_segment_follows_the_segments_it_asks_for(
    marketer: User, settle: Callable[[], int]
) -> None:
    lead = people.inquiry(at=NOW)
    leads.tag_leads(lead_ids=[people.inquiry(at=NOW).pk], names=["Hot"], by=marketer, at=NOW)
    first = make_segment({"field": "tag", "op": "has", "value": "hot"}, by=marketer, name="First")
    second = make_segment(
        {"field": "segment", "op": "none", "value": [first.key]}, by=marketer, name="Second"
    )
    settle()
    assert lead.pk in members_of(second)

    leads.tag_leads(lead_ids=[lead.pk], names=["Hot"], by=marketer, at=NOW)
    settle()

    assert lead.pk in members_of(first)
    assert lead.pk not in members_of(second)


def test_news_of_members_name_who_came_and_who_went(
    marketer: User, settle: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[SegmentsChanged] = []
    monkeypatch.setitem(events._subscribers["SegmentsChanged"], "test", told.append)
    lead = people.inquiry(at=NOW)
    segment = make_segment({"field": "tag", "op": "known"}, by=marketer)

    leads.tag_leads(lead_ids=[lead.pk], names=["Hot"], by=marketer, at=NOW)
    settle()
    leads.untag_leads(lead_ids=[lead.pk], keys=["hot"], by=marketer, at=NOW)
    settle()

    assert [(one.segment_id, one.entered, one.left) for one in told] == [
        (segment.pk, (lead.pk,), ()),
        (segment.pk, (), (lead.pk,)),
    ]


def test_an_event_told_late_does_not_undo_what_time_has_done(
    marketer: User, settle: Callable[[], int]
) -> None:
    lead = people.inquiry(at=NOW)
    settle()
    segment = make_segment({"field": "created", "op": "last_days", "value": 1}, by=marketer)
    leads.update_facts(facts_by_lead={lead.pk: {"job_title": "Buyer"}}, at=NOW)

    leads.follow_time(at=NOW + timedelta(days=2))
    settle()  # the fact is told as of two days ago, when the lead did belong

    assert members_of(segment) == set()


def test_whoever_was_erased_belongs_nowhere(
    marketer: User, admin: User, settle: Callable[[], int]
) -> None:
    lead = people.inquiry(at=NOW)
    segment = make_segment({"all": []}, by=marketer)

    leads.erase_leads(lead_ids=[lead.pk], by=admin, at=NOW)
    settle()

    assert members_of(segment) == set()
    segment.refresh_from_db()
    assert segment.size == 0


def test_whoever_is_merged_away_leaves_and_comes_back_when_it_is_undone(
    marketer: User, manager: User, settle: Callable[[], int]
) -> None:
    kept, gone = people.inquiries(2, at=NOW)
    leads.tag_leads(lead_ids=[gone.pk], names=["Hot"], by=marketer, at=NOW)
    segment = make_segment({"field": "tag", "op": "known"}, by=marketer)
    settle()

    merge = leads.merge_leads(kept_id=kept.pk, gone_id=gone.pk, by=manager, at=NOW)
    settle()
    joined = members_of(segment)
    leads.undo_merge(merge_id=merge.pk, by=manager, at=NOW)
    settle()

    assert joined == {kept.pk}
    assert members_of(segment) == {gone.pk}
    segment.refresh_from_db()
    assert segment.size == 1


def test_a_condition_nobody_can_read_any_more_stops_nothing(
    marketer: User, settle: Callable[[], int]
) -> None:
    broken = make_segment({"all": []}, by=marketer, name="Broken")
    sound = make_segment({"field": "tag", "op": "known"}, by=marketer, name="Sound")
    Segment.objects.filter(pk=broken.pk).update(condition={"field": "gone", "op": "eq", "value": 1})
    lead = people.inquiry(at=NOW)

    leads.tag_leads(lead_ids=[lead.pk], names=["Hot"], by=marketer, at=NOW)
    settle()
    leads.follow_time(at=NOW + timedelta(days=1))

    assert members_of(sound) == {lead.pk}
    assert "something unknown" in queries.describe({"field": "gone", "op": "eq", "value": 1})


# ---- time


@pytest.mark.parametrize(
    ("condition", "before", "after"),
    [
        ({"field": "created", "op": "last_days", "value": 7}, True, False),
        ({"field": "created", "op": "older_days", "value": 7}, False, True),
        ({"field": "stage_since", "op": "older_days", "value": 7}, False, True),
        ({"field": "last_activity", "op": "last_days", "value": 7}, True, False),
        ({"field": "last_activity", "op": "older_days", "value": 7}, False, True),
        ({"field": "activities", "op": "at_least", "value": 2, "days": 7}, True, False),
        ({"field": "activities", "op": "at_most", "value": 0, "days": 7}, False, True),
        ({"not": {"field": "activities", "op": "exactly", "value": 2, "days": 7}}, False, True),
    ],
)
def test_time_alone_moves_leads_in_and_out(
    condition: Any, before: bool, after: bool, marketer: User, settle: Callable[[], int]
) -> None:
    lead = people.inquiry(at=NOW)
    _record(lead, marketer, NOW)
    _record(lead, marketer, NOW)
    segment = make_segment(condition, by=marketer)
    settle()
    border = NOW + timedelta(days=7)

    for at, belongs in ((border - timedelta(seconds=1), before), (border, after)):
        leads.follow_time(at=at)
        assert (members_of(segment) == {lead.pk}) is belongs


def test_time_looks_only_at_whoever_crosses(marketer: User, settle: Callable[[], int]) -> None:
    people.inquiries(20, at=NOW - timedelta(days=10))
    people.inquiry(at=NOW - timedelta(days=6, hours=23))
    make_segment({"field": "created", "op": "last_days", "value": 7}, by=marketer)
    settle()

    assert leads.follow_time(at=NOW + timedelta(hours=2)) == 1
    assert leads.follow_time(at=NOW + timedelta(hours=2)) == 0


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ({"field": "created", "op": "older_days", "value": 7}, "change_begins_cycle"),
        ({"field": "stage_since", "op": "older_days", "value": 7}, "change_into_stage"),
        ({"field": "last_activity", "op": "older_days", "value": 7}, "activity_by_time"),
        ({"field": "activities", "op": "at_least", "value": 2, "days": 7}, "activity_by_time"),
        ({"field": "won", "op": "older_days", "value": 7}, "opportunity_won_at"),
    ],
)
def test_an_index_knows_whoever_crosses(condition: Any, index: str) -> None:
    spans = crossings(condition, after=NOW, until=NOW + timedelta(minutes=1))

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        assert all(index in query.explain() for query in spans)
