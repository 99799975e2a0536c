"""Taking turns: what was worked out earlier must not be written later.

Leads are scored in blocks of ids; whoever scores holds the turn of each block until the transaction
ends. Putting another version into use takes the turn of all of them.
"""

from collections.abc import Iterable

from django.db import connection

BLOCK = 5_000  # ids
TURNS = 64  # blocks share turns, so that a transaction holds so many locks at most
KEY = 5_323_005
EVERYBODY = -1


def block_of(lead_id: int) -> int:
    """The block that a lead belongs to."""
    return lead_id // BLOCK


def take_turns(blocks: Iterable[int]) -> None:
    """Wait until nobody else scores these blocks; in one order, so that nobody waits in a circle."""
    turns = sorted({block % TURNS for block in blocks})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [KEY, EVERYBODY])
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, turn) FROM unnest(%s::int[]) AS turn", [KEY, turns]
        )
        cursor.execute("SET LOCAL work_mem = '64MB'")  # sorts in memory: half the time
        cursor.execute("SET LOCAL jit = off")  # compiling would take longer than the statement


def take_every_turn() -> None:
    """Wait until nobody scores at all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [KEY, EVERYBODY])
