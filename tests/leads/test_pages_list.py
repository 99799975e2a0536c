"""The list of leads: found, filtered, sorted, paged; and counted the way reports count."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from content.models import Product
from leadflow.core.models import User
from leads import queries
from leads import services as leads
from leads.models import Campaign, Company, Lead
from tests.factories import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(marketer: User, sign_in: Any) -> Client:
    return sign_in(marketer)


def _names(user: User, **params: str) -> list[str]:
    rows = queries.list_leads(user=user, params=params)
    return [lead.first_name for lead in rows.order_by(*queries.sort_keys(params))]


@pytest.fixture
def ada(at: datetime, rep: User, campaign: Campaign, product: Product) -> Lead:
    """A lead that every filter can find."""
    lead = leads.create_leads(
        people=[
            leads.NewLead(
                at=at,
                facts={
                    "first_name": "Ada",
                    "last_name": "Łovelace",
                    "email": "ada@example.com",
                    "phone": "+4930123",
                    "source": "search",
                    "campaign_id": campaign.pk,
                    "owner_id": rep.pk,
                    "persona": "influencer",
                    "country": "DE",
                },
                company_name="Zürich Wässer",
            )
        ],
        at=at,
    )[0]
    lead = Lead.objects.get(pk=lead.pk)
    lead.products.add(product)
    leads.write_scores(scores=[(lead.pk, 40, 10, "B2")], at=at)
    return lead


@pytest.mark.parametrize(
    "params",
    [
        {"q": "ada"}, {"q": "wasser"}, {"q": "ZÜRICH ada"}, {"q": "+4930"}, {"q": "ada@example"},
        {"stage": "inquiry"},  {"grade": "B2"}, {"grade": "B"},
        {"source": "search"}, {"campaign": "expo"}, {"product": "flow"}, {"persona": "influencer"},
        {"country": "DE"},
    ],
    ids=str,
)  # fmt: skip
def test_a_filter_finds_whom_it_names_and_nobody_else(
    params: dict[str, str], ada: Lead, marketer: User, at: datetime
) -> None:
    people.offered(at=at, first_name="Bob")

    assert _names(marketer, **params) == ["Ada"]


def test_several_stages_may_be_named(ada: Lead, marketer: User, at: datetime) -> None:
    people.offered(at=at, first_name="Bob")

    assert sorted(_names(marketer, stage="inquiry,mql")) == ["Ada", "Bob"]


def test_owner_me_is_the_reader(ada: Lead, rep: User, marketer: User) -> None:
    assert _names(rep, owner="me") == ["Ada"]
    assert _names(marketer, owner="me") == []
    assert _names(marketer, owner=str(rep.pk)) == ["Ada"]
    assert _names(marketer, owner="nobody") == []


def test_a_blank_source_is_not_an_unknown_one(at: datetime, marketer: User) -> None:
    people.inquiry(at=at, first_name="Blank", source="")
    people.inquiry(at=at, first_name="None", source=None)

    assert _names(marketer, source="__blank") == ["Blank"]
    assert _names(marketer, source="__none") == ["None"]


def test_a_lead_with_two_products_is_listed_once(ada: Lead, marketer: User) -> None:
    ada.products.add(Product.objects.create(key="pump", name="Pump"))

    assert _names(marketer) == ["Ada"]


def test_the_order_is_the_one_asked_for(at: datetime, marketer: User) -> None:
    old, new = (
        people.inquiry(at=at - timedelta(days=2), first_name="Old"),
        people.inquiry(at=at, first_name="New"),
    )
    leads.write_scores(scores=[(old.pk, 50, 0, "A1"), (new.pk, 10, 0, "C3")], at=at)

    assert _names(marketer) == ["Old", "New"]
    assert _names(marketer, sort="newest") == ["New", "Old"]
    assert _names(marketer, sort="activity") == ["New", "Old"]


@pytest.mark.parametrize("sort", ["score", "newest", "activity"])
def test_paging_shows_everybody_once(sort: str, at: datetime, client: Client) -> None:
    people.inquiries(120, at=at)
    shown, address = [], f"/leads/?sort={sort}"
    for _ in range(3):
        page = client.get(address)
        shown += [lead.pk for lead in page.context["page"]]
        address = "/leads/" + page.context["page"].next_url

    assert len(shown) == 120
    assert len(set(shown)) == 120


def test_as_many_queries_for_200_leads_as_for_10(
    at: datetime, client: Client, marketer: User
) -> None:
    company = Company.objects.create(name="Acme")
    counts = []
    for more in (10, 190):
        people.inquiries(more, at=at, company_id=company.pk, owner_id=marketer.pk)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            client.get("/leads/")
        counts.append(len(seen))

    assert counts[0] == counts[1] <= 20


def test_htmx_gets_the_results_alone(at: datetime, client: Client) -> None:
    people.inquiry(at=at)
    page = client.get("/leads/", headers={"hx-request": "true"}).content.decode()

    assert page.strip().startswith('<div id="results"')
    assert "<html" not in page


def test_an_empty_list_offers_the_first_step(client: Client, ada: Lead) -> None:
    assert "Nobody fits" in client.get("/leads/?q=nobody-of-that-name").content.decode()
    Lead.objects.all().delete()
    assert "No leads yet" in client.get("/leads/").content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "reached=nowhere",
        "from=yesterday",
        "to=2026-02-31",
        "owner=x",
        "ids=1,x",
        "company=9" + "9" * 30,
    ],
)
def test_a_filter_that_makes_no_sense_is_named(query: str, client: Client) -> None:
    answer = client.get(f"/leads/?{query}")

    assert answer.status_code == 400
    assert "“" in answer.content.decode()


@pytest.mark.parametrize(
    "query",
    ["q=%00", "q=%25_%5C", "after=zzz", "after=W0luZmluaXR5LCAxXQ==", "stage=%00", "grade=AAAA"],
)
def test_a_strange_filter_is_no_crash(query: str, client: Client) -> None:
    assert client.get(f"/leads/?{query}").status_code == 200


def test_reached_counts_leads_that_entered_the_stage_or_a_later_one(
    at: datetime, rep: User, marketer: User
) -> None:
    day = at.date().isoformat()
    people.inquiries(3, at=at, first_name="Inquiry")
    rejected = people.offered(at=at, count=2, first_name="Rejected")
    accepted = people.offered(at=at, count=2, first_name="Accepted")
    leads.reject(lead_ids=[x.pk for x in rejected], at=at, by=rep, reason="no_need")
    leads.accept(lead_ids=[x.pk for x in accepted], at=at, by=rep)
    people.offered(at=at - timedelta(days=40), first_name="Earlier")

    said = {"from": day, "to": day}
    assert len(_names(marketer, reached="inquiry", **said)) == 7
    assert sorted(_names(marketer, reached="mql", **said)) == ["Accepted"] * 2 + ["Rejected"] * 2
    assert _names(marketer, reached="sal", **said) == ["Accepted"] * 2
    assert len(_names(marketer, reached="mql")) == 5
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT lead_id) FROM leads_stagechange"
            " WHERE to_stage IN ('mql', 'sal') AND at::date = %s",
            [day],
        )
        assert cursor.fetchone()[0] == len(_names(marketer, reached="mql", **said))


def test_a_second_cycle_is_reached_on_its_own(at: datetime, rep: User, marketer: User) -> None:
    lead = people.offered(at=at, first_name="Again")[0]
    leads.reject(lead_ids=[lead.pk], at=at, by=rep, reason="no_need")
    later = at + timedelta(days=60)
    leads.revive(lead_ids=[lead.pk], at=later).or_raise()

    second = {"from": later.date().isoformat()}
    assert _names(marketer, reached="inquiry", **second) == ["Again"]
    assert _names(marketer, reached="mql", **second) == []


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("accepted", ["A"]),
        ("rejected", ["R"]),
        ("pending", ["P"]),
        ("expired", []),
        ("", ["A", "P", "R"]),
    ],
)
def test_outcome_lists_the_leads_behind_a_hand_off_figure(
    outcome: str, expected: list[str], at: datetime, rep: User, marketer: User
) -> None:
    a, r, _ = (people.offered(at=at, first_name=name)[0] for name in "ARP")
    leads.accept(lead_ids=[a.pk], at=at, by=rep)
    leads.reject(lead_ids=[r.pk], at=at, by=rep, reason="no_need")
    day = at.date().isoformat()

    said = {"outcome": f"mql_sal:{outcome}", "from": day, "to": day}
    assert sorted(_names(marketer, **said)) == expected
    assert _names(marketer, **(said | {"from": "2030-01-01", "to": ""})) == []


def test_a_drill_down_is_said_in_words_and_kept_by_the_filters(ada: Lead, client: Client) -> None:
    page = client.get("/leads/?reached=inquiry&from=2026-01-01&to=2026-12-31").content.decode()

    assert "reached Inquiry" in page
    assert '<input type="hidden" name="reached" value="inquiry">' in page


def test_companies_show_their_visible_people(
    ada: Lead, abroad: Lead, rep: User, sign_in: Any
) -> None:
    hidden = Company.objects.create(name="Hidden GmbH")
    Lead.objects.filter(pk=abroad.pk).update(company=hidden)
    client = sign_in(rep)

    page = client.get("/leads/companies/").content.decode()
    assert "Zürich Wässer" in page
    assert "Hidden GmbH" not in page
    assert client.get(f"/leads/companies/{hidden.pk}/").status_code == 404
    assert "Łovelace" in client.get(f"/leads/companies/{ada.company_id}/").content.decode()
