"""Consent in a real browser: asked once, obeyed at once, and the story attached to the person."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, sync_playwright

from leads import services as leads
from leads.models import Activity, Form, Lead, Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def _cookies(page: Page) -> dict[str, str]:
    return {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}


def _reported(page: Page, act: Any) -> None:
    """Do something and wait until its report has been answered."""
    with page.expect_response("**/t/"):
        act()


def test_yes_remembers_the_visitor_and_the_form_tells_who_it_is(
    page: Page, live_server: Any, form: Form
) -> None:
    page.goto(f"{live_server.url}/f/paper/?utm_source=newsletter")
    assert _cookies(page) == {}
    _reported(page, lambda: page.get_by_role("button", name="Yes").click())
    assert page.locator("[data-consent-bar]").is_hidden()
    _reported(page, lambda: page.goto(f"{live_server.url}/f/paper/"))
    page.fill("[name=email]", "ada@example.com")
    page.fill("[name=phone]", "+49 30 1234567")
    page.wait_for_timeout(1_000)
    page.get_by_role("button", name="Send").click()  # the thank-you page itself is no interest
    page.wait_for_url("**/thanks/")
    _reported(page, lambda: page.get_by_role("link", name="Finding leaks").click())
    leads.process_beacons(at=timezone.now())
    leads.process_submissions(at=timezone.now())

    lead = Lead.objects.get(email="ada@example.com")
    kinds = list(lead.activities.order_by("occurred_at", "id").values_list("kind", flat=True))
    assert kinds.count("page_view") == 2
    assert {"form", "download"} <= set(kinds)
    assert lead.source == "newsletter"
    assert str(Visitor.objects.get().pk) == _cookies(page)["lf_visitor"]


def test_no_counts_the_visit_and_remembers_nobody(page: Page, live_server: Any, form: Form) -> None:
    page.goto(f"{live_server.url}/f/paper/")
    _reported(page, lambda: page.get_by_role("button", name="No").click())
    _reported(page, lambda: page.reload())
    leads.process_beacons(at=timezone.now())

    assert _cookies(page) == {"lf_consent": "0"}
    assert page.locator("[data-consent-bar]").is_hidden()
    assert Activity.objects.filter(visitor=None, kind="page_view").count() == 2
    assert not Visitor.objects.exists()


def test_whoever_leaves_without_an_answer_is_counted(
    page: Page, live_server: Any, form: Form
) -> None:
    page.goto(f"{live_server.url}/f/paper/")
    page.goto("about:blank")
    page.wait_for_timeout(500)
    leads.process_beacons(at=timezone.now())

    assert Activity.objects.get().visitor is None
