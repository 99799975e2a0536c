"""Users and leads in the states that tests need, reached through the real services."""

import itertools
from datetime import datetime
from typing import Any

from leadflow.core.models import Team, User
from leads import services as leads
from leads.models import Lead

_numbers = itertools.count(1)


def user(role: str, *, team: str = "", **fields: Any) -> User:
    """A user with `role`, whose password is "secret"."""
    number = next(_numbers)
    return User.objects.create_user(
        f"{role}{number}@example.com",
        "secret",
        name=f"{role.title()} {number}",
        role=role,
        team=Team.objects.get(key=team) if team else None,
        **fields,
    )


def inquiries(count: int, *, at: datetime, **facts: Any) -> list[Lead]:
    """Leads where the path begins."""
    people = [
        leads.NewLead(
            at=at,
            facts={"email": f"lead{next(_numbers)}@example.com", "first_name": "Ada"} | facts,
        )
        for _ in range(count)
    ]
    return leads.create_leads(people=people, at=at)


def inquiry(*, at: datetime, **facts: Any) -> Lead:
    """One lead where the path begins."""
    return inquiries(1, at=at, **facts)[0]


def offered(*, at: datetime, count: int = 1, **facts: Any) -> list[Lead]:
    """Leads that wait for the answer of sales."""
    rows = inquiries(count, at=at, **facts)
    leads.offer(lead_ids=[row.pk for row in rows], at=at).or_raise()
    return fresh(rows)


def fresh(rows: list[Lead]) -> list[Lead]:
    """The rows as they are in the database now, in the same order."""
    found = Lead.objects.in_bulk([row.pk for row in rows])
    return [found[row.pk] for row in rows]
