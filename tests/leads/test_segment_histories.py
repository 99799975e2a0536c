"""After any history of events and time, in any order, members are whom the condition is true of."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadflow.core import outbox
from leadflow.core.models import User
from leads import queries
from leads import services as leads
from leads.models import Activity, Segment, SegmentMember
from leads.services.segments import following
from tests.factories import people

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


def members_of(segment: Segment) -> set[int]:
    return set(SegmentMember.objects.filter(segment=segment).values_list("lead_id", flat=True))


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
