"""When the database has trouble, or a process dies on the way: nothing is lost, nothing goes on for ever."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from leads import services as leads
from leads.models import Activity, Form, FormSubmission, Lead
from leads.services import submissions
from tests.factories import people

pytestmark = pytest.mark.django_db(transaction=True)


def _receive(form: Form, number: int, *, at: datetime) -> None:
    leads.receive_submission(
        form=form,
        values={"email": f"p{number}@example.com", "first_name": "New"},
        token=f"t{number}",
        visitor_id=None,
        source="",
        at=at,
    )


@contextmanager
def _held(lead: Lead) -> Iterator[None]:
    """Somebody else holds the lead's row, and nobody waits for it."""
    other: Any = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT FROM leads_lead WHERE id = %s FOR UPDATE", [lead.pk])
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        yield
    finally:
        other.close()
        connection.cursor().execute("RESET lock_timeout")


def _states() -> list[tuple[str, int]]:
    rows = FormSubmission.objects.order_by("pk")
    return list(rows.values_list("state", "attempts"))


def test_one_that_always_meets_trouble_is_set_apart_and_given_up(form: Form, at: datetime) -> None:
    lead = people.inquiry(at=at, email="p0@example.com", first_name="")
    for number in range(3):
        _receive(form, number, at=at)
    moments = [at + timedelta(minutes=15 * n) for n in range(20)]

    with _held(lead):
        for moment in moments[:4]:
            leads.process_submissions(at=moment)
        assert [state for state, _ in _states()] == ["received", "done", "done"]
        for moment in moments[4:]:
            leads.process_submissions(at=moment)

    assert _states()[0] == ("failed", submissions.MOST_ATTEMPTS)
    assert "could not take it 10 times" in FormSubmission.objects.earliest("pk").error
    assert leads.reprocess_submissions(
        submission_ids=FormSubmission.objects.values_list("pk", flat=True), at=moments[-1]
    ) == 1  # fmt: skip
    assert Lead.objects.get(pk=lead.pk).first_name == "New"


def test_what_met_trouble_waits_longer_each_time(form: Form, at: datetime) -> None:
    lead = people.inquiry(at=at, email="p0@example.com", first_name="")
    _receive(form, 0, at=at)

    waits = []
    with _held(lead):
        for _ in range(3):
            now = FormSubmission.objects.get().next_attempt_at or at
            leads.process_submissions(at=now)
            assert leads.process_submissions(at=now) == 0
            waits.append(FormSubmission.objects.get().next_attempt_at - now)

    assert waits == [timedelta(seconds=seconds) for seconds in (2, 4, 8)]


def test_what_came_after_trouble_goes_on_at_once(form: Form, at: datetime) -> None:
    lead = people.inquiry(at=at, email="p0@example.com", first_name="")
    _receive(form, 0, at=at)

    with _held(lead):
        leads.process_submissions(at=at)
        _receive(form, 1, at=at)
        leads.process_submissions(at=at)

    assert _states() == [("received", 1), ("done", 0)]


SWEEP = """
import django, time, sys
django.setup()
from django.utils import timezone
from leads import services as leads
from leads.services import understanding
before = understanding.record_activities
def slow(**said):
    print("writing", flush=True)
    time.sleep({pause})
    return before(**said)
understanding.record_activities = slow
leads.process_submissions(at=timezone.now())
print("done", flush=True)
"""


def _sweep(pause: float) -> "subprocess.Popen[str]":
    database = connection.settings_dict
    environment = os.environ | {
        "DATABASE_URL": os.environ.get("DATABASE_URL", "") or _url(database["NAME"]),
        "DJANGO_SETTINGS_MODULE": "leadflow.settings",
        "NUDGES": "0",
    }
    return subprocess.Popen(
        [sys.executable, "-c", SWEEP.format(pause=pause)],
        cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def _url(name: str) -> str:
    from leadflow.runtime import addresses

    return addresses.database_url().replace(f"/{addresses.DATABASE}?", f"/{name}?")


def test_a_worker_killed_in_the_middle_leaves_everything_for_the_next(form: Form) -> None:
    for number in range(30):
        _receive(form, number, at=timezone.now())
    worker = _sweep(pause=60)
    assert worker.stdout is not None
    assert worker.stdout.readline() == "writing\n"

    os.kill(worker.pid, signal.SIGKILL)
    worker.communicate()
    assert not Lead.objects.exists()
    leads.process_submissions(at=timezone.now())

    assert Lead.objects.count() == Activity.objects.filter(kind="form").count() == 30
    assert {state for state, _ in _states()} == {"done"}


def test_two_workers_at_once_make_everybody_once(form: Form) -> None:
    for number in range(300):
        _receive(form, number % 150, at=timezone.now())
        leads.receive_submission(
            form=form, values={"email": f"p{number % 150}@example.com"}, token=f"again{number}",
            visitor_id=None, source="", at=timezone.now(),
        )  # fmt: skip

    def work() -> None:
        try:
            leads.process_submissions(at=timezone.now())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    leads.process_submissions(at=timezone.now() + timedelta(minutes=1))

    assert Lead.objects.count() == 150
    assert Activity.objects.filter(kind="form").count() == 450
