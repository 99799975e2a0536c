"""Campaigns: planned, costed, and measured by the leads they brought."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads import queries
from leads import services as leads
from leads.models import Campaign, CampaignCost, Visit
from tests.factories import people

pytestmark = pytest.mark.django_db
LIST = "/leads/campaigns/"
FACTS = {"name": "Spring Fair", "kind": "trade_show"}


@pytest.fixture
def client(marketer: User, sign_in: Any) -> Client:
    return sign_in(marketer)


def page(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_a_campaign_is_planned_with_a_key_made_of_its_name(client: Client, marketer: User) -> None:
    said = {**FACTS, "starts_on": "2026-04-01", "ends_on": "2026-04-03", "owner": marketer.pk,
            "expected_guests": "200", "place": "Hall 4"}  # fmt: skip

    answer = client.post(f"{LIST}new/", said)

    assert answer.url == f"{LIST}spring-fair/"
    made = Campaign.objects.get()
    assert (made.key, made.kind, made.owner) == ("spring-fair", "trade_show", marketer)
    assert (made.starts_on, made.expected_guests) == (date(2026, 4, 1), 200)
    assert "Hall 4" in page(client, answer.url)


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"key": "expo"}, "key", "already. Choose another"),
        ({"key": "new"}, "key", "a word of ours"),
        ({"key": "two words"}, "key", "Use letters, digits"),
        ({"name": ""}, "name", "Give it a name."),
        ({"name": "世界"}, "key", "makes no key"),
        ({"starts_on": "2026-04-03", "ends_on": "2026-04-01"}, "ends_on", "or later"),
        ({"kind": "party"}, "kind", "Select a valid choice"),
        ({"name": "x" * 10_000}, "name", "at most 120"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(
    said: dict[str, str], field: str, words: str, client: Client, campaign: Campaign
) -> None:
    answer = client.post(f"{LIST}new/", {**FACTS, **said})

    assert answer.status_code == 400
    assert words in str(answer.context["form"].errors[field])
    assert Campaign.objects.count() == 1


def test_the_key_stays_when_all_else_changes(client: Client, campaign: Campaign) -> None:
    client.post(f"{LIST}expo/edit/", {**FACTS, "key": "other", "description": "Bring pens"})

    made = Campaign.objects.get()
    assert (made.key, made.name, made.description) == ("expo", "Spring Fair", "Bring pens")


def test_an_archived_campaign_is_listed_only_when_asked_for(
    client: Client, campaign: Campaign
) -> None:
    client.post(f"{LIST}expo/archive/", follow=True)

    assert "Water Expo" not in page(client, LIST)
    assert "Water Expo" in page(client, f"{LIST}?state=archived")
    client.post(f"{LIST}expo/archive/", {"to": "back"})
    assert "Water Expo" in page(client, LIST)


@pytest.mark.parametrize(
    ("starts", "ends", "state"),
    [
        (None, None, "running"),
        (1, None, "running"),
        (1, 3, "running"),
        (3, 3, "running"),
        (4, None, "planned"),
        (1, 2, "over"),
        (None, 2, "over"),
    ],
)
def test_the_state_follows_the_day(starts: int | None, ends: int | None, state: str) -> None:
    days = [date(2026, 3, day) if day else None for day in (starts, ends)]
    made = Campaign.objects.create(key="a", name="A", starts_on=days[0], ends_on=days[1])
    today = date(2026, 3, 3)

    assert queries.campaign_state(made, today) == state
    for one in ("running", "planned", "over", "archived"):
        found = queries.list_campaigns(params={"state": one}, today=today)
        assert found.exists() == (one == state)
    assert queries.count_states(today=today)[state] == 1


def test_the_list_is_searched_and_narrowed(campaign: Campaign) -> None:
    Campaign.objects.create(key="ads", name="Search ads", kind="search", place="Web")
    today = timezone.localdate()

    def found(**params: str) -> list[str]:
        rows = queries.list_campaigns(params=params, today=today)
        return [one.key for one in rows.order_by(*queries.NEWEST_FIRST)]

    assert found() == ["ads", "expo"]
    assert found(q="water EXPO") == ["expo"]
    assert found(q="web") == ["ads"]
    assert found(kind="search") == ["ads"]
    assert found(q="% _") == []


# ---- costs


def test_costs_are_kept_by_month_and_summed(client: Client, campaign: Campaign) -> None:
    for month, planned, actual in (("2026-01", "1000", "1200.50"), ("2026-03", "500.25", "")):
        said = {"month": month, "planned": planned, "actual": actual}
        assert client.post(f"{LIST}expo/costs/new/", said).status_code == 302

    costs = queries.read_costs(campaign)
    assert (costs.planned, costs.actual) == (Decimal("1500.25"), Decimal("1200.50"))
    assert costs.difference == Decimal("200.50")
    shown = page(client, f"{LIST}expo/")
    assert "January 2026" in shown
    assert "€200.50 more than planned" in shown
    assert "€1,500.25" in shown


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"month": "2026-01"}, "month", "January 2026 has its row already"),
        ({"month": "soon"}, "month", "Write the month like 2026-03."),
        ({"month": "0001-01"}, "month", "Write the month like 2026-03."),
        ({"month": ""}, "month", "Choose the month."),
        ({"month": "2026-02", "planned": "-1"}, "planned", "greater than or equal to 0"),
        ({"month": "2026-02", "actual": "1.234"}, "actual", "no more than 2 decimal places"),
        ({"month": "2026-02", "planned": "NaN"}, "planned", "Enter a number"),
        ({"month": "2026-02", "planned": "9" * 40}, "planned", "no more than 12 digits"),
    ],
)
def test_a_cost_that_does_not_fit_is_said_at_its_field(
    said: dict[str, str], field: str, words: str, client: Client, campaign: Campaign, marketer: User
) -> None:
    day = date(2026, 1, 1)
    leads.add_cost(campaign=campaign, month=day, planned=Decimal(1), actual=None, by=marketer)

    answer = client.post(f"{LIST}expo/costs/new/", said)

    assert words in str(answer.context["form"].errors[field])
    assert CampaignCost.objects.count() == 1


def test_a_month_is_corrected_and_removed(
    client: Client, campaign: Campaign, marketer: User
) -> None:
    day = date(2026, 1, 1)
    cost = leads.add_cost(
        campaign=campaign, month=day, planned=Decimal(1), actual=None, by=marketer
    )
    address = f"{LIST}expo/costs/{cost.pk}/"

    client.post(address, {"month": "2026-02", "planned": "2", "actual": "3"})
    cost.refresh_from_db()
    assert (cost.month, cost.planned, cost.actual) == (date(2026, 2, 1), 2, 3)
    assert "Remove February 2026?" in page(client, f"{address}remove/")
    client.post(f"{address}remove/")
    assert not CampaignCost.objects.exists()
    assert client.get(address).status_code == 404


def test_a_cost_is_found_under_its_own_campaign_alone(
    client: Client, campaign: Campaign, marketer: User
) -> None:
    other = Campaign.objects.create(key="ads", name="Ads")
    cost = leads.add_cost(
        campaign=other, month=date(2026, 1, 1), planned=1, actual=None, by=marketer
    )

    assert client.get(f"{LIST}expo/costs/{cost.pk}/").status_code == 404


# ---- what it brought


@pytest.fixture
def brought(campaign: Campaign, at: datetime) -> Campaign:
    """Three inquiries, one offered, one customer with a deal; two others only came by once."""
    people.inquiries(3, at=at, campaign_id=campaign.pk)
    people.offered(at=at, campaign_id=campaign.pk)
    facts = {"email": "winner@example.com", "campaign_id": campaign.pk}
    won = leads.NewLead(at=at, facts=facts, stage="customer", amount=Decimal(900))
    [winner] = leads.create_leads(people=[won], at=at)
    others = people.inquiries(2, at=at)
    for lead in (*others, others[0], winner):
        Visit.objects.create(lead=lead, campaign=campaign, at=at, source="news", medium="email")
    return campaign


def test_each_figure_is_the_length_of_the_list_behind_it(
    brought: Campaign, marketer: User, client: Client
) -> None:
    found = queries.read_brought(campaign=brought, user=marketer)

    assert (found.leads, found.touched, found.customers) == (5, 3, 1)
    assert (found.deals, found.won) == (1, [("EUR", Decimal(900))])
    assert {stage.key: count for stage, count in found.stages} == {
        "inquiry": 3, "mql": 1, "customer": 1,
    }  # fmt: skip
    for query, count in (
        ("campaign=expo", 5),
        ("touched=expo", 3),
        (f"campaign=expo&reached={found.won_stage}", 1),
        ("campaign=expo&stage=inquiry", 3),
    ):
        assert client.get(f"/leads/?{query}").context["page"].count == count
    shown = page(client, f"{LIST}expo/")
    assert "?touched=expo" in shown
    assert "€900" in shown
    [chosen] = queries.chosen_filters({"touched": "expo"})
    assert chosen.words.endswith("came by Water Expo")


def test_the_price_of_a_lead_is_planned_and_actual(
    brought: Campaign, marketer: User, client: Client
) -> None:
    money = {"planned": Decimal(1000), "actual": Decimal(1500)}
    leads.add_cost(campaign=brought, month=date(2026, 3, 1), by=marketer, **money)

    shown = page(client, f"{LIST}expo/")

    assert "€300" in shown
    assert "planned €200" in shown


@pytest.mark.parametrize("address", ["expo/", ""])
def test_pages_ask_the_same_number_of_questions_for_any_number(
    address: str, campaign: Campaign, marketer: User, client: Client, at: datetime
) -> None:
    counts = []
    for count in (10, 1_000):
        people.inquiries(count, at=at, campaign_id=campaign.pk)
        first = 1 if count == 10 else 11
        Campaign.objects.bulk_create(
            Campaign(key=f"c{count}-{n}", name=f"Campaign {n}") for n in range(20 * first)
        )
        page(client, LIST + address)
        with CaptureQueriesContext(connection) as asked:
            page(client, LIST + address)
        counts.append(len(asked))

    assert counts[0] == counts[1]


def test_the_address_to_hand_out_bears_the_key(client: Client, campaign: Campaign) -> None:
    said = "url=https://www.example.com/offer?x=1%26utm_campaign=old%23top&source=News&medium=email"

    shown = page(client, f"{LIST}expo/?{said}")

    link = "https://www.example.com/offer?x=1&amp;utm_source=News&amp;utm_medium=email&amp;utm_campaign=expo#top"
    assert link in shown


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://x.example", "http://", "http://[", " "]
)
def test_what_is_no_address_of_a_page_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="Paste the whole address"):
        queries.tag_address(url, campaign="expo")


def test_a_bare_host_becomes_an_address() -> None:
    assert (
        queries.tag_address("example.com/a", campaign="expo", source="x y")
        == "https://example.com/a?utm_source=x+y&utm_campaign=expo"
    )


def test_the_sources_that_came_are_listed(brought: Campaign) -> None:
    (arrivals,) = queries.list_arrivals(brought)

    assert (arrivals.source, arrivals.medium, arrivals.visits) == ("news", "email", 4)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "\u202eevil", "🦄" * 30])
def test_hostile_names_are_only_names(name: str, client: Client) -> None:
    client.post(f"{LIST}new/", {"name": name, "key": "odd", "kind": "other"})

    for address in (LIST, f"{LIST}odd/", "/palette/?q=odd"):
        assert "<script>alert" not in page(client, address)
    assert Campaign.objects.get().key == "odd"


def test_a_rep_finds_no_campaign_in_the_palette(
    campaign: Campaign, rep: User, sign_in: Any
) -> None:
    assert "Water Expo" not in page(sign_in(rep), "/palette/?q=water")


def test_a_marketer_finds_campaigns_in_the_palette(campaign: Campaign, client: Client) -> None:
    assert "Water Expo" in page(client, "/palette/?q=water")
