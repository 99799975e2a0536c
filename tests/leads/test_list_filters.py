"""What the list can be narrowed by, how it says so, and which columns it shows."""

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
from leads.models import Campaign, Lead, Segment, SegmentMember, Tag, Territory
from tests.factories import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(marketer: User, sign_in: Any) -> Client:
    return sign_in(marketer)


@pytest.fixture
def ada(at: datetime, campaign: Campaign) -> Lead:
    """Somebody with everything."""
    north = Territory.objects.create(key="north", name="North")
    lead = leads.create_leads(
        people=[
            leads.NewLead(
                at=at,
                facts={
                    "first_name": "Ada",
                    "email": "ada@example.com",
                    "phone": "+4930123",
                    "territory_id": north.pk,
                    "campaign_id": campaign.pk,
                },
                company_name="Acme",
            )
        ],
        at=at,
    )[0]
    leads.write_scores(scores=[(lead.pk, 40, 10, "B2")], at=at)
    Lead.objects.filter(pk=lead.pk).update(last_activity_at=at)
    Tag.objects.create(key="hot", name="Hot").leads.add(lead)
    some = Segment.objects.create(
        key="some",
        name="Some",
        condition={},
        followed_to=at,
        as_of=at,
        created_at=at,
        changed_at=at,
    )
    SegmentMember.objects.create(segment=some, lead=lead, since=at)
    return lead


@pytest.fixture
def bob(at: datetime) -> Lead:
    """Somebody of whom little is known, and nothing new."""
    return people.inquiry(at=at - timedelta(days=200), first_name="Bob", email="")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("score_from=50&score_to=50", "Score: 50–50"),
        ("territory=north", "Territory: North"),
        ("company=acme", "Company: acme"),
        ("tag=hot", "Tag: Hot"),
        ("segment=some", "Segment: Some"),
        ("phone=yes", "with a phone number"),
        ("email=yes", "with an e-mail address"),
        ("from=2026-03-03&to=2026-03-03", "came from 2026-03-03 until 2026-03-03"),
        ("active_from=2026-03-01&active_to=2026-03-03", "Last activity: 2026-03-01 to 2026-03-03"),
        ("since_from=2026-03-01", "In this stage since: from 2026-03-01"),
        ("grade=B&grade=A1", "Grade: B, A1"),
        ("campaign=expo", "Campaign: Water Expo"),
    ],
)
def test_a_filter_finds_whom_it_names_and_is_said_in_words(
    query: str, words: str, ada: Lead, bob: Lead, client: Client
) -> None:
    page = client.get(f"/leads/?{query}")

    assert [row.lead.pk for row in page.context["rows"]] == [ada.pk]
    assert [chip.words for chip in page.context["chips"]] == [words]


@pytest.mark.parametrize(
    "query",
    [
        "score_to=10", "territory=__none", "phone=no", "email=no", "to=2025-12-31", "tag=__none",
        "since_to=2025-12-31", "quiet=100", "campaign=__none",
    ],
)  # fmt: skip
def test_a_filter_finds_who_lacks_something(
    query: str, ada: Lead, bob: Lead, client: Client, time_machine: Any, at: datetime
) -> None:
    time_machine.move_to(at)
    page = client.get(f"/leads/?{query}")

    assert [row.lead.pk for row in page.context["rows"]] == [bob.pk]


def test_each_chip_leads_to_the_list_without_it(ada: Lead, client: Client) -> None:
    page = client.get("/leads/?tag=hot&score_from=1&score_to=90&sort=newest&after=zzz")

    assert [chip.href for chip in page.context["chips"]] == [
        "?score_from=1&score_to=90&sort=newest",
        "?tag=hot&sort=newest",
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("score_from=x", "no whole number"),
        ("phone=maybe", "neither yes nor no"),
        ("quiet=x", "names no row"),
        ("active_from=2026-13-01", "no date"),
        ("owner=x", "names no row"),
        ("where={", "cannot be read"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named(query: str, said: str, client: Client) -> None:
    answer = client.get(f"/leads/?{query}")

    assert answer.status_code == 400
    assert said in answer.content.decode()


@pytest.mark.parametrize(
    "query",
    ["tag=nothing", "segment=nothing", "company=Nobody", "territory=%22", "campaign=x&campaign=y"],
)
def test_a_value_nobody_has_finds_nobody(query: str, ada: Lead, client: Client) -> None:
    assert list(client.get(f"/leads/?{query}").context["rows"]) == []


def test_several_values_find_the_leads_of_each(ada: Lead, bob: Lead, client: Client) -> None:
    page = client.get("/leads/?territory=north&territory=__none")

    assert {row.lead.pk for row in page.context["rows"]} == {ada.pk, bob.pk}


def test_the_rare_filters_open_on_demand_and_are_carried_until_then(client: Client) -> None:
    closed = client.get("/leads/?country=DE").content.decode()
    opened = client.get("/leads/?country=DE&more=1").content.decode()

    carried = '<input type="hidden" name="country" value="DE">'
    assert carried in closed.split('id="results"')[0]
    assert 'name="quiet"' not in closed
    assert carried not in opened.split('id="results"')[0]
    assert 'name="quiet"' in opened


def test_a_value_in_use_is_offered_even_when_no_lead_has_it(client: Client) -> None:
    page = client.get("/leads/?source=telepathy").content.decode()

    assert '<input type="checkbox" name="source" value="telepathy" checked' in page


def test_the_columns_asked_for_are_shown_in_their_order(
    ada: Lead, client: Client, product: Product
) -> None:
    ada.products.add(product)

    page = client.get("/leads/?columns=tags,products&columns=email&columns=nonsense")

    assert [head.column.label for head in page.context["heads"]] == ["Tags", "Products", "E-mail"]
    cells = page.context["rows"][0].cells
    assert "Hot" in cells
    assert "FlowMeter" in cells
    assert "ada@example.com" in cells


def test_a_head_turns_the_order_round(ada: Lead, client: Client) -> None:
    falling = client.get("/leads/").content.decode()
    rising = client.get("/leads/?sort=lowest").content.decode()

    assert 'aria-sort="descending"><a href="?sort=lowest">Score' in falling
    assert 'aria-sort="ascending"><a href="?sort=score">Score' in rising


def test_what_people_typed_is_data_in_the_cells(at: datetime, client: Client) -> None:
    people.inquiry(at=at, first_name="<b>x", source="<i>y")

    page = client.get("/leads/?columns=source").content.decode()

    assert "<b>x" not in page
    assert "<i>y" not in page


def test_where_there_are_many_the_count_comes_after_the_page(
    at: datetime, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "are_few", lambda: False)
    people.inquiries(60, at=at)

    page = client.get("/leads/").content.decode()
    count = client.get("/leads/?count=1", headers={"hx-request": "true"}).content.decode()

    assert 'hx-get="?count=1"' in page
    assert "60 leads" not in page
    assert "60 leads" in count
    assert "60 leads" in client.get("/leads/?count=1").content.decode()


@pytest.mark.parametrize("query", ["", "tag=hot&columns=tags,products,campaign,territory"])
def test_as_many_queries_for_1000_leads_as_for_60(
    query: str, at: datetime, client: Client, campaign: Campaign
) -> None:
    hot = Tag.objects.create(key="hot", name="Hot")
    counts = []
    for more in (60, 940):
        rows = people.inquiries(more, at=at, campaign_id=campaign.pk)
        hot.leads.add(*rows)
        with CaptureQueriesContext(connection) as seen:
            client.get(f"/leads/?{query}")
        counts.append(len(seen))

    assert counts[0] == counts[1]


def test_acts_on_many_take_every_filter(ada: Lead, bob: Lead, client: Client) -> None:
    page = client.get("/leads/bulk/new/?verb=recycle&all=1&filter=tag%3Dhot%26score_from%3D50")

    assert page.context["foreseen"].total == 1
