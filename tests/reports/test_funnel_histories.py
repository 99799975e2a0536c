"""Whatever happens to leads, the funnel says what a naive recount says."""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads import services as leads
from leads.models import StageChange
from reports import queries

PATH = ["inquiry", "mql", "sal", "sql", "opportunity", "customer"]
REASONS = {"reject": "no_need", "lose": "price", "disqualify": "fake"}
DAYS = 40

histories = st.lists(
    st.tuples(
        st.sampled_from(["", "mql", "opportunity", "recycled"]),
        st.sampled_from([None, "", "unknown", "email"]),
        st.lists(st.sampled_from(sorted(leads.VERBS)), max_size=12),
        st.booleans(),
        st.integers(0, DAYS),
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.django_db
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(stories=histories, first=st.integers(0, DAYS), span=st.integers(0, 2 * DAYS))
def test_random_histories_are_counted_as_a_naive_recount_does(
    at: datetime, stories: list, first: int, span: int
) -> None:
    for stage, source, verbs, may_skip, day in stories:
        live(stage, source, verbs, may_skip=may_skip, since=at + timedelta(days=day))
    start, end = at + timedelta(days=first), at + timedelta(days=first + span)

    report = queries.funnel(user=None, at=end, start=start, end=end, by="source")

    assert {
        one.group.key: [stage.leads for stage in one.stages] for one in report.groups
    } == naive_recount(start, end)


def live(
    stage: str, source: str | None, verbs: list[str], *, may_skip: bool, since: datetime
) -> None:
    """One lead's life: a verb every other day; what is refused does not happen."""
    person = leads.NewLead(at=since, stage=stage, facts={"source": source})
    lead = leads.create_leads(people=[person], at=since, is_silent=True)[0]
    for number, verb in enumerate(verbs, 1):
        act = leads.Act(
            verb=verb,
            at=since + timedelta(days=2 * number),
            reason=REASONS.get(verb, ""),
            amount=Decimal(100) if verb == "advance" else None,
            may_skip=may_skip,
            is_silent=True,
        )
        leads.move(lead_ids=[lead.pk], act=act)


def naive_recount(start: datetime, end: datetime) -> dict[str | None, list[int]]:
    """Walk the raw rows of history, oldest first, lead by lead."""
    began: dict[tuple[int, int], datetime] = {}
    furthest: dict[int, int] = {}
    source_of: dict[int, str | None] = {}
    for change in StageChange.objects.select_related("lead").order_by("id"):
        cycle = (change.lead_id, change.cycle)
        began.setdefault(cycle, change.at)
        source_of[change.lead_id] = change.lead.source
        if start <= began[cycle] < end and change.to_stage_id in PATH:
            place = PATH.index(change.to_stage_id)
            furthest[change.lead_id] = max(place, furthest.get(change.lead_id, 0))
    counts: dict[str | None, list[int]] = defaultdict(lambda: [0] * len(PATH))
    for lead_id, place in furthest.items():
        for reached in range(place + 1):
            counts[source_of[lead_id]][reached] += 1
    return dict(counts)
