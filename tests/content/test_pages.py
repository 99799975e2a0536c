"""The library and the public pages."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from content import services
from content.models import Asset, AssetVersion, Product
from leadflow.core.errors import Invalid, NotAllowed
from leadflow.core.models import User

pytestmark = pytest.mark.django_db
EMAIL = {"title": "News", "kind": "email", "subject": "Hi {{ lead.first_name }}", "body": "Hello"}


@pytest.fixture
def paper(at: datetime) -> Asset:
    values = {
        "title": "A paper",
        "kind": "white_paper",
        "summary": "Short — and “good”",
        "body": "# One\n\nTwo <3",
        "is_public": True,
    }
    return services.save_asset(values=values, by=None, at=at)


def test_a_public_paper_is_read_by_anybody_and_tells_the_tracker(
    client: Client, paper: Asset
) -> None:
    text = client.get(f"/c/{paper.key}/").content.decode()
    assert f'<script src="/t.js" data-asset="{paper.key}" defer></script>' in text
    assert f"/t/pixel.gif?a={paper.key}" in text
    assert f'href="/c/{paper.key}/download"' in text
    assert 'data-track="download"' in text
    assert "Two &lt;3" in text


def test_a_paper_downloads_as_a_pdf(client: Client, paper: Asset) -> None:
    answer = client.get(f"/c/{paper.key}/download")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


@pytest.mark.parametrize("change", [{"is_public": False}, {"kind": "email"}, {"kind": "letter"}])
def test_what_is_not_public_is_not_there(
    client: Client, paper: Asset, change: dict[str, Any]
) -> None:
    Asset.objects.filter(pk=paper.pk).update(**change)
    assert client.get(f"/c/{paper.key}/").status_code == 404
    assert client.get(f"/c/{paper.key}/download").status_code == 404


def test_every_change_of_a_text_is_a_version_and_nothing_else_is(
    marketer: User, at: datetime
) -> None:
    asset = services.save_asset(values=EMAIL, by=marketer, at=at)
    services.save_asset(asset_id=asset.pk, values=EMAIL | {"summary": "x"}, by=marketer, at=at)
    services.save_asset(asset_id=asset.pk, values=EMAIL | {"body": "Other"}, by=marketer, at=at)
    found = (
        AssetVersion.objects.filter(asset=asset).order_by("number").values_list("number", "body")
    )
    assert list(found) == [(1, "Hello"), (2, "Other")]


def test_two_pieces_with_one_title_get_two_addresses(marketer: User, at: datetime) -> None:
    first = services.save_asset(values=EMAIL, by=marketer, at=at)
    second = services.save_asset(values=EMAIL, by=marketer, at=at)
    assert (first.key, second.key) == ("news", "news-2")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"body": "{{ lead.x }}"}, "body"),
        ({"subject": "{% if %}"}, "subject"),
        ({"subject": " "}, "subject"),
    ],
)
def test_a_text_that_could_not_be_sent_is_not_kept(
    marketer: User, at: datetime, values: dict[str, str], field: str
) -> None:
    before = Asset.objects.count()
    with pytest.raises(Invalid) as refused:
        services.save_asset(values=EMAIL | values, by=marketer, at=at)
    assert refused.value.field == field
    assert Asset.objects.count() == before


def test_reps_read_and_marketers_write(
    rep: User, marketer: User, client: Client, at: datetime
) -> None:
    with pytest.raises(NotAllowed):
        services.save_asset(values=EMAIL, by=rep, at=at)
    asset = services.save_asset(values=EMAIL, by=marketer, at=at)
    address = reverse("content:asset", args=[asset.pk])
    assert client.get(address).status_code == 302
    client.force_login(rep)
    assert client.get(address).status_code == 200
    assert client.get(reverse("content:create")).status_code == 403
    client.post(address, {"title": "Mine", "kind": "email", "subject": "x", "body": "x"})
    assert Asset.objects.get(pk=asset.pk).title == "News"


def test_the_form_keeps_what_was_typed_and_names_the_field(client: Client, marketer: User) -> None:
    client.force_login(marketer)
    answer = client.post(reverse("content:create"), EMAIL | {"body": "Hello {{ lead.frist_name }}"})
    assert answer.status_code == 422
    assert "lead.frist_name is undefined" in answer.content.decode()
    assert "Hello {{ lead.frist_name }}" in answer.content.decode()
    answer = client.post(reverse("content:create"), EMAIL)
    assert answer.status_code == 302


def test_the_library_finds_by_word_kind_and_product(
    client: Client, marketer: User, at: datetime
) -> None:
    product = Product.objects.create(key="pump", name="Pump")
    services.save_asset(
        values=EMAIL | {"title": "About pumps", "products": [product.pk]}, by=marketer, at=at
    )
    client.force_login(marketer)
    text = client.get(
        reverse("content:library"), {"q": "pumps", "kind": "email", "product": "pump"}
    ).content.decode()
    assert "About pumps" in text
    assert "Day 21: a letter" not in text
    assert (
        "Nothing matches"
        in client.get(reverse("content:library"), {"q": "nothing such"}).content.decode()
    )


def test_the_library_takes_the_same_queries_for_any_number(client: Client, marketer: User) -> None:
    client.force_login(marketer)
    counts = []
    for more in (1, 30):
        Asset.objects.bulk_create(
            Asset(key=f"k{more}-{n}", title=f"T{n}", kind="page") for n in range(more)
        )
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("content:library")).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_letter_can_be_looked_at_before_it_is_printed(client: Client, rep: User) -> None:
    client.force_login(rep)
    letter = Asset.objects.get(key="nine-touch-letter")
    assert client.get(reverse("content:preview", args=[letter.pk])).content.startswith(b"%PDF")
    email = Asset.objects.get(key="nine-touch-guide")
    assert client.get(reverse("content:preview", args=[email.pk])).status_code == 404
