"""Histories that the report tests count, written through the verbs."""

import itertools
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from leads import services as leads

_numbers = itertools.count(1)


@pytest.fixture
def enter(db: None, at: datetime) -> Callable[..., list[int]]:
    """Create leads that enter a stage; returns their ids."""

    def run(
        count: int = 1, *, stage: str = "mql", on: datetime | None = None, **facts: Any
    ) -> list[int]:
        people = [
            leads.NewLead(
                at=on or at, stage=stage, facts={"external_id": f"x{next(_numbers)}"} | facts
            )
            for _ in range(count)
        ]
        return [lead.pk for lead in leads.create_leads(people=people, at=on or at, is_silent=True)]

    return run


@pytest.fixture
def act(db: None, at: datetime) -> Callable[..., None]:
    """Run a verb on leads, the way imported history does; every lead must move."""

    def run(verb: str, lead_ids: Sequence[int], *, on: datetime | None = None, **said: Any) -> None:
        said = {"may_skip": True, "is_silent": True} | said
        leads.move(lead_ids=lead_ids, act=leads.Act(verb=verb, at=on or at, **said)).or_raise()

    return run


@pytest.fixture
def count_rows(db: None) -> Callable[..., int]:
    """What plain SQL counts."""

    def run(statement: str, *params: Any) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            return int(cursor.fetchone()[0])

    return run
