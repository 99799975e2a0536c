"""Offers told apart in every way: figures equal a recount, and each opens exactly its leads."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from content.models import Product
from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads import queries as lead_queries
from leads import services as leads
from leads.models import Campaign, Lead, Offer
from reports import queries
from reports.engine.periods import Period
from reports.views.acceptance import OUTCOMES, acceptance
from reports.views.links import leads_behind
from scoring.models import LeadDefinition

Enter = Callable[..., list[int]]
Act = Callable[..., None]

# What a naive recount finds for one offer, by dimension
VALUES: dict[str, Callable[[Offer], list[str | None]]] = {
    "team": lambda offer: [offer.team.key if offer.team else None],
    "rep": lambda offer: [_text(offer.decided_by_id or offer.assignee_id)],
    "source": lambda offer: [offer.lead.source],
    "campaign": lambda offer: [offer.lead.campaign.key if offer.lead.campaign else None],
    "product": lambda offer: [one.key for one in offer.lead.products.all()] or [None],
    "definition": lambda offer: [_text(offer.cause_id if offer.cause_kind else None)],
    "cycle": lambda offer: [str(offer.cycle)],
    "month": lambda offer: [f"{offer.offered_at:%Y-%m}"],
}


def _text(value: int | None) -> str | None:
    return str(value) if value else None


@pytest.fixture
def offers(
    enter: Enter, act: Act, at: datetime, rep: User, other_rep: User, time_machine: Any
) -> list[int]:
    """Offers of every kind over three months, some leads offered twice, one three times."""
    time_machine.move_to(at + timedelta(days=90), tick=False)
    spring = Campaign.objects.create(key="spring", name="Spring")
    products = [Product.objects.create(key=key, name=key.title()) for key in ("pump", "valve")]
    definition = LeadDefinition.objects.get(handoff__key="mql_sal", state="signed")
    ids = [
        *enter(6, stage="inquiry", source="email", campaign_id=spring.pk),
        *enter(4, stage="inquiry", source=""),
        *enter(3, stage="inquiry"),
    ]
    Lead.objects.get(pk=ids[0]).products.set(products)
    Lead.objects.get(pk=ids[1]).products.set(products[:1])
    act("offer", ids[:8], on=at, cause=leads.Cause("definition", definition.pk))
    act("offer", ids[8:], on=at + timedelta(days=1))
    Offer.objects.filter(lead__in=ids[9:]).update(team=None)
    Offer.objects.filter(lead__in=ids[5:9]).update(assignee=other_rep)
    act("accept", ids[:3], on=at + timedelta(days=2), by=rep, may_skip=False)
    act("reject", ids[3:5], on=at + timedelta(days=2), by=rep, reason="no_need", may_skip=False)
    act("reject", ids[5:6], on=at + timedelta(days=2), reason="bad_data")
    act("expire", ids[6:8], on=at + timedelta(days=3))
    act("revive", ids[3:7], on=at + timedelta(days=35))
    act("offer", ids[3:7], on=at + timedelta(days=36))
    act("reject", ids[3:5], on=at + timedelta(days=37), reason="no_need")
    act("revive", ids[3:4], on=at + timedelta(days=70))
    act("offer", ids[3:4], on=at + timedelta(days=71))
    return ids


def listed(href: str, user: User) -> int:
    params = QueryDict(href.partition("?")[2]).dict()
    return lead_queries.list_leads(user=user, params=params).count()


def found(outcome: str, by: str, key: str | None) -> list[Offer]:
    rows = Offer.objects.filter(outcome=outcome).prefetch_related("lead__products", "lead")
    return [row for row in rows if key in VALUES[by](row)]


@pytest.mark.parametrize("by", queries.OFFER_DIMENSIONS)
def test_each_figure_equals_a_recount_and_opens_its_leads(
    offers: list[int], at: datetime, manager: User, by: str
) -> None:
    report = queries.handoffs(user=manager, at=at, by=by)[0]
    split = queries.OFFER_DIMENSIONS[by]

    assert sum(one.answers.offered for one in report.groups) >= report.answers.offered == 18
    for one in report.groups:
        shown = acceptance(report, Period(), split=split, one=one)
        named = [outcome for outcome, _, _ in OUTCOMES if outcome != "withdrawn"]  # none was
        for outcome, figure in zip(named, shown.outcomes, strict=True):
            rows = found(outcome, by, one.group.key)
            assert figure.offers == len(rows), (one.group, outcome)
            assert listed(figure.href, manager) == len({row.lead_id for row in rows})
        assert listed(shown.offered_href, manager) == one.answers.leads


def test_offers_and_the_leads_behind_are_told_apart(offers: list[int], at: datetime) -> None:
    answers = queries.handoffs(user=None, at=at)[0].answers

    assert (answers.offered, answers.leads) == (18, 13)


def test_each_reason_opens_the_leads_that_came_back_for_it(
    offers: list[int], at: datetime, manager: User
) -> None:
    report = queries.handoffs(user=manager, at=at)[0]

    for reason in report.reasons:
        href = leads_behind(
            period=Period(), outcome="mql_sal:rejected", only={"offer_reason": reason.code}
        )
        rows = Offer.objects.filter(outcome="rejected", reason=reason.code)
        assert reason.offers == rows.count()
        assert listed(href, manager) == rows.values("lead").distinct().count()


def test_cycles_and_definitions_have_words(offers: list[int], at: datetime) -> None:
    words = {
        by: [one.group.label for one in queries.handoffs(user=None, at=at, by=by)[0].groups]
        for by in ("cycle", "definition", "team")
    }

    assert words == {
        "cycle": ["1st cycle", "2nd cycle", "3rd cycle"],
        "definition": ["not by a definition", "Marketing to sales, version 1"],
        "team": ["Sales", "no team"],
    }


@pytest.mark.parametrize(
    ("only", "rows"),
    [
        ({"source": "email"}, {"lead__source": "email"}),
        ({"source": "__none"}, {"lead__source": None}),
        ({"campaign": "spring", "offer_cycle": "2"}, {"lead__campaign__key": "spring", "cycle": 2}),
        ({"product": "pump"}, {"lead__products__key": "pump"}),
        ({"offer_team": "__none"}, {"team": None}),
    ],
)
def test_a_report_can_be_narrowed_to_one_group(
    offers: list[int], at: datetime, only: dict[str, str], rows: dict[str, Any]
) -> None:
    report = queries.handoffs(user=None, at=at, by="month", only=only)[0]

    offered = Offer.objects.filter(**rows).count()
    assert report.answers.offered == offered > 0
    assert sum(one.answers.offered for one in report.groups) == offered
    assert sum(one.offers for one in report.reasons) == report.answers.rejected


def test_a_group_row_opens_the_page_for_it_alone(
    client: Client, offers: list[int], manager: User
) -> None:
    client.force_login(manager)
    page = client.get(reverse("reports:handoffs"), {"period": "all", "by": "rep"})
    row = page.context["sections"][0].rows[0]

    alone = client.get(row.href)

    section = alone.context["sections"][0]
    assert section.total.answers == row.acceptance.answers
    assert alone.context["narrowed"] == [f"Rep: {row.acceptance.label}"]
    assert listed(section.total.offered_href, manager) == section.total.answers.leads
    everything = client.get(alone.context["everything"])
    assert everything.context["sections"][0].total.answers.offered == 18


def test_the_page_names_the_group_whatever_it_is(
    client: Client, offers: list[int], manager: User
) -> None:
    client.force_login(manager)
    for by, split in queries.OFFER_DIMENSIONS.items():
        page = client.get(reverse("reports:handoffs"), {"period": "all", "by": by})
        for row in page.context["sections"][0].rows:
            alone = client.get(row.href) if row.href else page
            assert alone.context["narrowed"] in ([f"{split.name}: {row.acceptance.label}"], [])


def test_the_list_says_in_words_what_a_report_asked_for(offers: list[int], rep: User) -> None:
    params = {
        "outcome": "mql_sal:rejected",
        "offer_reason": "no_need",
        "offer_team": "sales",
        "offer_rep": str(rep.pk),
        "offer_cycle": "1",
        "definition": "__none",
        "to": "2026-06-30",
    }

    assert [one.words for one in lead_queries.drill_down(params)] == [
        "Marketing to sales: rejected",
        "offered to Sales",
        f"in the hands of {rep}",
        "because: No need",
        "not by a definition",
        "offered in cycle 1",
        "offered until 2026-06-30",
    ]


def test_one_hand_off_can_be_asked_for(db: None, at: datetime) -> None:
    out = StringIO()
    call_command("report", "handoffs", "--handoff", "mql_sal", "--json", stdout=out)
    assert [one["key"] for one in json.loads(out.getvalue())["handoffs"]] == ["mql_sal"]

    with pytest.raises(Invalid, match="Choose one of: qualified_inquiry, mql_sal"):
        queries.handoffs(user=None, at=at, handoff="nonsense")
    with pytest.raises(CommandError, match="leave --handoff out"):
        call_command("report", "funnel", "--handoff", "mql_sal")


def test_groups_and_months_have_their_gap_in_points(offers: list[int], at: datetime) -> None:
    out = StringIO()
    call_command("report", "handoffs", "--by", "month", "--json", stdout=out)

    handoff = json.loads(out.getvalue())["handoffs"][0]
    assert [(one["value"], one["gap_points"]) for one in handoff["groups"]] == [
        ("2026-03", -62.5),
        ("2026-04", -100.0),
        ("2026-05", None),
    ]
    decided = Offer.objects.exclude(outcome="pending").filter(decided_at__gte=F("offered_at"))
    assert handoff["n"] == decided.count()
