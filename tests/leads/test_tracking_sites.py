"""Sites: who may report with which key, what is remembered, and the pages that manage them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from leadflow.core.models import User
from leads import queries
from leads import services as leads
from leads.models import Activity, RawBeacon, Site, Visitor
from tests.leads.tracking import BROWSER, of_shop, report, see

pytestmark = pytest.mark.django_db

FROM_SHOP = {"origin": "https://shop.example"}


def test_a_report_with_a_key_belongs_to_its_site(site: Site) -> None:
    visitor = uuid4()

    answer = see(headers=FROM_SHOP, **of_shop(visitor=str(visitor)))

    assert answer.status_code == 204
    seen = Activity.objects.get()
    assert (seen.site, seen.visitor_id, seen.is_automatic) == (site, visitor, False)


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ({"origin": "https://shop.example"}, ""),
        ({"origin": "https://shop.example:8443"}, ""),
        ({"origin": "https://www.acme.example"}, ""),
        ({"origin": "null", "referer": "https://shop.example/pumps"}, ""),
        # Pages whose policy keeps origin and referrer to themselves, as many sites do
        ({"origin": "null"}, "https://shop.example/pumps/"),
        ({}, "https://shop.example/pumps/"),
    ],
)
def test_its_hosts_may_report(site: Site, headers: dict[str, str], url: str) -> None:
    assert report(headers=headers, **of_shop(url=url)).status_code == 204


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ({"origin": "https://evil.example"}, "https://shop.example/"),
        ({"origin": "https://shop.example.evil.example"}, "https://shop.example/"),
        ({"origin": "https://acme.example"}, ""),
        ({"origin": "null", "referer": "https://evil.example/"}, "https://shop.example/"),
        ({"origin": "null"}, "https://evil.example/"),
        ({"origin": "null"}, ""),
        ({}, "not an address"),
        ({}, "http://["),
    ],
)
def test_other_hosts_may_not(site: Site, headers: dict[str, str], url: str) -> None:
    answer = report(headers=headers, **of_shop(url=url))

    assert answer.status_code == 403
    assert "not one of the hosts" in answer.content.decode()
    assert not RawBeacon.objects.exists()


@pytest.mark.parametrize("key", ["nokey", "shopkey ", 7, ["shopkey"], {"a": 1}, True, "x" * 500])
def test_a_key_nobody_has_is_answered_404(site: Site, key: Any) -> None:
    answer = report(headers=FROM_SHOP, **of_shop(key=key))

    assert answer.status_code == 404
    assert "No site has this key" in answer.content.decode()
    assert not RawBeacon.objects.exists()


def test_another_site_needs_a_key() -> None:
    answer = report(headers={"origin": "https://shop.example"})

    assert answer.status_code == 403
    assert "data-key" in answer.content.decode()
    assert not RawBeacon.objects.exists()


def test_our_own_pages_need_none() -> None:
    assert report(headers={"origin": "http://testserver"}).status_code == 204
    assert report(headers={"origin": settings.SITE_URL}).status_code == 204


def test_a_site_that_is_switched_off_is_refused(site: Site, marketer: User) -> None:
    leads.switch_site(site_id=site.pk, is_active=False, by=marketer)
    queries.forget_sites()

    assert report(headers=FROM_SHOP, **of_shop()).status_code == 403
    assert not RawBeacon.objects.exists()


def test_a_site_that_never_remembers_keeps_no_visitor(site: Site) -> None:
    Site.objects.update(mode=Site.Mode.NEVER)

    see(headers=FROM_SHOP, **of_shop(visitor=str(uuid4())))

    assert Activity.objects.get().visitor is None
    assert not Visitor.objects.exists()
    assert "visitor" not in (RawBeacon.objects.values_list("headers", flat=True).first() or {})


def test_a_site_that_stopped_remembering_stops_for_what_still_waits(site: Site) -> None:
    report(headers=FROM_SHOP, **of_shop(visitor=str(uuid4())))
    Site.objects.update(mode=Site.Mode.NEVER)

    leads.process_beacons(at=timezone.now())

    assert not Visitor.objects.exists()


def test_sites_are_known_without_a_query_each_time(
    site: Site, django_assert_num_queries: Any
) -> None:
    report(headers=FROM_SHOP, **of_shop())

    with django_assert_num_queries(1):  # the row itself
        report(headers=FROM_SHOP, **of_shop())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"referer": "https://shop.example/pumps/"}, 200),
        ({}, 200),
        ({"referer": "https://evil.example/"}, 403),
    ],
)
def test_the_pixel_counts_a_page_of_the_site(
    site: Site, headers: dict[str, str], status: int
) -> None:
    answer = Client().get("/t/pixel.gif?k=shopkey", headers={"user-agent": BROWSER} | headers)
    leads.process_beacons(at=timezone.now())

    assert answer.status_code == status
    assert Activity.objects.filter(site=site, visitor=None).count() == (status == 200)


def test_the_pixel_of_no_site_is_answered_404() -> None:
    assert Client().get("/t/pixel.gif?k=nokey").status_code == 404


def test_a_marketer_adds_a_site_and_gets_its_snippet(marketer: User, sign_in: Any) -> None:
    client = sign_in(marketer)

    answer = client.post(
        "/leads/sites/new/",
        {"name": "Shop", "hosts": "https://WWW.Shop.example/start\n*.acme.example, müller.example",
         "mode": "site"},
    )  # fmt: skip

    site = Site.objects.get()
    assert answer.url == f"/leads/sites/{site.pk}/"
    assert site.hosts == ["www.shop.example", "*.acme.example", "xn--mller-kva.example"]
    page = client.get(answer.url).content.decode()
    assert f"data-key=&quot;{site.key}&quot;" in page or f'data-key="{site.key}"' in page
    assert "leadflow.consent(true)" in page
    assert "Nothing yet" in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("hosts", "shop example", "is no host name"),
        ("hosts", "*.", "is no host name"),
        ("hosts", "*", "is no host name"),
        ("hosts", " \n ", "Say which host names"),
        ("name", "", "Give the site a name"),
        ("mode", "always", "Select a valid choice"),
    ],
)
def test_what_does_not_fit_stands_at_its_field(
    field: str, value: str, words: str, marketer: User, sign_in: Any
) -> None:
    said = {"name": "Shop", "hosts": "shop.example", "mode": "ask"} | {field: value}

    answer = sign_in(marketer).post("/leads/sites/new/", said)

    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Site.objects.exists()


def test_the_page_of_a_site_shows_what_came(site: Site, marketer: User, sign_in: Any) -> None:
    see(headers=FROM_SHOP, **of_shop())

    page = sign_in(marketer).get(f"/leads/sites/{site.pk}/").content.decode()

    assert "It does" in page
    assert "https://shop.example/pumps/" in page


def test_the_status_alone_is_asked_again(site: Site, marketer: User, sign_in: Any) -> None:
    client = sign_in(marketer)

    piece = client.get(f"/leads/sites/{site.pk}/", headers={"hx-request": "true"}).content.decode()

    assert piece.strip().startswith('<div id="status"')
    assert "<html" not in piece


def test_the_list_makes_the_same_queries_for_many_sites(
    marketer: User, sign_in: Any, django_assert_max_num_queries: Any
) -> None:
    Site.objects.bulk_create(Site(name=f"Site {n}", hosts=[f"s{n}.example"]) for n in range(60))
    client = sign_in(marketer)

    with django_assert_max_num_queries(8):
        page = client.get("/leads/sites/").content.decode()

    assert page.count("<tr data-row") == 60


def test_reports_of_the_last_day_are_counted(site: Site, at: Any) -> None:
    hours = [-30, -25, -23, -1]
    Activity.objects.bulk_create(
        Activity(kind="page_view", site=site, occurred_at=at + timedelta(hours=hour))
        for hour in hours
    )

    row = queries.list_sites(at=at)[0]

    assert (row.reports, row.last_at) == (2, at - timedelta(hours=1))


def test_failed_reports_are_shown_and_tried_again(marketer: User, sign_in: Any) -> None:
    RawBeacon.objects.create(
        said={"kind": "page_view"}, received_at=timezone.now(), state="failed", error="Strange."
    )
    client = sign_in(marketer)

    assert "Strange." in client.get("/leads/sites/").content.decode()
    client.post("/leads/sites/reprocess/")

    assert Activity.objects.count() == 1
    assert not RawBeacon.objects.exists()
