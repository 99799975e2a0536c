"""The door in a real browser, as wide as a tablet: scanned by keyboard, also while the network is away."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from leadflow.core.models import User
from leads import services as leads
from leads.models import Activity, Campaign, Guest, Lead
from tests.factories import people
from tests.leads.browsing import browsing

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = ("Ada Byron", "Alan Turing", "Grace Hopper")


@pytest.fixture
def guests(at: datetime) -> list[Guest]:
    campaign = Campaign.objects.create(key="expo", name="Water Expo", kind="trade_show")
    for name in NAMES:
        first, _, last = name.partition(" ")
        lead = people.inquiry(at=at, first_name=first, last_name=last)
        leads.register_guests(campaign_ids_by_lead=[(campaign.pk, lead.pk, at)], source="form")
    return list(Guest.objects.order_by("pk"))


@pytest.fixture
def page(
    monkeypatch: pytest.MonkeyPatch,
    live_server: Any,
    rep: User,
    guests: list[Guest],
    complaints: list[str],
) -> Iterator[Page]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with browsing(live_server.url, rep, complaints) as page:
        page.set_viewport_size({"width": 820, "height": 1180})
        page.goto(f"{live_server.url}/leads/campaigns/expo/kiosk/")
        yield page


def scan(page: Page, text: str) -> None:
    """As a scanner does: keys into whatever has the focus, then Enter."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_a_scanner_lets_guests_in_one_after_the_other(
    page: Page, guests: list[Guest], complaints: list[str]
) -> None:
    for guest in guests:
        scan(page, guest.code)

    expect(page.locator("[data-greeting]")).to_contain_text("Welcome, Grace Hopper")
    expect(page.locator(".kiosk-count")).to_contain_text("3 here")
    scan(page, guests[0].code)
    expect(page.locator("[data-greeting]")).to_contain_text("Already here since")
    expect(page.locator("#id_q")).to_be_focused()
    expect(page.locator("#id_q")).to_have_value("")
    assert Activity.objects.filter(kind="event").count() == 3
    assert complaints == []


def test_tickets_wait_while_the_network_is_away_and_survive_a_closed_page(
    page: Page, guests: list[Guest]
) -> None:
    page.context.set_offline(True)
    for guest in guests:
        scan(page, guest.code)
    expect(page.locator("[data-offline]")).to_contain_text("3 tickets wait here")
    assert not Activity.objects.exists()

    page.context.set_offline(False)
    page.reload()

    expect(page.locator(".kiosk-count")).to_contain_text("3 here")
    expect(page.locator("[data-offline]")).to_be_hidden()
    assert Guest.objects.filter(attended_at__isnull=False).count() == 3


def test_a_name_that_could_not_be_sent_stays_in_the_field(page: Page) -> None:
    page.context.set_offline(True)
    scan(page, "Alan")

    expect(page.locator("[data-offline]")).to_contain_text("The network is away.")
    expect(page.locator("#id_q")).to_have_value("Alan")


def test_a_name_is_tapped_and_taken_back(page: Page, complaints: list[str]) -> None:
    scan(page, "tur")
    page.get_by_role("button", name="Alan Turing").click()
    expect(page.locator("[data-greeting]")).to_contain_text("Welcome, Alan Turing")

    page.get_by_role("button", name="That was somebody else").click()

    expect(page.locator("#answer")).to_contain_text("Alan Turing counts as not here")
    assert not Activity.objects.filter(kind="event").exists()
    assert complaints == []


def test_somebody_new_is_written_down_after_a_mistake(page: Page) -> None:
    scan(page, "Hedy Lamarr")
    expect(page.locator("[name=first_name]")).to_have_value("Hedy")
    page.get_by_role("button", name="Write down and let in").click()
    expect(page.locator("#answer")).to_contain_text("Ask for an e-mail address")
    expect(page.locator("[name=email]")).to_be_focused()

    page.keyboard.type("hedy@example.com")
    page.keyboard.press("Enter")

    expect(page.locator("[data-greeting]")).to_contain_text("Welcome, Hedy Lamarr")
    assert Lead.objects.filter(email="hedy@example.com", source="expo").count() == 1


@pytest.mark.parametrize(
    ("said", "shown"),
    [("", ".greeting-idle"), ("tur", ".match"), ("Nobody Knows", "[name=first_name]")],
)
def test_everybody_can_use_it_at_every_width(page: Page, said: str, shown: str) -> None:
    if said:
        scan(page, said)
    expect(page.locator(shown)).to_be_visible()
    for width in (320, 390, 820, 1180):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for button in page.locator(".kiosk :is(button, .btn):visible").all():
            box = button.bounding_box()
            assert box is not None
            assert box["height"] >= 44

    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in {"serious", "critical"}] == []
