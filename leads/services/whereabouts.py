"""Where leads live: whoever writes something about a lead holds it, so that it is not merged away meanwhile."""

from collections.abc import Collection

from django.db import connection

from leads.queries.merging import follow_merges


def hold_leads(lead_ids: Collection[int], *, to_write: bool = False) -> dict[int, int]:
    """Hold leads until the transaction ends; returns the new numbers of those merged away before.

    The lock is the one that a foreign key takes: it stands in nobody's way but a merge's. Whoever will
    write the leads after locking something below them takes an update's, `to_write`.
    """
    strength = "NO KEY UPDATE" if to_write else "KEY SHARE"
    moved: dict[int, int] = {}
    wanted = set(lead_ids)
    while wanted:
        missing = wanted - lock_present(wanted, strength)
        homes = follow_merges(missing) if missing else {}
        moved = {old: homes.get(new, new) for old, new in moved.items()} | homes
        wanted = set(homes.values())
    return moved


def lock_present(lead_ids: Collection[int], strength: str = "KEY SHARE") -> set[int]:
    """Hold leads until the transaction ends; returns those that are there."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM leads_lead WHERE id = ANY(%s) ORDER BY id FOR {strength}",
            [sorted(lead_ids)],
        )
        return {row[0] for row in cursor.fetchall()}
