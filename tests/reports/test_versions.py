"""What is changed in the pipeline, or taken back, later on leaves reports of past periods alone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Max
from django.http import QueryDict

from leadflow.core.models import User
from leads import queries as lead_queries
from leads import services as leads
from leads.models import Handoff, Lead, PipelineVersion, Stage, StageChange
from reports import queries
from reports.engine.periods import Period
from reports.queries import FunnelReport
from reports.views.links import leads_behind

Enter = Callable[..., list[int]]
Act = Callable[..., None]
LAST_QUARTER = Period(datetime(2026, 1, 1).date(), datetime(2026, 3, 31).date())
NOW = datetime(2026, 5, 20, 9, tzinfo=UTC)


@pytest.fixture
def quarter(enter: Enter, act: Act, time_machine: Any) -> list[int]:
    """120 leads that came last quarter and got differently far; now is in the next one."""
    time_machine.move_to(NOW, tick=False)
    PipelineVersion.objects.update(at=datetime(2025, 1, 1, tzinfo=UTC))
    came = datetime(2026, 1, 12, 9, tzinfo=UTC)
    ids = [
        *enter(70, stage="inquiry", on=came),
        *enter(50, stage="inquiry", on=came + timedelta(days=40), source="email"),
    ]
    act("offer", ids[20:], on=came + timedelta(days=50))
    act("accept", ids[20:90], on=came + timedelta(days=51))
    act("reject", ids[90:100], on=came + timedelta(days=51), reason="no_need")
    act("win", ids[20:45], on=came + timedelta(days=60))
    return ids


def publish(*, at: datetime) -> None:
    """Keep the pipeline as it is now as its next version."""
    number = (PipelineVersion.objects.aggregate(most=Max("number"))["most"] or 0) + 1
    PipelineVersion.objects.create(
        number=number, at=at, change="Changed", content=leads.load_pipeline().content()
    )


def switch_on(key: str, *, at: datetime) -> None:
    Handoff.objects.filter(key=key).update(is_active=True)
    publish(at=at)


def last_quarter(**asked: Any) -> FunnelReport:
    start, end = LAST_QUARTER.start("UTC"), LAST_QUARTER.end("UTC")
    return queries.funnel(user=None, at=NOW, start=start, end=end, **asked)


def listed(href: str, user: User) -> int:
    params = QueryDict(href.partition("?")[2]).dict()
    return lead_queries.list_leads(user=user, params=params).count()


def test_a_hand_off_switched_on_later_leaves_last_quarter_as_it_was(
    quarter: list[int], enter: Enter
) -> None:
    before = last_quarter(by="source")

    switch_on("qualified_inquiry", at=NOW)
    enter(3, stage="qualified_inquiry", on=NOW)

    assert last_quarter(by="source") == before
    assert [one.leads for one in before.overall.stages] == [120, 100, 70, 25, 25, 25]
    now = queries.funnel(user=None, at=NOW, start=LAST_QUARTER.end("UTC"))
    assert [(one.abbreviation, one.leads) for one in now.overall.stages][:3] == [
        ("INQ", 3),
        ("QI", 3),
        ("QIA", 0),
    ]
    assert now.path.offered == "qualified_inquiry"


def test_stages_keep_the_names_they_had(quarter: list[int]) -> None:
    Stage.objects.filter(key="sal").update(name="Taken by sales", abbreviation="TBS")
    publish(at=NOW)

    names = [one.name for one in last_quarter().overall.stages]
    assert "Sales accepted" in names
    assert "Taken by sales" in [
        one.name for one in queries.funnel(user=None, at=NOW).overall.stages
    ]


def test_a_stage_made_later_counts_for_the_last_one_before_it(quarter: list[int], act: Act) -> None:
    before = last_quarter().overall
    sal = Stage.objects.get(key="sal")
    Stage.objects.create(key="met", name="Met", abbreviation="MET", position=sal.position + 1)
    publish(at=NOW)

    act("advance", quarter[45:50], on=NOW, towards="met")

    assert last_quarter().overall == before
    now = {one.key: one.leads for one in queries.funnel(user=None, at=NOW).overall.stages}
    assert (now["sal"], now["met"], now["sql"]) == (70, 30, 25)


def test_leads_moved_by_a_merge_did_not_get_further(quarter: list[int]) -> None:
    before = last_quarter()
    waiting = Lead.objects.filter(stage="sal")
    for lead in waiting:
        write_change(lead, "sql", "merge")

    assert last_quarter() == before
    times = {one.key: one.moved_on for one in queries.velocity(user=None, at=NOW).stages}
    assert times["sal"] == 25


def test_each_number_of_then_opens_the_leads_of_then(quarter: list[int], manager: User) -> None:
    switch_on("qualified_inquiry", at=NOW)

    for by in (None, "month", "cycle", "source"):
        report = last_quarter(by=by)
        for one in report.groups:
            for stage in one.stages:
                href = leads_behind(
                    period=LAST_QUARTER, reached=stage.key, split=report.by, group=one.group
                )
                assert listed(href, manager) == stage.leads, href
        for stage in report.overall.stages:
            href = leads_behind(period=LAST_QUARTER, reached=stage.key)
            assert listed(href, manager) == stage.leads, href


def test_the_target_is_the_one_that_was_agreed_then(quarter: list[int]) -> None:
    Handoff.objects.filter(key="mql_sal").update(target="0.600")
    publish(at=datetime(2026, 3, 10, tzinfo=UTC))
    Handoff.objects.filter(key="mql_sal").update(target="0.500")
    publish(at=NOW)

    then = queries.handoffs(user=None, at=NOW, end=datetime(2026, 3, 1, tzinfo=UTC))[0]
    quarter_end = queries.handoffs(user=None, at=NOW, end=LAST_QUARTER.end("UTC"))[0]
    now = queries.handoffs(user=None, at=NOW)[0]

    assert [then.target, quarter_end.target, now.target] == [1.0, 0.6, 0.5]


def test_each_month_of_the_trend_has_its_own_target(quarter: list[int], enter: Enter) -> None:
    enter(2, on=NOW - timedelta(days=60))
    enter(2, on=NOW)
    Handoff.objects.filter(key="mql_sal").update(target="0.600")
    publish(at=datetime(2026, 3, 10, tzinfo=UTC))
    Handoff.objects.filter(key="mql_sal").update(target="0.500")
    publish(at=NOW - timedelta(days=5))

    trend = queries.handoffs(user=None, at=NOW, by="month")[0]

    assert [(one.group.key, one.target) for one in trend.groups] == [
        ("2026-03", 0.6),
        ("2026-05", 0.5),
    ]


def test_a_hand_off_switched_off_is_shown_while_it_has_offers(
    quarter: list[int], enter: Enter
) -> None:
    switch_on("qualified_inquiry", at=datetime(2026, 4, 2, tzinfo=UTC))
    enter(2, stage="qualified_inquiry", on=datetime(2026, 4, 3, tzinfo=UTC))
    Handoff.objects.filter(key="qualified_inquiry").update(is_active=False)
    publish(at=datetime(2026, 5, 1, tzinfo=UTC))

    since = datetime(2026, 5, 2, tzinfo=UTC)
    always = queries.handoffs(user=None, at=NOW)
    lately = queries.handoffs(user=None, at=NOW, start=since)

    assert [one.handoff.key for one in always] == ["qualified_inquiry", "mql_sal"]
    assert [one.handoff.key for one in lately] == ["mql_sal"]


def write_change(lead: Lead, to_stage: str, verb: str, **said: Any) -> None:
    """One more line of a lead's history, as the rows of a merge or a correction are written."""
    said = {"cycle": lead.cycle, "seconds": 60} | said
    change = StageChange.objects.create(
        lead=lead,
        from_stage_id=lead.stage,
        to_stage_id=to_stage,
        verb=verb,
        at=NOW,
        pipeline_version=1,
        **said,
    )
    Lead.objects.filter(pk=lead.pk).update(
        stage=to_stage, last_change=change.pk, cycle=said["cycle"]
    )


def take_back(lead_id: int) -> None:
    """Undo the last change of a lead the way a correction does."""
    lead = Lead.objects.get(pk=lead_id)
    last = StageChange.objects.get(pk=lead.last_change)
    cycle = lead.cycle - (last.verb == "revive")
    write_change(lead, last.from_stage_id, "correct", corrects=last.pk, cycle=cycle)


def test_what_was_taken_back_leaves_funnel_and_times(enter: Enter, act: Act, at: datetime) -> None:
    ids = enter(3, stage="inquiry")
    act("win", ids[:1], on=at + timedelta(days=2))
    before = (queries.funnel(user=None, at=at), queries.velocity(user=None, at=at))

    act("offer", ids[1:], on=at + timedelta(days=3))
    act("revive", ids[:1], on=at + timedelta(days=4))
    for lead_id in ids:
        take_back(lead_id)

    assert (queries.funnel(user=None, at=at), queries.velocity(user=None, at=at)) == before


def test_the_list_leaves_out_what_was_taken_back(
    enter: Enter, act: Act, at: datetime, manager: User
) -> None:
    ids = enter(3, stage="inquiry")
    act("offer", ids[:2])
    take_back(ids[0])

    report = queries.funnel(user=None, at=at)

    for stage in report.overall.stages:
        href = leads_behind(period=Period(), reached=stage.key)
        assert listed(href, manager) == stage.leads
    assert report.overall.offered == 1


def test_a_revival_taken_back_begins_no_cycle(
    enter: Enter, act: Act, at: datetime, manager: User
) -> None:
    ids = enter(2, on=at)
    act("recycle", ids, on=at + timedelta(days=1))
    act("revive", ids, on=NOW - timedelta(days=1))
    take_back(ids[0])

    start = NOW - timedelta(days=2)
    assert queries.funnel(user=None, at=NOW, start=start).overall.stages[0].leads == 1
    href = leads_behind(period=Period(first=start.date()), reached="inquiry")
    assert listed(href, manager) == 1
