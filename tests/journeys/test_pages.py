"""Every page of the rail, as each role sees it: accessible, quiet, and never wider than the screen."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.journeys.stack import Stack

pytestmark = pytest.mark.timeout(300)
SERIOUS = {"serious", "critical"}
ROLES = {
    "max@demo.example": ("/queue/", "/queue/tasks/", "/leads/", "/leads/1/", "/reports/funnel/",
                         "/reports/handoffs/", "/reports/handoffs/?by=rep", "/reports/velocity/",
                         "/reports/leaks/", "/queue/feedback/", "/leads/privacy/"),
    "mara@demo.example": ("/scoring/", "/scoring/versions/1/", "/scoring/leads/1/",
                          "/scoring/simulator/", "/scoring/simulator/1/", "/scoring/simulator/1/?threshold=80",
                          "/scoring/simulator/1/leads/?which=offers",
                          "/scoring/definitions/", "/scoring/definitions/2/", "/scoring/definitions/3/",
                          "/scoring/definitions/3/change/", "/scoring/definitions/mql_sal/propose/",
                          "/scoring/prediction/", "/programs/", "/programs/1/", "/programs/outbox/", "/content/",
                          "/leads/campaigns/", "/leads/sites/", "/leads/sites/1/", "/leads/forms/", "/leads/forms/new/",
                          "/leads/forms/1/", "/leads/forms/1/settings/", "/leads/forms/1/share/",
                          "/leads/forms/1/submissions/",
                          "/leads/forms/1/questions/new/?kind=choice", "/leads/companies/", "/leads/bulk/",
                          "/leads/bulk/new/?verb=recycle&all=1", "/leads/bulk/new/?verb=invite&all=1",
                          "/leads/campaigns/new/", "/leads/campaigns/plant-fair/",
                          "/leads/campaigns/plant-fair/guests/", "/leads/campaigns/open-house/tickets/",
                          "/leads/campaigns/open-house/guests/import/", "/leads/companies/1/",
                          "/leads/companies/1/?part=story", "/leads/companies/1/merge/", "/leads/import/",
                          "/leads/duplicates/", "/leads/merges/", "/leads/1/merge/?q=a", "/leads/1/merge/2/",
                          "/leads/segments/", "/leads/segments/new/", "/leads/segments/active/",
                          "/leads/segments/active/edit/", "/leads/filter/",
                          "/leads/?more=1&stage=mql&grade=A&columns=stage,tags,email", "/leads/new/",
                          "/leads/views/new/?filter=grade%3DA", "/leads/1/?machines=1", "/leads/1/owner/"),
    "rita@demo.example": ("/queue/", "/leads/", "/leads/events/", "/leads/campaigns/open-house/kiosk/"),
    "cora@demo.example": ("/queue/", "/leads/"),
    "admin@demo.example": ("/ui/", "/leads/"),
    "": ("/accounts/login/", "/c/why-pumps-fail/", "/c/pump-monitor-guide/", "/f/pump-guide/",
         "/f/pump-guide/embed/", "/f/pump-guide/thanks/"),
}  # fmt: skip


@pytest.fixture(scope="module")
def filled(stack: Stack) -> Stack:
    """The stack with something on every page."""
    if not stack.value("SELECT count(*) FROM leads_lead"):
        stack.manage("demo", "--leads", "200")
    return stack


def open_as(browser: Browser, stack: Stack, email: str, colours: str) -> Page:
    page = browser.new_context(color_scheme=colours).new_page()
    if email:
        page.goto(f"{stack.url}/accounts/login/")
        page.locator("[name=login]").fill(email)
        page.locator("[name=password]").fill("leadflow-demo")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/accounts/" not in url)
    return page


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("email", ROLES)
def test_pages_are_sound(filled: Stack, browser: Browser, email: str, colours: str) -> None:
    page = open_as(browser, filled, email, colours)
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    for address in ROLES[email]:
        for width in (1440, 320):
            page.set_viewport_size({"width": width, "height": 900})
            response = page.goto(filled.url + address)
            assert response is not None
            assert response.status == 200, address
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)
        found = Axe().run(page).response["violations"]
        assert [one["id"] for one in found if one["impact"] in SERIOUS] == [], address

    assert complaints == []
    page.context.close()
