"""What may help a lead next, from what leads like it turned to."""

from datetime import datetime, timedelta

import pytest

from content.models import Asset, Product
from leads import services as leads
from leads.models import Activity, Lead
from scoring import queries
from scoring import services as scoring
from scoring.models import NextStep
from tests.factories import people

pytestmark = pytest.mark.django_db


def make_asset(key: str, kind: str = "page", **facts: object) -> Asset:
    return Asset.objects.create(key=key, title=key.title(), kind=kind, is_public=True, **facts)


def read(lead: Lead, *assets: Asset, at: datetime) -> None:
    """One asset a day."""
    leads.append_history(
        activities=[
            Activity(
                lead=lead, kind="page_view", asset=asset, occurred_at=at - timedelta(days=20 - day)
            )
            for day, asset in enumerate(assets)
        ],
        consents=[],
        at=at,
    )


@pytest.fixture
def shelf(db: None) -> dict[str, Asset]:
    kinds = {"intro": "page", "guide": "white_paper", "other": "white_paper", "offer": "promotion"}
    return {key: make_asset(key, kind) for key, kind in kinds.items()}


@pytest.fixture
def known(shelf: dict[str, Asset], at: datetime) -> None:
    """Thirty leads went from the introduction to the guide and the offer, thirty others elsewhere."""
    for lead in people.inquiries(30, at=at):
        read(lead, shelf["intro"], shelf["guide"], shelf["offer"], at=at)
    for lead in people.inquiries(30, at=at):
        read(lead, shelf["other"], at=at)
    scoring.learn_next_steps(at=at)


def test_counts_tell_what_came_next(known: None, shelf: dict[str, Asset]) -> None:
    step = NextStep.objects.get(
        kind="asset", persona="", from_asset=shelf["intro"], to_asset=shelf["guide"]
    )

    assert (step.leads, step.followed) == (30, 30)


def test_a_lead_gets_what_leads_like_it_turned_to(
    known: None, shelf: dict[str, Asset], at: datetime
) -> None:
    lead = people.inquiry(at=at)
    read(lead, shelf["intro"], at=at)

    best = queries.next_best(lead)

    assert best.asset is not None
    assert best.asset.item == shelf["guide"]
    assert best.asset.lift > 1
    assert best.asset.words == "30 of 30 leads turned to it after “Intro”"
    assert best.promotion is not None
    assert best.promotion.item == shelf["offer"]


def test_nobody_gets_what_they_had_already(
    known: None, shelf: dict[str, Asset], at: datetime
) -> None:
    lead = people.inquiry(at=at)
    read(lead, shelf["intro"], shelf["guide"], at=at)

    best = queries.next_best(lead)

    assert best.asset is None or best.asset.item not in {shelf["intro"], shelf["guide"]}


@pytest.mark.parametrize(
    "facts", [{"is_public": False}, {"stages": ["customer"]}, {"personas": ["influencer"]}]
)
def test_only_what_is_live_and_suits_is_suggested(
    known: None, shelf: dict[str, Asset], at: datetime, facts: dict[str, object]
) -> None:
    Asset.objects.filter(pk=shelf["guide"].pk).update(**facts)
    lead = people.inquiry(at=at, persona="technical_user")
    read(lead, shelf["intro"], at=at)

    best = queries.next_best(lead)

    assert best.asset is None or best.asset.item != shelf["guide"]


def test_content_about_another_product_does_not_suit(
    known: None, shelf: dict[str, Asset], at: datetime
) -> None:
    pump, desk = (Product.objects.create(key=key, name=key.title()) for key in ("pump", "desk"))
    shelf["intro"].products.add(pump)
    shelf["guide"].products.add(desk)
    lead = people.inquiry(at=at)
    read(lead, shelf["intro"], at=at)

    best = queries.next_best(lead)

    assert best.asset is None or best.asset.item != shelf["guide"]


def test_the_next_product_is_one_it_has_not_read_about(
    shelf: dict[str, Asset], at: datetime
) -> None:
    pump, desk = (Product.objects.create(key=key, name=key.title()) for key in ("pump", "desk"))
    shelf["intro"].products.add(pump)
    shelf["guide"].products.add(desk)
    for lead in people.inquiries(30, at=at):
        read(lead, shelf["intro"], shelf["guide"], at=at)
    scoring.learn_next_steps(at=at)
    lead = people.inquiry(at=at)
    read(lead, shelf["intro"], at=at)

    best = queries.next_best(lead)

    assert best.product is not None
    assert (best.product.item, best.product.after) == (desk, "Pump")


def test_a_deleted_asset_is_suggested_no_more(
    known: None, shelf: dict[str, Asset], at: datetime
) -> None:
    lead = people.inquiry(at=at)
    read(lead, shelf["intro"], at=at)
    shelf["guide"].delete()

    best = queries.next_best(lead)

    assert best.asset is None or best.asset.item.key != "guide"


def test_a_few_leads_make_no_rule(shelf: dict[str, Asset], at: datetime) -> None:
    for lead in people.inquiries(100, at=at):
        read(lead, shelf["other"], shelf["guide"], at=at)
    for lead in people.inquiries(2, at=at):
        read(lead, shelf["intro"], shelf["offer"], at=at)
    scoring.learn_next_steps(at=at)
    step = NextStep.objects.get(persona="", from_asset=shelf["intro"], to_asset=shelf["offer"])
    lead = people.inquiry(at=at)
    read(lead, shelf["intro"], at=at)

    best = queries.next_best(lead)

    assert step.followed == step.leads == 2
    assert best.promotion is not None
    assert best.promotion.lift < 50 * (2 / 22 + 1)
