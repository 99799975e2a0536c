"""The report pages: who gets in, what they show, and that each figure opens its leads."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from content.models import Product
from leadflow.core.models import Role, User
from leads import queries as lead_queries
from leads.models import Campaign, Lead, Territory
from reports import queries
from tests.factories import people

Enter = Callable[..., list[int]]
Act = Callable[..., None]
PERIODIC = ["funnel", "handoffs", "velocity"]
PAGES = [*PERIODIC, "leaks"]


@pytest.fixture
def year(enter: Enter, act: Act, at: datetime, time_machine: Any, rep: User) -> None:
    """Leads of every dimension and outcome over two months, one revived; now is after them."""
    time_machine.move_to(at + timedelta(days=40), tick=False)
    spring = Campaign.objects.create(key="spring", name="Spring")
    south = Territory.objects.create(key="south", name="South")
    pump = Product.objects.create(key="pump", name="Pump")
    ids = [
        *enter(5, stage="inquiry", source="email", country="DE"),
        *enter(4, stage="inquiry", source="", campaign_id=spring.pk, persona="influencer"),
        *enter(3, stage="inquiry", on=at + timedelta(days=33), territory_id=south.pk),
        *enter(2, stage="inquiry", source="unknown", owner_id=rep.pk),
    ]
    for pk in ids[:3]:
        Lead.objects.get(pk=pk).products.set([pump])
    act("offer", ids[:10], on=at + timedelta(days=35))
    act("accept", ids[:5], on=at + timedelta(days=36), by=rep, may_skip=False)
    act("reject", ids[5:7], reason="no_need", on=at + timedelta(days=36))
    act("expire", ids[7:8], on=at + timedelta(days=37))
    act("win", ids[:2], on=at + timedelta(days=38))
    act("revive", ids[5:6], on=at + timedelta(days=39))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("role", "may_read"),
    [
        (Role.ADMIN, set(PAGES)),
        (Role.MANAGER, set(PAGES)),
        (Role.MARKETER, set(PAGES)),
        (Role.REP, {"funnel", "leaks"}),
        (Role.CARE, set()),
    ],
)
def test_a_role_reads_its_own_reports(
    client: Client, db: None, page: str, role: Role, may_read: set[str]
) -> None:
    client.force_login(people.user(role))

    assert client.get(reverse(f"reports:{page}")).status_code == (200 if page in may_read else 403)


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_sent_to_the_sign_in(client: Client, db: None, page: str) -> None:
    answer = client.get(reverse(f"reports:{page}"))

    assert answer.status_code == 302
    assert reverse("account_login") in answer["Location"]


@pytest.mark.parametrize("page", PAGES)
def test_a_report_cannot_be_posted_to(client: Client, manager: User, page: str) -> None:
    client.force_login(manager)

    assert client.post(reverse(f"reports:{page}")).status_code == 405


@pytest.mark.parametrize("page", PERIODIC)
def test_without_leads_the_page_offers_a_first_step(
    client: Client, manager: User, page: str
) -> None:
    client.force_login(manager)

    assert "Show all time" in client.get(reverse(f"reports:{page}")).content.decode()


@pytest.mark.parametrize("page", PERIODIC)
@pytest.mark.parametrize("query", ["period=all", "period=30", "from=2026-03-01&to=2026-04-30"])
def test_pages_show_figures_for_every_kind_of_period(
    client: Client, manager: User, year: None, page: str, query: str
) -> None:
    client.force_login(manager)

    answer = client.get(f"{reverse(f'reports:{page}')}?{query}")

    assert answer.status_code == 200
    assert "Show all time" not in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=2026-03-05&to=2026-03-01", "This day lies before the first one."),
        ("from=tomorrow", "This is no date"),
        ("period=7", "Select a valid choice"),
        ("by=size", "Select a valid choice"),
    ],
)
def test_a_filter_that_does_not_fit_is_told_at_its_field(
    client: Client, manager: User, query: str, said: str
) -> None:
    client.force_login(manager)

    answer = client.get(f"{reverse('reports:funnel')}?{query}")

    assert answer.status_code == 422
    assert any(said in str(errors) for errors in answer.context["form"].errors.values())


@pytest.mark.parametrize("query", ["period=all", "period=30", "from=2026-03-01&to=2026-03-31"])
def test_each_number_of_the_funnel_opens_exactly_its_leads(
    client: Client, manager: User, year: None, query: str
) -> None:
    client.force_login(manager)

    for by in ("", *queries.LEAD_DIMENSIONS):
        answer = client.get(f"{reverse('reports:funnel')}?{query}&by={by}")

        figures = list(funnel_figures(answer.context))
        assert len(figures) > 6
        assert {href: listed(href, manager) for href, _ in figures} == dict(figures)


@pytest.mark.parametrize("query", ["period=all", "period=30", "from=2026-03-01&to=2026-04-30"])
def test_each_number_of_a_hand_off_opens_exactly_its_leads(
    client: Client, manager: User, year: None, query: str
) -> None:
    client.force_login(manager)

    for by in ("", *queries.OFFER_DIMENSIONS):
        answer = client.get(f"{reverse('reports:handoffs')}?{query}&by={by}")

        section = answer.context["sections"][0]
        shown = (section.total, *section.months, *(row.acceptance for row in section.rows))
        figures = [pair for one in shown for pair in offer_figures(one)]
        assert len(figures) > 5
        assert {href: listed(href, manager) for href, _ in figures} == dict(figures)


def test_a_rep_opens_the_same_number_as_they_read(client: Client, rep: User, year: None) -> None:
    client.force_login(rep)

    answer = client.get(f"{reverse('reports:funnel')}?period=all&by=source")

    assert answer.context["report"].overall.stages[0].leads == 11
    figures = dict(funnel_figures(answer.context))
    assert {href: listed(href, rep) for href in figures} == figures


def test_the_page_takes_as_many_queries_for_more_leads(
    client: Client, manager: User, enter: Enter, django_assert_max_num_queries: Any
) -> None:
    client.force_login(manager)
    for size in (2, 60):
        enter(size, source=f"s{size}")
        with django_assert_max_num_queries(22):
            client.get(f"{reverse('reports:funnel')}?period=all&by=source")


def funnel_figures(context: Any) -> Iterator[tuple[str, int]]:
    """Every number of the funnel page with the address it opens."""
    yield from ((bar.href, bar.count) for bar in context["chart"].bars)
    for row in context["rows"]:
        yield from ((cell.href, cell.count.leads) for cell in row.cells)
    for one in context["acceptances"]:
        yield from offer_figures(one)


def offer_figures(one: Any) -> Iterator[tuple[str, int]]:
    """Every number of a hand-off with the address it opens."""
    yield one.offered_href, one.answers.offered
    yield one.decided_href, one.answers.decided
    yield from ((outcome.href, outcome.offers) for outcome in one.outcomes)


def listed(href: str, user: User) -> int:
    """How many leads the list of leads finds at an address."""
    path, _, params = href.partition("?")
    assert path == reverse("leads:list")
    return lead_queries.list_leads(user=user, params=QueryDict(params).dict()).count()
