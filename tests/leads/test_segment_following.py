"""Segments stay right after every event and as time goes by, whatever the order of things."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadflow.core import events, outbox
from leadflow.core.models import Team, User
from leads import queries
from leads import services as leads
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
from leads.services.segments import following
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


# ---- all of it together

FIELDS = {
    "created": st.sampled_from(["last_days", "older_days"]),
    "last_activity": st.sampled_from(["last_days", "older_days"]),
    "stage_since": st.sampled_from(["last_days", "older_days"]),
}
DATED = st.sampled_from(sorted(FIELDS)).flatmap(
    lambda name: st.builds(
        lambda op, value: {"field": name, "op": op, "value": value}, FIELDS[name], st.integers(1, 4)
    )
)
COUNTED = st.builds(
    lambda op, value, days: {"field": "activities", "op": op, "value": value, "days": days},
    st.sampled_from(["at_least", "at_most", "exactly"]),
    st.integers(0, 2),
    st.integers(1, 4),
)
PLAIN: list[dict[str, Any]] = [
    {"field": "score", "op": "gte", "value": 50},
    {"field": "stage", "op": "in", "value": ["mql", "sal"]},
    {"field": "tag", "op": "has", "value": "hot"},
    {"field": "consent_marketing", "op": "yes"},
    {"field": "withdrew_marketing", "op": "no"},
    {"field": "owner", "op": "known"},
    {"field": "job_title", "op": "contains", "value": "buy"},
]
# One segment for each of these is there from the start: whatever a step changes, somebody watches it
WATCHED = [
    *PLAIN,
    {"field": "created", "op": "last_days", "value": 3},
    {"field": "last_activity", "op": "older_days", "value": 2},
    {"field": "stage_since", "op": "last_days", "value": 1},
    {"field": "activities", "op": "at_least", "value": 1, "days": 2},
    {"field": "segment", "op": "none", "value": ["segment-5"]},
]
CONDITIONS = st.recursive(
    DATED | COUNTED | st.sampled_from(PLAIN),
    lambda parts: st.one_of(
        st.builds(lambda several: {"all": several}, st.lists(parts, min_size=1, max_size=2)),
        st.builds(lambda several: {"any": several}, st.lists(parts, min_size=1, max_size=2)),
        st.builds(lambda part: {"not": part}, parts),
    ),
    max_leaves=4,
)
WHO = st.integers(0, 5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("act"), WHO, st.integers(0, 5)),
        st.tuples(st.just("move"), WHO, st.sampled_from(["offer", "reject", "recycle", "accept"])),
        st.tuples(st.just("score"), WHO, st.sampled_from([10, 60])),
        st.tuples(st.just("tag"), WHO, st.booleans()),
        st.tuples(st.just("consent"), WHO, st.booleans()),
        st.tuples(st.just("own"), WHO, st.booleans()),
        st.tuples(st.just("fact"), WHO, st.sampled_from(["Buyer", "", "Chef"])),
        st.tuples(st.just("create"), st.just(0), st.just(0)),
        st.tuples(st.just("wait"), st.just(0), st.integers(1, 40)),
        st.tuples(st.just("follow"), st.just(0), st.just(0)),
        st.tuples(st.just("deliver"), st.just(0), st.integers(1, 3)),
        st.tuples(st.just("fill"), st.just(0), st.just(0)),
        st.tuples(st.just("segment"), st.just(0), CONDITIONS),
        st.tuples(st.just("change"), WHO, CONDITIONS),
        st.tuples(st.just("nest"), WHO, st.booleans()),
    ),
    min_size=3,
    max_size=15,
)


class History:
    """A run of steps through the real services, with a clock of its own."""

    def __init__(self, marketer: User, rep: User) -> None:
        self.marketer, self.rep, self.at = marketer, rep, NOW
        self.people = [lead.pk for lead in people.inquiries(4, at=NOW - timedelta(days=2))]
        self.segments: list[Segment] = []
        leads.tag_leads(lead_ids=self.people[:1], names=["Hot"], by=marketer, at=NOW)
        for condition in WATCHED:
            self._segment(0, condition)
        _come_to_rest(NOW)

    def take(self, step: tuple[str, int, Any]) -> None:
        what, who, how = step
        self.at += timedelta(seconds=1)
        getattr(self, f"_{what}")(self.people[who % len(self.people)], how)

    def _act(self, pk: int, days: int) -> None:
        activity = Activity(lead_id=pk, kind="download", occurred_at=self.at - timedelta(days))
        leads.record_activities(activities=[activity], at=self.at)

    def _move(self, pk: int, verb: str) -> None:
        said = {"reason": "no_need"} if verb == "reject" else {}
        leads.VERBS[verb](lead_ids=[pk], at=self.at, cause=leads.Cause("test", None), **said)

    def _score(self, pk: int, engagement: int) -> None:
        leads.write_scores(scores=[(pk, engagement, 0, "A1")], at=self.at)

    def _tag(self, pk: int, on: bool) -> None:
        if on:
            leads.tag_leads(lead_ids=[pk], names=["Hot"], by=self.marketer, at=self.at)
        else:
            leads.untag_leads(lead_ids=[pk], keys=["hot"], by=self.marketer, at=self.at)

    def _consent(self, pk: int, given: bool) -> None:
        say = leads.record_consent if given else leads.withdraw_consent
        say(lead_ids=[pk], purpose="marketing", source="test", at=self.at)

    def _own(self, pk: int, on: bool) -> None:
        leads.assign_owner(lead_ids=[pk], owner=self.rep if on else None, at=self.at)

    def _fact(self, pk: int, title: str) -> None:
        leads.update_facts(facts_by_lead={pk: {"job_title": title}}, at=self.at)

    def _create(self, pk: int, how: Any) -> None:
        self.people.append(people.inquiry(at=self.at).pk)

    def _wait(self, pk: int, hours: int) -> None:
        self.at += timedelta(hours=hours)

    def _follow(self, pk: int, how: Any) -> None:
        leads.follow_time(at=self.at)

    def _deliver(self, pk: int, most: int) -> None:
        outbox.deliver_due(at=self.at, most=most)

    def _fill(self, pk: int, how: Any) -> None:
        for segment in self.segments[-3:]:
            following._fill_batch(segment.pk, at=self.at)

    def _segment(self, pk: int, condition: Any) -> None:
        if len(self.segments) < len(WATCHED) + 4:
            name = f"Segment {len(self.segments)}"
            self.segments.append(
                leads.create_segment(name=name, condition=condition, by=self.marketer, at=self.at)
            )

    def _change(self, pk: int, condition: Any) -> None:
        if len(self.segments) > len(WATCHED):
            key = self.segments[-1].key
            leads.change_segment(key=key, condition=condition, by=self.marketer, at=self.at)

    def _nest(self, pk: int, has: bool) -> None:
        if len(self.segments) > len(WATCHED):
            key = self.segments[-1].key
            asked = {"field": "segment", "op": "has", "value": key}
            self._segment(pk, asked if has else {"not": asked})


@pytest.mark.timeout(900)
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_members_are_whom_the_condition_is_true_of_after_any_history(
    marketer: User, rep: User, steps: list[tuple[str, int, Any]]
) -> None:
    with transaction.atomic():
        history = History(marketer, rep)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(following, "BATCH", 3)
            for step in steps:
                history.take(step)
            _come_to_rest(history.at)
        for segment in Segment.objects.all():
            wanted = set(
                queries.matching(segment.condition, at=history.at).values_list("pk", flat=True)
            )
            assert members_of(segment) == wanted, segment.condition
            assert segment.size == len(wanted)
            assert segment.state == Segment.State.READY
        transaction.set_rollback(True)


def _come_to_rest(at: datetime) -> None:
    while outbox.deliver_due(at=at) + leads.fill_segments(at=at):
        pass
    leads.follow_time(at=at)
    while outbox.deliver_due(at=at):
        pass
