"""Live workers hold a database lock, so that a rehearsal in the future can refuse to run beside them."""

import psycopg2
from django.db import connection, connections
from psycopg2 import extensions

LOCK_KEY = 5_323_001

_held: extensions.connection | None = None


def announce() -> None:
    """Hold the shared lock for as long as this process lives; the server frees it however it ends.

    Safe to call again: a lock that went away with a restarted server is taken anew.
    """
    global _held
    if _held is not None and _is_alive(_held):
        return
    params = connections["default"].get_connection_params()
    params.pop("cursor_factory", None)
    params.pop("context", None)
    _held = psycopg2.connect(**params)
    _held.autocommit = True
    with _held.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s)", [LOCK_KEY])


def _is_alive(held: extensions.connection) -> bool:
    try:
        with held.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        return False
    return True


def workers_run() -> bool:
    """Whether a worker holds the lock on this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY])
        free = cursor.fetchone()[0]
        if free:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])
    return not free
