"""Group commit: requests of one process that store a row at the same time share a commit."""

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

LINES = 4  # connections that an intake keeps, and commits under way at once
MOST_AT_ONCE = 500
IDLE_SECONDS = 1.0  # after that a kept connection is asked whether it still lives


class _Line:
    """A kept connection, replaced where it does not answer any more."""

    def __init__(self) -> None:
        self._kept: BaseDatabaseWrapper | None = None
        self.used_at = 0.0

    def call(self) -> BaseDatabaseWrapper:
        """The connection; a new one where there is none that answers."""
        is_idle = time.monotonic() - self.used_at > IDLE_SECONDS
        if self._kept is not None and is_idle and not self._kept.is_usable():
            self.hang_up()
        if self._kept is None:
            self._kept = connections.create_connection(DEFAULT_DB_ALIAS)
            self._kept.inc_thread_sharing()
        self.used_at = time.monotonic()
        return self._kept

    def hang_up(self) -> None:
        """Give the connection back."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None


@dataclass(eq=False)
class _Ticket:
    """A row that waits to be written, and what became of it."""

    row: models.Model
    called: threading.Event = field(default_factory=threading.Event)  # it is done, or its turn
    line: _Line | None = None  # what to write on, and what to write, where it is its turn
    batch: "list[_Ticket]" = field(default_factory=list)
    error: Exception | None = None


class Intake:
    """Stores rows of one model, each committed when `put` returns; safe from any thread.

    A few write at once, each on a connection that is kept. Who comes while all of them are busy waits,
    and the first of those who wait then writes for all of them: one statement, one commit. With
    `ignore_conflicts` a row whose unique key is known counts as stored, and a statement that met a dead
    connection is tried once more.
    """

    def __init__(
        self, model: type[models.Model], *, ignore_conflicts: bool = False, lines: int = LINES
    ) -> None:
        self.model = model
        self.ignore_conflicts = ignore_conflicts
        self.fields = [field for field in model._meta.concrete_fields if not field.primary_key]
        self._waiting: list[_Ticket] = []
        self._free = [_Line() for _ in range(lines)]
        self._queue = threading.Lock()  # held around both of them
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
            if self._free:
                self._give_turn(ticket, self._free.pop())
        ticket.called.wait()
        if ticket.line is not None:
            self._write_and_call_next(ticket.line, ticket.batch)
        if ticket.error is not None:
            raise ticket.error

    def close(self) -> None:
        """Give the connections back that nobody writes on; the next row opens another."""
        with self._queue:
            for line in self._free:
                line.hang_up()

    def _give_turn(self, ticket: _Ticket, line: _Line) -> None:
        """Let the thread of `ticket` write all that waits; the caller holds the queue."""
        ticket.line = line
        ticket.batch, self._waiting = (
            self._waiting[:MOST_AT_ONCE],
            self._waiting[MOST_AT_ONCE:],
        )
        ticket.called.set()

    def _write_and_call_next(self, line: _Line, batch: Sequence[_Ticket]) -> None:
        try:
            self._write_all(line, batch)
        finally:
            with self._queue:
                if self._waiting:
                    self._give_turn(self._waiting[0], line)
                else:
                    self._free.append(line)
            for ticket in batch:
                ticket.called.set()

    def _write_all(self, line: _Line, batch: Sequence[_Ticket]) -> None:
        try:
            self._write(line, batch)
        except (OperationalError, InterfaceError) as error:
            self._blame(batch, error)
        except (DatabaseError, ValueError, TypeError):  # one row is to blame: each for itself
            for ticket in batch:
                self._write_alone(line, ticket)
        except BaseException as error:  # whoever wrote was stopped: nobody waits for ever
            self._blame(batch, OperationalError(f"not written: {error!r}"))
            raise

    def _write_alone(self, line: _Line, ticket: _Ticket) -> None:
        try:
            self._write(line, [ticket])
        except (DatabaseError, InterfaceError, ValueError, TypeError) as error:
            ticket.error = error

    @staticmethod
    def _blame(batch: Sequence[_Ticket], error: Exception) -> None:
        for ticket in batch:
            ticket.error = error

    def _write(self, line: _Line, batch: Sequence[_Ticket]) -> None:
        try:
            self._insert(line, batch)
        except (OperationalError, InterfaceError):
            line.hang_up()
            if not self.ignore_conflicts:
                raise
            self._insert(line, batch)

    def _insert(self, line: _Line, batch: Sequence[_Ticket]) -> None:
        database = line.call()
        quote = database.ops.quote_name
        columns = ", ".join(quote(str(field.column)) for field in self.fields)
        places = ", ".join(["%s"] * len(self.fields))
        values = ", ".join([f"({places})"] * len(batch))
        after = " ON CONFLICT DO NOTHING" if self.ignore_conflicts else ""
        rows = [ticket.row for ticket in batch]
        with database.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {quote(self.model._meta.db_table)} ({columns}) VALUES {values}{after}",
                [self._value(field, row, database) for row in rows for field in self.fields],
            )

    @staticmethod
    def _value(field: Any, row: models.Model, database: BaseDatabaseWrapper) -> Any:
        return field.get_db_prep_save(field.pre_save(row, add=True), connection=database)


_all: "WeakSet[Intake]" = WeakSet()


def close_all() -> None:
    """Give back every connection that intakes of this process keep."""
    for intake in list(_all):
        intake.close()
