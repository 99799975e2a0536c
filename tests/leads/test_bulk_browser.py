"""Choosing many leads in a real browser: by key, by shift, the page, all that match; then the act."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Page

from leadflow.core.models import User
from leads.models import BulkAct, Lead
from tests.factories import people
from tests.leads.browsing import browsing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(
    monkeypatch: pytest.MonkeyPatch,
    live_server: Any,
    marketer: User,
    complaints: list[str],
    at: datetime,
) -> Iterator[Page]:
    """The list of 60 inquiries and 3 offered leads, before the eyes of a marketer."""
    people.inquiries(60, at=at)
    people.offered(at=at, count=3)
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with browsing(live_server.url, marketer, complaints) as page:
        page.goto(f"{live_server.url}/leads/?sort=newest")
        yield page


def _count(page: Page) -> str:
    return page.locator("[data-picks-count]").inner_text()


def _box(page: Page, number: int) -> Any:
    return page.locator("[data-row] input[name=lead]").nth(number)


def test_rows_are_chosen_by_key_by_shift_and_all_at_once(page: Page, complaints: list[str]) -> None:
    bar = page.locator("[data-picks]")
    assert bar.is_hidden()

    for key in "jxjjx":
        page.keyboard.press(key)
    assert bar.is_visible()
    assert _count(page) == "2"
    page.keyboard.press("x")
    assert _count(page) == "1"
    _box(page, 10).click()
    _box(page, 14).click(modifiers=["Shift"])
    assert _count(page) == "6"
    assert page.locator("[data-picks-rest]").is_hidden()
    page.locator("thead [data-check-all]").check()
    assert _count(page) == "50"
    page.get_by_label("All 63 that match").check()
    assert _count(page) == "63"
    _box(page, 3).uncheck()  # then it is no longer everybody
    assert _count(page) == "49"
    assert not page.locator("[name=all]").is_checked()
    bar.locator("[data-check-all]").check()
    bar.locator("[data-check-all]").uncheck()
    assert bar.is_hidden()
    assert complaints == []


def test_all_that_match_are_offered_and_the_result_is_shown(
    page: Page, complaints: list[str]
) -> None:
    page.locator("thead [data-check-all]").check()
    page.get_by_label("All 63 that match").check()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Recycle…").click()
    page.locator("#modal[open]").get_by_label("Reason").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Offer…").click()
    dialog = page.locator("#modal[open]")
    dialog.get_by_text("60 can be offered, 3 stay as they are.").wait_for()
    dialog.get_by_role("button", name="Offer", exact=True).click()
    page.get_by_text("60 offered, 3 refused").wait_for()

    assert page.url.endswith(f"/leads/bulk/{BulkAct.objects.get().pk}/")
    assert Lead.objects.filter(stage="mql").count() == 63
    page.get_by_role("link", name="Refused 3").click()
    page.get_by_text("3 leads", exact=True).wait_for()
    assert page.locator("[data-row]").count() == 3
    assert complaints == []


def test_a_filter_empties_the_choice_and_what_is_missing_is_asked_for(
    page: Page, complaints: list[str]
) -> None:
    _box(page, 0).check()
    page.locator("#main summary", has_text="Stage").click()
    page.get_by_role("checkbox", name="Inquiry", exact=True).check()
    page.wait_for_url("**stage=inquiry**")
    page.locator("[data-picks]").wait_for(state="hidden")

    _box(page, 0).check()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Disqualify…").click()
    dialog = page.locator("#modal[open]")
    with page.expect_response(lambda answer: answer.status == 422):
        dialog.get_by_role("button", name="Disqualify").click()
    dialog.get_by_text("Choose a reason.").wait_for()
    dialog.get_by_label("Reason").select_option("fake")
    dialog.get_by_role("button", name="Disqualify").click()
    page.get_by_text("1 disqualified", exact=True).wait_for()

    back = page.get_by_role("link", name="Back to the list")
    assert back.get_attribute("href") == "/leads/?stage=inquiry&sort=newest"
    assert [one for one in complaints if "422" not in one] == []
