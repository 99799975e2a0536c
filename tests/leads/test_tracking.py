"""Tracking: visits are counted; only those who agreed are remembered, and become known later."""

import gzip
import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from content.models import Asset
from leads import services as leads
from leads.models import Activity, Campaign, Form, Lead, RawBeacon, Visitor
from tests.leads.test_capture_forms import _send

pytestmark = pytest.mark.django_db


def _report(client: Client, headers: Any = None, **said: Any) -> Any:
    said = {"kind": "page_view", "url": "http://testserver/c/leaks/"} | said
    return client.post("/t/", json.dumps(said), content_type="text/plain", headers=headers)


def _see(client: Client, headers: Any = None, **said: Any) -> Any:
    """Report and have it understood."""
    answer = _report(client, headers, **said)
    leads.process_beacons(at=timezone.now())
    return answer


def _visitor(*, agreed: bool = True) -> tuple[Client, UUID]:
    client, visitor = Client(), uuid4()
    client.cookies["lf_visitor"] = str(visitor)
    client.cookies["lf_consent"] = "1" if agreed else "0"
    return client, visitor


def test_the_script_weighs_at_most_two_kilobytes() -> None:
    answer = Client().get("/t.js", headers={"accept-encoding": "gzip"})

    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) <= 2_000  # of 2,048: a byte or two for the next idea
    assert b"sendBeacon" in gzip.decompress(answer.content)


def test_the_script_is_cached_and_answers_304() -> None:
    first = Client().get("/t.js")
    again = Client().get("/t.js", headers={"if-none-match": first["ETag"]})

    assert first["Content-Type"].startswith("text/javascript")
    assert "max-age" in first["Cache-Control"]
    assert again.status_code == 304


def test_a_visit_without_consent_is_counted_and_nobody_is_remembered(white_paper: Asset) -> None:
    client, _ = _visitor(agreed=False)

    answer = _see(client, asset="leaks", title="Leaks")

    assert answer.status_code == 204
    assert "lf_visitor" not in answer.cookies
    seen = Activity.objects.get()
    assert (seen.asset, seen.visitor, seen.lead) == (white_paper, None, None)
    assert not Visitor.objects.exists()


def test_a_visit_with_consent_is_remembered_with_where_it_came_from(campaign: Campaign) -> None:
    client, visitor_id = _visitor()

    _see(client, url="http://testserver/?utm_source=newsletter&utm_campaign=expo")
    _see(client, referrer="https://www.search.example/q")

    visitor = Visitor.objects.get(pk=visitor_id)
    assert (visitor.source, visitor.campaign) == ("newsletter", campaign)
    assert Activity.objects.filter(visitor=visitor).count() == 2


@pytest.mark.parametrize(
    ("url", "referrer", "source"),
    [
        ("http://testserver/?utm_source=ad", "https://x.example/", "ad"),
        ("http://testserver/", "https://www.x.example/a?b", "x.example"),
        ("http://testserver/", "http://testserver/other", ""),
        ("http://testserver/", "", ""),
        ("http://[", "http://[", ""),
    ],
)
def test_the_source_is_what_the_address_says_else_the_site_that_linked(
    url: str, referrer: str, source: str
) -> None:
    client, visitor_id = _visitor()

    _see(client, url=url, referrer=referrer)

    assert Visitor.objects.get(pk=visitor_id).source == source


def test_the_story_two_pages_a_paper_and_a_form(form: Form, white_paper: Asset) -> None:
    Asset.objects.create(key="page", title="Page", kind=Asset.Kind.PAGE, is_public=True)
    client, visitor_id = _visitor()
    _see(client, asset="page", referrer="https://search.example/")
    _see(client, asset="leaks")
    _see(client, kind="download", asset="leaks")

    _send(form, client, email="ada@example.com", phone="+49 30 1234567")
    leads.process_submissions(at=timezone.now())

    lead = Lead.objects.get()
    kinds = list(lead.activities.order_by("id").values_list("kind", flat=True))
    assert kinds == ["page_view", "page_view", "download", "form"]
    assert lead.source == "search.example"
    assert Visitor.objects.get(pk=visitor_id).lead == lead
    assert lead.consents.get().purpose == "tracking"


def test_a_known_visitor_goes_on_in_the_same_story(form: Form) -> None:
    client, _ = _visitor()
    _see(client)
    _send(form, client)
    leads.process_submissions(at=timezone.now())

    _see(client)

    assert Lead.objects.get().activities.filter(kind="page_view").count() == 2


def test_two_people_at_one_browser_stay_two(form: Form) -> None:
    client, visitor_id = _visitor()
    _see(client)
    for email in ("ada@example.com", "bob@example.com"):
        _send(form, client, email=email)
        leads.process_submissions(at=timezone.now())

    assert Lead.objects.count() == 2
    assert Visitor.objects.get(pk=visitor_id).lead == Lead.objects.get(email="ada@example.com")


@pytest.mark.parametrize(
    "headers",
    [{"user-agent": "Googlebot/2.1"}, {"sec-purpose": "prefetch"}],
    ids=["bot", "prefetch"],
)
def test_what_no_person_did_is_kept_and_marked(headers: dict[str, str]) -> None:
    _see(Client(), headers=headers)

    assert Activity.objects.get().is_automatic


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"7", b"\xff\xfe", b"[" * 4_000, b'{"kind": "win"}', b'{"kind": 7}',
        b'{"kind": null}', b'{"kind": "page_view", "at": NaN}', b'{"kind": "page_view", "at": 1e999}',
        b'{"kind": ["page_view"]}', b'{"kind": {}}', b'{"kind": "page_view", "a": ' + b"9" * 4_000 + b"x}",
    ],
)  # fmt: skip
def test_nonsense_is_answered_400(body: bytes) -> None:
    assert Client().post("/t/", body, content_type="text/plain").status_code == 400
    assert not RawBeacon.objects.exists()


def test_strange_characters_do_no_harm(white_paper: Asset) -> None:
    client, _ = _visitor()
    strange = "a\x00b\ud800 😀"

    answer = _see(
        client, title=strange, asset=strange, referrer=f"http://{strange}/",
        url=f"http://testserver/?utm_source={strange}&utm_campaign=%00",
    )  # fmt: skip

    assert answer.status_code == 204
    assert Activity.objects.get().title == "a b 😀"


def test_a_long_report_is_refused() -> None:
    assert _report(Client(), title="x" * 5_000).status_code == 413


def test_a_flood_of_reports_is_answered_429(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.RATE_LIMITS, "track", "2/minute")

    assert [_report(Client()).status_code for _ in range(3)] == [204, 204, 429]


def test_a_visitor_cookie_that_is_none_is_ignored() -> None:
    client, _ = _visitor()
    client.cookies["lf_visitor"] = "robert'); --"

    assert _see(client).status_code == 204
    assert not Visitor.objects.exists()


def test_the_pixel_counts_where_no_script_runs(white_paper: Asset) -> None:
    answer = Client().get("/t/pixel.gif?a=leaks", headers={"referer": "http://testserver/c/leaks/"})
    leads.process_beacons(at=timezone.now())

    assert (answer.status_code, answer["Content-Type"]) == (200, "image/gif")
    assert Activity.objects.get().asset == white_paper
