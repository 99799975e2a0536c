"""A definition in a real browser: built, counted, signed by both sides, and followed."""

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from leads.models import Offer
from scoring import services as scoring
from tests.factories import people
from tests.leads.browsing import browsing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def crowd(at: datetime) -> None:
    """Three leads with a phone number, one of them a student, and two without."""
    people.inquiries(2, at=at, phone="+49301234")
    people.inquiries(1, at=at, phone="+49301235", job_title="Student")
    people.inquiries(2, at=at)


def choose(page: Page, what: str, value: str) -> None:
    """Choose in a builder and wait until it is drawn anew."""
    with page.expect_response("**/leads/conditions/**"):
        page.locator(what).select_option(value)
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


def build(page: Page) -> None:
    """The text: whoever has a phone number, but no students; two a day."""
    first = page.locator("#builder .builder-row")
    while first.count() > 1:
        count = first.count()
        page.locator("#builder .builder-remove").first.click()
        expect(first).to_have_count(count - 1)
    choose(page, "#c\\.0-field", "phone")
    page.locator("#builder-x").get_by_role("button", name="Add a condition").click()
    choose(page, "#x\\.0-field", "job_title")
    choose(page, "#x\\.0-op", "contains")
    page.locator("#x\\.0\\.value-in").fill("student")
    page.get_by_label("at most so many a day").check()
    page.get_by_label("At most, a day").fill("1")


def test_a_definition_is_built_counted_signed_by_both_and_followed(
    monkeypatch, live_server: Any, marketer, rep, crowd
) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    complaints: list[str] = []
    pages = f"{live_server.url}/scoring/definitions/"
    with browsing(live_server.url, marketer, complaints) as page:
        page.goto(f"{pages}mql_sal/propose/")
        expect(page.locator("#preview")).to_contain_text("before the hand-off")
        build(page)
        expect(page.locator("#preview")).to_contain_text("2 leads of 5 before the hand-off")
        expect(page.locator("#preview")).to_contain_text("it takes 2 days until nobody waits")
        page.get_by_role("button", name="Propose").last.click()
        expect(page.get_by_text("Job title contains student").first).to_be_visible()
        page.get_by_role("button", name="Sign for marketing").click()
        expect(page.get_by_text("Signed for marketing.")).to_be_visible()
        address = page.url
    with browsing(live_server.url, rep, complaints) as page:
        page.goto(address)
        expect(page.get_by_text("2 leads of 5 before the hand-off")).to_be_visible()
        page.get_by_label("Comment").fill("Fine with us")
        page.get_by_role("button", name="Comment", exact=True).click()
        expect(page.get_by_text("Fine with us")).to_be_visible()
        page.get_by_role("button", name="Sign for sales").click()
        expect(page.get_by_text("Both sides have signed: it is in effect.")).to_be_visible()

        scoring.follow_definitions(at=timezone.now())
        page.goto(pages)
        expect(page.locator(".stat", has_text="Waiting")).to_contain_text("1")

    assert Offer.objects.count() == 1
    # A count that is overtaken by the next one is broken off, and htmx tells of it
    assert [
        words
        for words in complaints
        if not words.startswith(("htmx:afterRequest", "htmx:sendAbort"))
    ] == []
