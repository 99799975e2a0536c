"""Whatever pipeline is designed and whatever verbs are tried: only legal changes stay, figures add up."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from leadflow.core.errors import DomainError
from leads import queries as lead_queries
from leads import services as leads
from leads.models import Handoff, Lead, Offer, Reason, StageChange
from reports import queries as reports
from tests.factories import people

START = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
ENDS = {"accept": "accepted", "advance": "accepted", "win": "accepted", "expire": "expired"}
who = st.lists(st.integers(0, 4), min_size=1, max_size=5, unique=True)
places = st.integers(0, 20)


class Machine(RuleBasedStateMachine):
    """Five leads, a pipeline that changes under them, and a plain count of what was offered."""

    @initialize()
    def begin(self) -> None:
        self.frame = transaction.atomic()
        self.frame.__enter__()
        self.at = START
        self.ids = [lead.pk for lead in people.inquiries(5, at=START, phone="+4930123456")]
        self.stages = dict.fromkeys(self.ids, "inquiry")
        self.cycles = dict.fromkeys(self.ids, 1)
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.reasons = dict(Reason.objects.filter(needs_note=False).values_list("verb", "code"))
        self.number = 0
        self.boss = people.user("manager")
        self.past: dict[int, list[tuple[str, int, dict[str, Any]]]] = {pk: [] for pk in self.ids}

    def teardown(self) -> None:
        if hasattr(self, "frame"):
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what a commit would check
            transaction.set_rollback(True)
            self.frame.__exit__(None, None, None)

    def _tick(self) -> datetime:
        self.at += timedelta(hours=1)
        return self.at

    def _design(self, service: Any, **said: Any) -> None:
        """An edit; what cannot be is refused in words and changes nothing."""
        before, refusal = leads.load_pipeline(), ""
        try:
            service(by=None, at=self._tick(), **said)
        except DomainError as error:
            refusal = str(error)
        assert not refusal or (refusal.endswith(".") and leads.load_pipeline() == before)

    def _some_stage(self, place: int) -> str:
        stages = leads.load_pipeline().stages
        return stages[place % len(stages)].key

    def _new_name(self) -> str:
        self.number += 1
        return f"Stage {self.number}"

    @rule(place=places)
    def add_a_stage(self, place: int) -> None:
        name = self._new_name()
        after = self._some_stage(place)
        self._design(leads.add_stage, name=name, abbreviation=name[-3:], after=after)

    @rule(place=places)
    def add_a_handoff(self, place: int) -> None:
        one, two = self._new_name(), self._new_name()
        self._design(
            leads.add_handoff,
            name=one,
            offered=leads.Side(one, one[-3:]),
            accepted=leads.Side(two, two[-3:]),
            after=self._some_stage(place),
        )

    @rule(place=places, on=st.booleans())
    def switch_a_handoff(self, place: int, on: bool) -> None:
        keys = list(Handoff.objects.order_by("pk").values_list("key", flat=True))
        self._design(leads.change_handoff, key=keys[place % len(keys)], is_active=on)

    @rule(place=places, steps=st.sampled_from([-1, 1]))
    def shift_a_stage(self, place: int, steps: int) -> None:
        self._design(leads.shift_stage, key=self._some_stage(place), steps=steps)

    @rule(place=places, into=places)
    def merge_a_stage(self, place: int, into: int) -> None:
        said = {"key": self._some_stage(place), "merge_into": self._some_stage(into)}
        self._design(leads.retire_stage, **said)

    @rule()
    def let_merged_leads_follow(self) -> None:
        leads.move_merged(at=self._tick())
        now = dict(Lead.objects.filter(pk__in=self.ids).values_list("pk", "stage"))
        for pk in self.ids:
            if now[pk] != self.stages[pk]:
                self.past[pk] = []  # a merge cannot be taken back
        self.stages = now

    @rule(verb=st.sampled_from(sorted(leads.VERBS)), who=who, amount=st.booleans())
    def try_a_verb(self, verb: str, who: list[int], amount: bool) -> None:
        pipeline = leads.load_pipeline()
        act = leads.Act(
            verb=verb,
            at=self._tick(),
            reason=self.reasons.get(verb, ""),
            amount=Decimal(10) if amount else None,
        )
        chosen = [self.ids[number] for number in who]
        moved = leads.move(lead_ids=chosen, act=act)
        assert {change.lead_id for change in moved.changes} | set(moved.refused) == set(chosen)
        for change in moved.changes:
            self._check(change, act, pipeline)

    @rule(number=st.integers(0, 4))
    def take_a_change_back(self, number: int) -> None:
        pk = self.ids[number]
        last = StageChange.objects.in_effect().filter(lead=pk).order_by("-pk").first()
        assert last is not None
        moved = leads.take_back(change_ids=[last.pk], by=self.boss, at=self._tick())
        if not self.past[pk]:
            assert not moved.changes
        elif moved.changes:
            self.stages[pk], self.cycles[pk], before = self.past[pk].pop()
            for key in {key for key in self.outcomes if key[1].endswith(f" {pk}")}:
                del self.outcomes[key]
            self.outcomes.update(before)

    def _check(self, change: Any, act: Any, pipeline: Any) -> None:
        """The change is the one that the pipeline of now allows; offers are counted by hand."""
        before = self.stages[change.lead_id]
        assert change.from_stage == before
        target = leads.find_target(before, act, pipeline)
        assert target is not None
        assert (change.to_stage, change.cycle) == (
            target.stage,
            self.cycles[change.lead_id] + target.cycles,
        )
        pk = change.lead_id
        mine = {k: n for k, n in self.outcomes.items() if k[1].endswith(f" {pk}")}
        self.past[pk].append((self.stages[pk], self.cycles[pk], mine))
        self.stages[pk] = change.to_stage
        self.cycles[pk] = change.cycle
        left = pipeline.offered_sides.get(before)
        if left and self.outcomes.pop((left.key, f"pending {pk}"), 0):
            self.outcomes[left.key, f"{ENDS.get(act.verb, 'rejected')} {pk}"] += 1
        if handoff := pipeline.offered_sides.get(change.to_stage):
            self.outcomes[handoff.key, f"pending {pk}"] = 1

    @invariant()
    def every_stage_is_the_last_line_of_history(self) -> None:
        if not hasattr(self, "ids"):
            return
        rows = Lead.objects.filter(pk__in=self.ids).values_list("pk", "stage", "last_change")
        for pk, stage, last_change in rows:
            last = StageChange.objects.filter(lead=pk).order_by("-pk").first()
            assert last is not None
            assert (last.pk, last.to_stage_id) == (last_change, stage)
            assert stage == self.stages[pk]

    @invariant()
    def the_measures_equal_a_plain_recount(self) -> None:
        if not hasattr(self, "ids"):
            return
        found = {}
        for report in reports.handoffs(user=None, at=self.at):
            answers = report.answers
            for name in ("accepted", "rejected", "expired", "pending"):
                found[report.handoff.key, name] = getattr(answers, name)
        counted: Counter[tuple[str, str]] = Counter()
        for (key, name), number in self.outcomes.items():
            counted[key, name.split()[0]] += number
        assert {k: n for k, n in found.items() if n} == {k: n for k, n in counted.items() if n}
        assert Offer.objects.filter(lead__in=self.ids).count() == sum(counted.values())

    @invariant()
    def every_version_can_be_read_back(self) -> None:
        if hasattr(self, "ids"):
            now = leads.load_pipeline()
            assert lead_queries.pipeline_at(self.at + timedelta(seconds=1)).path == now.path


@pytest.mark.django_db
def test_any_pipeline_moves_leads_legally() -> None:
    chosen = settings(
        max_examples=40,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # thirty steps read well enough; to shrink them takes minutes
    )
    run_state_machine_as_test(Machine, settings=chosen)
