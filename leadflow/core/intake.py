"""Group commit: requests of one process that store a row at the same time share one commit."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    InterfaceError,
    OperationalError,
    connection,
    connections,
    models,
)
from django.db.backends.base.base import BaseDatabaseWrapper

MOST_AT_ONCE = 500
IDLE_SECONDS = 1.0  # after that the kept connection is asked whether it still lives


@dataclass(eq=False)
class _Ticket:
    """A row that waits to be written, and what became of it."""

    row: models.Model
    called: threading.Event = field(default_factory=threading.Event)  # done, or next to write
    is_done: bool = False
    error: Exception | None = None


class Intake:
    """Stores rows of one model, each committed when `put` returns; safe from any thread.

    Whoever comes first writes; the next writes for all who came meanwhile: one statement, one commit,
    one connection for the whole process, which is kept. With `ignore_conflicts` a row whose unique key is known
    counts as stored, and a statement that met a dead connection is tried once more.
    """

    def __init__(self, model: type[models.Model], *, ignore_conflicts: bool = False) -> None:
        self.model = model
        self.ignore_conflicts = ignore_conflicts
        self.fields = [field for field in model._meta.concrete_fields if not field.primary_key]
        self._waiting: list[_Ticket] = []
        self._is_led = False  # somebody writes, and will call the next
        self._queue = threading.Lock()
        self._turn = threading.Lock()
        self._line: BaseDatabaseWrapper | None = None
        self._used_at = 0.0
        _all.add(self)

    def put(self, row: models.Model) -> None:
        """Store `row`; raises the database's error. Inside a transaction it is part of that one."""
        if connection.in_atomic_block:
            rows: Any = self.model._base_manager
            rows.bulk_create([row], ignore_conflicts=self.ignore_conflicts)
            return
        ticket = _Ticket(row)
        with self._queue:
            self._waiting.append(ticket)
            is_first, self._is_led = not self._is_led, True
        if not is_first:
            ticket.called.wait()
        if not ticket.is_done:
            self._write_and_call_next()
        if ticket.error is not None:
            raise ticket.error

    def close(self) -> None:
        """Give the connection back; the next row opens another."""
        with self._turn:
            self._hang_up()

    def _write_and_call_next(self) -> None:
        try:
            with self._turn:
                self._write_waiting()
        finally:
            with self._queue:
                self._is_led = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].called.set()

    def _write_waiting(self) -> None:
        with self._queue:
            batch, self._waiting = (
                self._waiting[:MOST_AT_ONCE],
                self._waiting[MOST_AT_ONCE:],
            )
        try:
            self._write(batch)
        except (OperationalError, InterfaceError) as error:
            self._blame(batch, error)
        except (DatabaseError, ValueError, TypeError):  # one row is to blame: each for itself
            for ticket in batch:
                self._write_alone(ticket)
        except BaseException as error:  # whoever wrote was stopped: nobody waits for ever
            self._blame(batch, OperationalError(f"not written: {error!r}"))
            raise
        finally:
            for ticket in batch:
                ticket.is_done = True
                ticket.called.set()

    def _write_alone(self, ticket: _Ticket) -> None:
        try:
            self._write([ticket])
        except (DatabaseError, InterfaceError, ValueError, TypeError) as error:
            ticket.error = error

    @staticmethod
    def _blame(batch: Sequence[_Ticket], error: Exception) -> None:
        for ticket in batch:
            ticket.error = error

    def _write(self, batch: Sequence[_Ticket]) -> None:
        try:
            self._insert(batch)
        except (OperationalError, InterfaceError):
            self._hang_up()
            if not self.ignore_conflicts:
                raise
            self._insert(batch)

    def _insert(self, batch: Sequence[_Ticket]) -> None:
        line = self._call()
        quote = line.ops.quote_name
        columns = ", ".join(quote(str(field.column)) for field in self.fields)
        places = ", ".join(["%s"] * len(self.fields))
        values = ", ".join([f"({places})"] * len(batch))
        after = " ON CONFLICT DO NOTHING" if self.ignore_conflicts else ""
        with line.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {quote(self.model._meta.db_table)} ({columns}) VALUES {values}{after}",
                [self._value(field, ticket.row, line) for ticket in batch for field in self.fields],
            )
        self._used_at = time.monotonic()

    @staticmethod
    def _value(field: Any, row: models.Model, line: BaseDatabaseWrapper) -> Any:
        return field.get_db_prep_save(field.pre_save(row, add=True), connection=line)

    def _call(self) -> BaseDatabaseWrapper:
        """The kept connection; a new one where it does not answer any more."""
        is_idle = time.monotonic() - self._used_at > IDLE_SECONDS
        if self._line is not None and is_idle and not self._line.is_usable():
            self._hang_up()
        if self._line is None:
            self._line = connections.create_connection(DEFAULT_DB_ALIAS)
            self._line.inc_thread_sharing()
        return self._line

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


_all: "WeakSet[Intake]" = WeakSet()


def close_all() -> None:
    """Give back every connection that intakes of this process keep."""
    for intake in list(_all):
        intake.close()
