"""Rows stored by many requests at once: each is there when it is said to be, or its error is told."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils import timezone

from leadflow.core.intake import LINES, Intake, _Line, _Ticket
from leadflow.core.models import Delivery, OutboxEvent


def an_event(kind: str = "Told", payload: object = None) -> OutboxEvent:
    return OutboxEvent(kind=kind, payload=payload or {}, at=timezone.now())


@pytest.fixture
def intake() -> Intake:
    return Intake(OutboxEvent, lines=1)


def at_once(count: int, act: Callable[[int], object]) -> list[object]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(act, range(count)))


@pytest.mark.django_db(transaction=True)
def test_every_row_is_there_when_put_returns(intake: Intake) -> None:
    def put_and_look(number: int) -> bool:
        intake.put(an_event(f"Told{number}"))
        try:
            return OutboxEvent.objects.filter(kind=f"Told{number}").exists()
        finally:
            connection.close()

    assert all(at_once(20, put_and_look))
    assert OutboxEvent.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_a_bad_row_fails_alone(intake: Intake) -> None:
    tickets = [_Ticket(an_event(f"Told{number}")) for number in range(3)]
    tickets[1].row.kind = "x" * 200  # type: ignore[attr-defined]  # longer than the column
    intake._waiting.extend(tickets)

    intake.put(an_event("Last"))

    assert [ticket.error is None for ticket in tickets] == [True, False, True]
    assert isinstance(tickets[1].error, DatabaseError)
    assert set(OutboxEvent.objects.values_list("kind", flat=True)) == {"Told0", "Told2", "Last"}


@pytest.mark.django_db(transaction=True)
def test_waiting_rows_share_one_commit(intake: Intake) -> None:
    intake._waiting.extend(_Ticket(an_event()) for _ in range(9))
    intake.put(an_event())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT xmin::text), count(*) FROM core_outboxevent")
        assert cursor.fetchone() == (1, 10)


@pytest.mark.django_db(transaction=True)
def test_a_known_key_counts_as_stored() -> None:
    event = OutboxEvent.objects.create(kind="Told", payload={}, at=timezone.now())
    intake = Intake(Delivery, ignore_conflicts=True)

    at_once(
        50,
        lambda number: intake.put(
            Delivery(event=event, subscriber="somebody", due_at=timezone.now())
        ),
    )

    assert Delivery.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_is_replaced(intake: Intake) -> None:
    intake.put(an_event())
    _end_connection(intake)
    intake._free[0].used_at = 0.0
    intake.put(an_event())
    assert OutboxEvent.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_death_in_between_is_told_and_does_not_stay(intake: Intake) -> None:
    intake.put(an_event())
    _end_connection(intake)
    with pytest.raises(OperationalError):
        intake.put(an_event())
    intake.put(an_event())
    assert OutboxEvent.objects.count() == 2


@pytest.mark.django_db
def test_inside_a_transaction_the_row_shares_its_fate(intake: Intake) -> None:
    with transaction.atomic():
        intake.put(an_event())
        assert OutboxEvent.objects.count() == 1
        transaction.set_rollback(True)
    assert not OutboxEvent.objects.exists()


def _end_connection(intake: Intake) -> None:
    """Let the server end the connection that the intake keeps, and no other."""
    kept = intake._free[0]._kept
    assert kept is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [kept.connection.get_backend_pid()])


@pytest.mark.django_db(transaction=True)
def test_who_comes_while_somebody_writes_shares_the_next_commit(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    write = intake._insert
    others = threading.Event()

    def watched(line: _Line, batch: list[_Ticket]) -> None:  # waits until all others are there
        batches.append(len(batch))
        others.wait()
        write(line, batch)

    monkeypatch.setattr(intake, "_insert", watched)
    with ThreadPoolExecutor(10) as pool:
        written = [pool.submit(intake.put, an_event()) for _ in range(10)]
        while len(intake._waiting) < 9:
            time.sleep(0.01)
        others.set()
        for one in written:
            one.result()

    assert batches == [1, 9]
    assert OutboxEvent.objects.count() == 10


@pytest.mark.django_db(transaction=True)
def test_a_few_write_at_once_and_never_more(monkeypatch: pytest.MonkeyPatch) -> None:
    intake = Intake(OutboxEvent)
    write, now, most = intake._insert, [], [0]

    def watched(line: _Line, batch: list[_Ticket]) -> None:
        now.append(line)
        most[0] = max(most[0], len(now))
        assert len(set(now)) == len(now)  # nobody writes on the line of another
        time.sleep(0.01)
        write(line, batch)
        now.remove(line)

    monkeypatch.setattr(intake, "_insert", watched)
    at_once(20, lambda number: [intake.put(an_event()) for _ in range(10)])

    assert 1 < most[0] <= LINES
    assert OutboxEvent.objects.count() == 200
    assert len(intake._free) == LINES
