"""Two at once: of two merges one wins, and what arrives meanwhile is lost by neither record."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from leadflow.core.errors import Conflict
from leadflow.core.models import User
from leadflow.operations.invariants import find_broken
from leads import services as leads
from leads.models import Activity, Form, FormSubmission, Lead, Merge, StageChange
from tests.factories import merging, people

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 6


@pytest.fixture(autouse=True)
def _pipeline() -> None:
    """The tables are emptied after each of these tests; the pipeline is needed by all."""
    leads.install_default_pipeline(at=datetime.fromisoformat("2026-01-01T00:00+00:00"))


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run all at once; returns what each gave or raised, in their order."""
    start, results = threading.Barrier(len(works)), [None] * len(works)

    def run(place: int, work: Callable[[], Any]) -> None:
        try:
            start.wait()
            results[place] = work()
        except Exception as error:  # noqa: BLE001  (looked at by the test)
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place, work)) for place, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def merging_of(kept: Lead, gone: Lead, by: User, at: datetime) -> Callable[[], Merge]:
    return lambda: leads.merge_leads(kept_id=kept.pk, gone_id=gone.pk, by=by, at=at)


@pytest.mark.parametrize("is_turned", [False, True])
def test_of_two_merges_of_one_pair_exactly_one_wins(
    is_turned: bool, at: datetime, manager: User
) -> None:
    for _ in range(ROUNDS):
        one, other = people.inquiries(2, at=at)
        pair = (other, one) if is_turned else (one, other)

        results = together(merging_of(one, other, manager, at), merging_of(*pair, manager, at))

        errors = [result for result in results if isinstance(result, Exception)]
        assert [type(error) for error in errors] == [Conflict]
        assert "has merged this record into Ada meanwhile" in str(errors[0])
    assert Merge.objects.count() == Lead.objects.count() == ROUNDS
    assert find_broken() == []


def test_merges_in_a_ring_leave_one_record(at: datetime, manager: User) -> None:
    for _ in range(ROUNDS):
        a, b, c = people.inquiries(3, at=at)

        results = together(
            merging_of(a, b, manager, at),
            merging_of(b, c, manager, at),
            merging_of(c, a, manager, at),
        )

        assert all(isinstance(one, Merge | Conflict) for one in results)
        ids = [a.pk, b.pk, c.pk]
        living = set(Lead.objects.filter(pk__in=ids).values_list("pk", flat=True))
        merges = Merge.objects.filter(gone_id__in=ids)
        assert len(living) == 3 - merges.count()
        assert set(merges.values_list("kept_id", flat=True)) <= living
    assert find_broken() == []


def test_two_undos_are_one(at: datetime, manager: User) -> None:
    one, other = people.inquiries(2, at=at)
    was = merging.dump()
    done = leads.merge_leads(kept_id=one.pk, gone_id=other.pk, by=manager, at=at)

    def undo() -> Merge:
        return leads.undo_merge(merge_id=done.pk, by=manager, at=at)

    results = together(undo, undo)

    assert [type(one) for one in results] == [Merge, Merge]
    assert merging.differences(was, merging.dump()) == []


def test_nothing_that_arrives_meanwhile_is_lost(at: datetime, manager: User) -> None:
    form, then = Form.objects.create(slug="s", name="S", fields=[]), at + timedelta(hours=1)
    for number in range(ROUNDS):
        kept, gone = people.inquiries(2, at=at)

        def record(lead: Lead = gone) -> None:
            for n in range(5):
                said = [Activity(lead_id=lead.pk, kind="note", occurred_at=then, title=f"N{n}")]
                leads.record_activities(activities=said, at=then)

        def send(lead: Lead = gone, number: int = number) -> None:
            leads.receive_submission(
                form=form, values={"email": lead.email, "job_title": "Boss"}, token=f"t{number}",
                visitor_id=None, source="", at=then,
            )  # fmt: skip
            leads.process_submissions(at=then)

        def offer(lead: Lead = gone) -> Any:
            return leads.offer(lead_ids=[lead.pk], at=then, by=manager)

        results = together(merging_of(kept, gone, manager, then), record, send, offer)

        merged, recorded, sent, moved = results
        assert (recorded, sent) == (None, None)
        assert isinstance(merged, Merge | Conflict)
        home = kept.pk if isinstance(merged, Merge) else gone.pk
        assert Activity.objects.filter(lead=home, kind="note").count() == 5
        assert (
            bool(moved.changes)
            == StageChange.objects.filter(lead=home, verb="offer", at=then).exists()
        )
    assert FormSubmission.objects.filter(state="done").exclude(lead=None).count() == ROUNDS
    assert find_broken() == []


def test_whoever_is_compared_may_be_merged(at: datetime, manager: User) -> None:
    for number in range(ROUNDS):
        one, other = people.inquiries(2, at=at, last_name="King", phone=f"+4930{number}", email="")

        results = together(
            merging_of(one, other, manager, at), lambda: leads.find_duplicates(at=at)
        )

        assert isinstance(results[0], Merge)
        assert isinstance(results[1], int)
