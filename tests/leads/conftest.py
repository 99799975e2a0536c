"""What the tests of leads share: signed-in clients, a form, a product."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from content.models import Asset, Product
from leadflow.core.models import ApiToken, User
from leads.models import Campaign, Form, Lead, Site, Territory, Visitor
from leads.queries import forget_sites
from leads.views import hosted, limits, portions
from tests.factories import people

FIELDS = [
    {"name": "first_name", "label": "First name", "type": "text", "required": False},
    {"name": "email", "label": "Work e-mail", "type": "email", "required": True},
    {"name": "phone", "label": "Phone", "type": "tel", "required": False},
    {"name": "message", "label": "Message", "type": "textarea", "required": False},
]


@pytest.fixture(autouse=True)
def _nobody_has_posted_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses are counted in this process, from zero; no form is remembered from another test."""
    hosted.forget_forms()
    monkeypatch.setattr(limits, "_redis_back_at", float("inf"))
    limits._memory.storage.reset()
    portions.forget()
    forget_sites()
    cache.clear()


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    """A client of this user."""

    def run(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return run


@pytest.fixture
def api() -> Callable[[User], Any]:
    """A client that sends JSON with a key of this user."""

    def run(user: User) -> Client:
        key = ApiToken.objects.issue(user=user, name="test")
        return Client(headers={"authorization": f"Bearer {key}"})

    return run


@pytest.fixture
def product(db: None) -> Product:
    return Product.objects.create(key="flow", name="FlowMeter")


@pytest.fixture
def white_paper(db: None) -> Asset:
    return Asset.objects.create(
        key="leaks", title="Finding leaks", kind=Asset.Kind.WHITE_PAPER, is_public=True
    )


@pytest.fixture
def campaign(db: None) -> Campaign:
    return Campaign.objects.create(key="expo", name="Water Expo", kind=Campaign.Kind.TRADE_SHOW)


@pytest.fixture
def form(product: Product, white_paper: Asset, campaign: Campaign) -> Form:
    return Form.objects.create(
        slug="paper",
        name="Get the white paper",
        fields=deepcopy(FIELDS),  # nobody changes what the next test begins with
        consent_text="Yes, send me news.",
        asset=white_paper,
        product=product,
        campaign=campaign,
    )


@pytest.fixture
def site(db: None) -> Site:
    return Site.objects.create(name="Shop", key="shopkey", hosts=["shop.example", "*.acme.example"])


@pytest.fixture
def abroad(at: datetime) -> Lead:
    """A lead of a territory that no test user works in."""
    south = Territory.objects.create(key="south", name="South")
    return people.inquiry(at=at, territory_id=south.pk)


@pytest.fixture
def complaints() -> list[str]:
    """What a browser complained of."""
    return []


@pytest.fixture
def known(at: datetime) -> tuple[Client, Lead]:
    """A browser that agreed to be remembered, of somebody we know."""
    lead = people.inquiry(at=at, email="ada@example.com", first_name="Ada", attributes={})
    visitor = Visitor.objects.create(pk=uuid4(), lead=lead, first_seen_at=at, last_seen_at=at)
    client = Client()
    client.cookies.load({"lf_consent": "1", "lf_visitor": str(visitor.pk)})
    return client, lead


@pytest.fixture
def later() -> Iterator[Any]:
    """A few seconds after the page was opened."""
    with time_machine.travel(timezone.now() + timedelta(seconds=5)) as clock:
        yield clock
