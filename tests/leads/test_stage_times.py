"""How long leads stood where, against a recount by hand."""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadflow.core.business_time import business_seconds
from leadflow.core.models import User
from leads import queries
from leads import services as leads
from leads.models import Lead, Reason, StageChange
from tests.factories import people

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def recount(lead: Lead, at: datetime) -> dict[tuple[int, str], list[Any]]:
    """The same, row by row: first and last entry, exits, seconds, business seconds, still there."""
    week = leads.default_week()
    undone = {row.corrects for row in StageChange.objects.all()}
    rows = [
        row
        for row in StageChange.objects.filter(lead=lead).order_by("id")
        if row.corrects is None and row.pk not in undone
    ]
    found: dict[tuple[int, str], list[Any]] = defaultdict(lambda: [None, None, 0, 0, 0, False])
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        place = found[row.cycle, row.to_stage_id]
        left_at = following.at if following else at
        place[0] = place[0] or row.at
        place[1] = row.at
        place[2] += following is not None
        place[3] += int((left_at - row.at).total_seconds())
        place[4] += round(business_seconds(row.at, left_at, week))
        place[5] |= following is None
    return dict(found)


def as_recounted(lead: Lead, at: datetime) -> dict[tuple[int, str], list[Any]]:
    return {
        (one.cycle, one.stage): [
            one.first_entered_at,
            one.last_entered_at,
            one.exits,
            one.seconds,
            one.business_seconds,
            one.is_running,
        ]
        for one in queries.stage_times(lead_ids=[lead.pk], at=at)
    }


steps = st.lists(st.sampled_from([*sorted(leads.VERBS), "take back"]), max_size=16)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps, st.integers(1, 40))
def test_whatever_happened_the_times_are_those_of_a_recount(
    at: datetime, manager: User, steps: list[str], hours: int
) -> None:
    with transaction.atomic():
        lead = people.inquiry(at=at)
        reasons = dict(Reason.objects.filter(needs_note=False).values_list("verb", "code"))
        now = at
        for step in steps:
            now += hours * HOUR
            if step == "take back":
                last = StageChange.objects.in_effect().latest("pk").pk
                leads.take_back(change_ids=[last], by=manager, at=now)
                continue
            act = leads.Act(verb=step, at=now, reason=reasons.get(step, ""), amount=Decimal(1))
            leads.move(lead_ids=[lead.pk], act=act)
        now += hours * HOUR
        assert as_recounted(lead, now) == recount(lead, now)
        transaction.set_rollback(True)


def test_cycles_are_kept_apart_and_the_running_stay_counts(at: datetime, rep: User) -> None:
    lead = people.inquiry(at=at)
    leads.recycle(lead_ids=[lead.pk], by=rep, reason="not_now", at=at + HOUR)
    leads.revive(lead_ids=[lead.pk], at=at + 3 * HOUR)

    times = queries.stage_times(lead_ids=[lead.pk], at=at + 7 * HOUR)

    assert [(t.cycle, t.stage, t.seconds // 3600, t.exits, t.is_running) for t in times] == [
        (1, "inquiry", 1, 1, False),
        (1, "recycled", 2, 1, False),
        (2, "inquiry", 4, 0, True),
    ]


def test_many_leads_take_one_statement(at: datetime, django_assert_num_queries: Any) -> None:
    rows = people.offered(at=at, count=50)

    with django_assert_num_queries(3):  # the calendar, its holidays, the stays
        times = queries.stage_times(lead_ids=[row.pk for row in rows], at=at + HOUR)

    assert len(times) == 100


def test_the_record_page_and_the_api_show_the_stays(
    at: datetime, manager: User, sign_in: Any, api: Any
) -> None:
    lead = people.inquiry(at=at)
    leads.recycle(lead_ids=[lead.pk], reason="not_now", at=at + HOUR)
    leads.revive(lead_ids=[lead.pk], at=at + 3 * HOUR)
    client: Client = sign_in(manager)

    page = client.get(f"/leads/{lead.pk}/").content.decode()
    whole = client.get(f"/leads/{lead.pk}/?times=all").content.decode()
    stays = api(manager).get(f"/api/v1/leads/{lead.pk}/stages/").json()

    assert "Time in stages" in page
    assert ("cycle 1</span>" in page, "?times=all" in page) == (False, True)
    assert whole.count("cycle 1</span>") == 2
    assert [(stay["stage"], stay["cycle"]) for stay in stays] == [
        ("inquiry", 1),
        ("recycled", 1),
        ("inquiry", 2),
    ]
    assert stays[0]["seconds"] == 3600
