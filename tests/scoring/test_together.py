"""Scoring by several workers at once: nothing is lost, nobody waits in a circle, no mix is seen."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections

from leads.models import Activity, Lead
from scoring import queries
from scoring import services as scoring
from scoring.models import LeadPoints, Rule
from scoring.services import rounds
from tests.factories import people
from tests.scoring.conftest import far_apart
from tests.scoring.worlds import AT

pytestmark = pytest.mark.django_db(transaction=True)

SEEN = """
SELECT (SELECT number FROM scoring_ruleset WHERE state = 'published'),
       array_agg(DISTINCT engagement)
  FROM leads_lead"""


def at_once(*acts: Callable[[], Any]) -> list[BaseException]:
    """Run acts at the same time, each on a connection of its own; returns what went wrong."""
    wrong: list[BaseException] = []
    together = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> None:
        try:
            together.wait(timeout=60)
            act()
        except BaseException as error:  # noqa: BLE001  (the test looks at it)
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


@pytest.fixture
def rows() -> list[Lead]:
    """Leads in two blocks; each has sent a form and is scored."""
    found = [*far_apart(AT), *people.inquiries(60, at=AT)]
    Activity.objects.bulk_create(Activity(lead=lead, kind="form", occurred_at=AT) for lead in found)
    refresh()
    assert set(Lead.objects.values_list("engagement", flat=True)) == {10}
    return found


def refresh() -> None:
    while scoring.refresh_scores(at=AT):
        pass


def publish(points: int) -> None:
    scoring.start_draft(by=None, at=AT)
    form = Rule.objects.get(rule_set__state="draft", label="Sent a form")
    figures = scoring.Figures(rule_points={form.pk: points})
    scoring.change_figures(figures=figures, by=None, at=AT)
    scoring.publish_draft(by=None, at=AT)


def test_nobody_ever_sees_a_mix_of_versions(rows, monkeypatch) -> None:
    monkeypatch.setattr(rounds, "PARTS_A_RUN", 1)
    publish(20)
    done = threading.Event()
    seen: list[tuple[int, list[int]]] = []

    def work() -> None:
        while queries.current_rules().number == 1:
            scoring.refresh_scores(at=AT)
            looked = len(seen)
            while len(seen) < looked + 2 and not done.is_set():  # somebody looks after every part
                time.sleep(0.005)
        done.set()

    def touch() -> None:
        while not done.is_set():
            scoring.score_leads(lead_ids=[row.pk for row in rows[::7]], at=AT)

    def read() -> None:
        while not done.is_set():
            with connection.cursor() as cursor:
                cursor.execute(SEEN)
                seen.append(cursor.fetchone())

    assert at_once(work, work, touch, read) == []

    assert {(number, tuple(points)) for number, points in seen} <= {(1, (10,)), (2, (20,))}
    assert queries.current_rules().number == 2
    assert set(Lead.objects.values_list("engagement", flat=True)) == {20}
    assert LeadPoints.objects.filter(rule_set__number=2).count() == len(rows)


def test_overlapping_leads_are_scored_at_once_in_any_order(rows) -> None:
    ids = [row.pk for row in rows]
    Activity.objects.bulk_create(Activity(lead=lead, kind="event", occurred_at=AT) for lead in rows)

    def score(some: list[int]) -> Callable[[], Any]:
        return lambda: [scoring.score_leads(lead_ids=some, at=AT) for _ in range(5)]

    assert at_once(score(ids), score(ids[::-1]), score(ids[::3]), refresh) == []

    assert set(Lead.objects.values_list("engagement", flat=True)) == {35}


def test_what_came_while_a_part_failed_is_not_lost(rows, monkeypatch) -> None:
    publish(20)
    keep, failures = rounds.keep_points, [DatabaseError("gone")]

    def keep_or_fail(*args: Any, **kwargs: Any) -> Any:
        rows = keep(*args, **kwargs)
        if failures:
            raise failures.pop()
        return rows

    monkeypatch.setattr(rounds, "keep_points", keep_or_fail)
    with pytest.raises(DatabaseError):
        scoring.refresh_scores(at=AT)
    assert queries.current_rules().number == 1
    assert not LeadPoints.objects.filter(rule_set__number=2).exists()

    refresh()

    assert queries.current_rules().number == 2
    assert set(Lead.objects.values_list("engagement", flat=True)) == {20}


def test_withdrawing_waits_for_whoever_scores_and_ends_cleanly(rows) -> None:
    publish(20)

    def withdraw() -> None:
        scoring.withdraw_version(by=None, at=AT)

    wrong = at_once(refresh, refresh, withdraw)

    number = queries.current_rules().number
    points = {1: {10}, 2: {20}}[number]  # whoever was first
    assert set(Lead.objects.values_list("engagement", flat=True)) == points
    assert len(wrong) == (1 if number == 2 else 0)
