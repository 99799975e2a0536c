"""The record page tells how a lead came, and which of the story no person did."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from leadflow.core.models import User
from leads.models import Activity, Campaign, Lead, Visit
from tests.factories import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(marketer: User, sign_in: Any) -> Client:
    return sign_in(marketer)


@pytest.fixture
def lead(at: datetime) -> Lead:
    return people.inquiry(at=at)


def page_of(client: Client, lead: Lead, query: str = "") -> str:
    return client.get(f"/leads/{lead.pk}/{query}").content.decode()


def test_every_touch_stands_with_its_marks(
    client: Client, lead: Lead, campaign: Campaign, at: datetime
) -> None:
    Visit.objects.create(
        lead=lead, at=at, source="newsletter", medium="email", campaign=campaign, content="header"
    )
    Visit.objects.create(
        lead=lead, at=at, source="google", campaign_name="brand", term="quiet pump",
        referrer="https://www.google.com/",
    )  # fmt: skip
    Visit.objects.create(lead=lead, at=at, referrer="https://www.search.example/q?a=b")

    page = page_of(client, lead)

    for words in ("How they came", "newsletter", "email", "Water Expo", "header", "brand",
                  "quiet pump", "through google.com", "search.example"):  # fmt: skip
        assert words in page


def test_the_newest_ten_are_shown(client: Client, lead: Lead, at: datetime) -> None:
    Visit.objects.bulk_create(
        Visit(lead=lead, at=at + timedelta(hours=n), source=f"source{n:02}") for n in range(12)
    )

    page = page_of(client, lead)

    assert page.count(">source") == 10
    assert "source11" in page
    assert "source01" not in page
    assert "The newest 10 are shown." in page


def test_who_came_by_no_way_we_know_has_no_such_box(client: Client, lead: Lead) -> None:
    assert "How they came" not in page_of(client, lead)


def test_what_a_machine_did_says_so(client: Client, lead: Lead, at: datetime) -> None:
    Activity.objects.create(
        lead=lead, kind="page_view", title="Prices", occurred_at=at, is_automatic=True,
        properties={"machine": "mail scanner"},
    )  # fmt: skip

    assert "by a machine" not in page_of(client, lead)
    assert "by a machine (mail scanner)" in page_of(client, lead, "?machines=1")


def test_a_video_says_how_far_it_was_watched(client: Client, lead: Lead, at: datetime) -> None:
    Activity.objects.create(
        lead=lead, kind="video", title="The tour", occurred_at=at, properties={"at": 50}
    )

    page = page_of(client, lead)

    assert "Watched a video" in page
    assert "The tour, 50 %" in page
