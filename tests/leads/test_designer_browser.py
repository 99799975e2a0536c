"""The designer in a real browser: dialogs, errors in place, the picture, moving by button."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from leadflow.core.models import User
from leads import services as leads
from leads.models import Handoff, Lead, PipelineVersion
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
    """The designer before the eyes of a marketer; two leads stand in “Inquiry”."""
    people.inquiries(2, at=at)
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with browsing(live_server.url, marketer, complaints) as page:
        page.goto(f"{live_server.url}/leads/pipeline/")
        yield page


def _fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f"#modal [name={name}]").fill(value)


def test_a_handoff_is_added_in_the_dialog(page: Page, complaints: list[str]) -> None:
    page.get_by_role("link", name="Add a hand-off").click()
    page.locator("#modal [name=after]").select_option("sql")
    page.locator("#modal [name=team]").select_option("sales")
    _fill(page, name="Demo desk", offered_name="Demo", offered_abbreviation="D1")
    _fill(page, accepted_name="demo", accepted_abbreviation="D2", target="60")
    page.get_by_role("button", name="Add the hand-off").click()
    wrong = page.locator("#modal .has-error")
    expect(wrong).to_contain_text("Both sides would be called “demo”")
    expect(page.locator("#modal [name=accepted_name]")).to_be_focused()

    _fill(page, accepted_name="Demo planned")
    page.get_by_role("button", name="Add the hand-off").click()

    expect(page.get_by_text("The hand-off is on the path.")).to_be_visible()
    expect(page.locator(".way-label", has_text="60 % · 1 d")).to_be_visible()
    assert float(Handoff.objects.get(key="demo_desk").target) == 0.6
    assert [words for words in complaints if "422" not in words] == []


def test_a_stage_is_added_by_key_moved_and_merged(
    page: Page, complaints: list[str], at: datetime
) -> None:
    page.keyboard.press("n")
    page.locator("#modal [name=after]").select_option("inquiry")
    _fill(page, name="Warm", abbreviation="WRM")
    page.get_by_role("button", name="Add the stage").click()
    expect(page.get_by_role("row", name="Warm WRM")).to_be_visible()

    page.get_by_role("button", name="Move Warm on").click()
    expect(page.locator("tbody tr .stage").nth(3)).to_have_text("Warm")
    page.get_by_role("button", name="Move Warm back").click()
    leads.advance(lead_ids=list(Lead.objects.values_list("pk", flat=True)), at=at)

    page.get_by_role("link", name="Take Warm off the path").click()
    expect(page.locator("#modal")).to_contain_text("2 leads stand in this stage and will move")
    page.locator("#modal [name=merge_into]").select_option("inquiry")
    page.get_by_role("button", name="Merge and retire").click()

    expect(page.get_by_text("merged into Inquiry")).to_be_visible()
    assert set(Lead.objects.values_list("stage", flat=True)) == {"inquiry"}
    assert PipelineVersion.objects.count() == 5
    assert complaints == []


def test_what_cannot_be_is_said_before_anything_is_asked(page: Page) -> None:
    page.get_by_role("link", name="Take Sales accepted off the path").click()

    dialog = page.locator("#modal")
    expect(dialog).to_contain_text("is a side of the hand-off “Marketing to sales”")
    expect(dialog.get_by_role("button", name="Retire")).to_have_count(0)
