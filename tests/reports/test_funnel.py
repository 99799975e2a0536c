"""The funnel against plain counts of the raw rows."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from content.models import Product
from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads.models import Campaign, Handoff, Lead, Territory
from reports import queries
from reports.queries import FunnelReport

PATH = ["inquiry", "mql", "sal", "sql", "opportunity", "customer"]
REACHED = "SELECT count(DISTINCT lead_id) FROM leads_stagechange WHERE to_stage = ANY(%s)"

Enter = Callable[..., list[int]]
Act = Callable[..., None]


def reached(report: FunnelReport) -> dict[str, int]:
    return {stage.key: stage.leads for stage in report.overall.stages}


def by_value(report: FunnelReport) -> dict[str | None, tuple[int, int]]:
    return {one.group.key: (one.offered, one.won) for one in report.groups}


def test_each_count_equals_a_plain_count_of_the_history(
    enter: Enter, act: Act, at: datetime, count_rows: Callable[..., int]
) -> None:
    ids = enter(20, stage="inquiry")
    act("offer", ids[:14])
    act("accept", ids[:9])
    act("reject", ids[9:12], reason="no_need")
    act("advance", ids[:5], towards="sql")
    act("win", ids[:2])
    act("lose", ids[2:4], reason="price")

    report = queries.funnel(user=None, at=at)

    expected = {key: count_rows(REACHED, PATH[place:]) for place, key in enumerate(PATH)}
    assert reached(report) == expected
    assert list(expected.values()) == [20, 14, 9, 5, 2, 2]


def test_a_skipped_stage_counts_as_reached_and_a_detour_does_not(
    enter: Enter, act: Act, at: datetime
) -> None:
    ids = enter(3)
    act("win", ids[:1])
    act("disqualify", ids[1:2], reason="fake")

    assert list(reached(queries.funnel(user=None, at=at)).values()) == [3, 3, 1, 1, 1, 1]


def test_conversion_is_from_the_previous_stage_and_share_is_of_the_first(
    enter: Enter, act: Act, at: datetime
) -> None:
    ids = enter(8, stage="inquiry")
    act("offer", ids[:4])
    act("accept", ids[:1])

    stages = queries.funnel(user=None, at=at).overall.stages

    assert [stage.from_previous for stage in stages] == [None, 0.5, 0.25, 0.0, None, None]
    assert [stage.from_first for stage in stages] == [1.0, 0.5, 0.125, 0.0, 0.0, 0.0]


def test_blank_not_recorded_and_the_word_unknown_stay_apart(
    enter: Enter, act: Act, at: datetime
) -> None:
    blank, nothing = enter(3, source=""), enter(2, source=None)
    enter(1, source="unknown")
    act("win", [blank[0], nothing[0], nothing[1]])

    report = queries.funnel(user=None, at=at, by="source")

    assert by_value(report) == {"": (3, 1), None: (2, 2), "unknown": (1, 0)}
    assert [one.group.label for one in report.groups] == ["blank", "not recorded", "unknown"]


def test_groups_come_largest_first_and_add_up(enter: Enter, act: Act, at: datetime) -> None:
    small, large = enter(2, source="email"), enter(5, source="organic_search")
    act("win", [small[0], *large[:3]])

    report = queries.funnel(user=None, at=at, by="source")

    assert [one.group.key for one in report.groups] == ["organic_search", "email"]
    assert [one.won_percent for one in report.groups] == [60.0, 50.0]
    assert (report.overall.offered, report.overall.won) == (7, 4)


def test_every_dimension_splits_the_same_leads(enter: Enter, at: datetime, rep: User) -> None:
    spring = Campaign.objects.create(key="spring", name="Spring")
    south = Territory.objects.create(key="south", name="South")
    pump, valve = (Product.objects.create(key=key, name=key) for key in ("pump", "valve"))
    known = {"campaign_id": spring.pk, "territory_id": south.pk, "owner_id": rep.pk}
    both, plain = enter(2, **known, country="DE", persona="influencer")
    enter(1)
    Lead.objects.get(pk=both).products.set([pump, valve])
    Lead.objects.get(pk=plain).products.set([pump])

    reports = {by: queries.funnel(user=None, at=at, by=by) for by in queries.LEAD_DIMENSIONS}
    found = {by: {one.group.key: one.offered for one in reports[by].groups} for by in reports}

    assert found == {
        "source": {None: 3},
        "campaign": {"spring": 2, None: 1},
        "product": {"pump": 2, "valve": 1, None: 1},
        "owner": {str(rep.pk): 2, None: 1},
        "territory": {"south": 2, None: 1},
        "persona": {"influencer": 2, "unknown": 1},
        "country": {"DE": 2, "": 1},
        "cycle": {"1": 3},
        "month": {"2026-03": 3},
    }
    assert reports["product"].overall.offered == 3


def test_the_cohort_is_told_by_when_the_cycle_began(enter: Enter, act: Act, at: datetime) -> None:
    early = enter(2, stage="inquiry", on=at - timedelta(days=60))
    enter(1, stage="inquiry", on=at)
    act("win", early[:1], on=at)
    act("recycle", early[1:], on=at - timedelta(days=30))
    act("revive", early[1:], on=at)
    act("offer", early[1:], on=at)

    old = queries.funnel(user=None, at=at, end=at - timedelta(days=1))
    new = queries.funnel(user=None, at=at, start=at - timedelta(days=1))

    assert list(reached(old).values()) == [2, 1, 1, 1, 1, 1]
    assert list(reached(new).values()) == [2, 1, 0, 0, 0, 0]
    assert reached(queries.funnel(user=None, at=at))["inquiry"] == 3


def test_months_follow_each_other_in_the_zone_of_the_reader(enter: Enter) -> None:
    enter(1, on=datetime(2026, 2, 28, 23, 30, tzinfo=UTC))
    enter(1, on=datetime(2026, 1, 15, tzinfo=UTC))

    at = datetime(2026, 4, 1, tzinfo=UTC)
    utc = queries.funnel(user=None, at=at, by="month")
    berlin = queries.funnel(user=None, at=at, by="month", zone="Europe/Berlin")

    assert [one.group.key for one in utc.groups] == ["2026-01", "2026-02"]
    assert [one.group.key for one in berlin.groups] == ["2026-01", "2026-03"]
    assert [one.group.label for one in utc.groups] == ["Jan 2026", "Feb 2026"]


def test_a_rep_counts_only_the_leads_they_may_see(
    enter: Enter, at: datetime, rep: User, other_rep: User, manager: User
) -> None:
    mine = Territory.objects.create(key="mine", name="Mine")
    theirs = Territory.objects.create(key="theirs", name="Theirs")
    mine.members.add(rep)
    theirs.members.add(other_rep)
    enter(2, territory_id=mine.pk)
    enter(3, territory_id=theirs.pk)
    enter(1, territory_id=theirs.pk, owner_id=rep.pk)

    for reader, leads in ((rep, 3), (other_rep, 4), (manager, 6), (None, 6)):
        report = queries.funnel(user=reader, at=at, by="territory")
        assert report.overall.offered == leads
        assert sum(one.offered for one in report.groups) == leads


def test_somebody_switched_off_counts_nothing(enter: Enter, at: datetime, manager: User) -> None:
    enter(2)
    manager.is_active = False

    assert queries.funnel(user=manager, at=at).overall.offered == 0


def test_a_hand_off_switched_off_again_keeps_its_leads_in_the_figures(
    enter: Enter, act: Act, at: datetime
) -> None:
    Handoff.objects.filter(key="qualified_inquiry").update(is_active=True)
    enter(2, stage="qualified_inquiry_accepted")
    assert queries.funnel(user=None, at=at).path.offered == "qualified_inquiry"

    Handoff.objects.filter(key="qualified_inquiry").update(is_active=False)

    report = queries.funnel(user=None, at=at)
    assert list(reached(report).values()) == [2, 0, 0, 0, 0, 0]
    assert report.path.offered == "mql"


def test_an_unknown_dimension_names_those_there_are(db: None, at: datetime) -> None:
    with pytest.raises(Invalid, match="Choose one of: source, campaign"):
        queries.funnel(user=None, at=at, by="shoe_size")


@pytest.mark.parametrize("by", [None, *queries.LEAD_DIMENSIONS])
def test_more_leads_take_no_more_queries(
    enter: Enter, at: datetime, manager: User, by: str | None
) -> None:
    counts = Counter()
    for size in (3, 60):
        spring = Campaign.objects.create(key=f"c{size}", name="Spring")
        enter(size, source=f"s{size}", campaign_id=spring.pk, owner_id=manager.pk)
        with CaptureQueriesContext(connection) as captured:
            queries.funnel(user=manager, at=at, by=by)
        counts[size] = len(captured)

    assert counts[3] == counts[60] <= 10
