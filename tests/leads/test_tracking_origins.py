"""A customer's website on another origin, with a strict policy of its own, in a real browser."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Request, expect, sync_playwright

from leads import services as leads
from leads.models import Activity, RawBeacon, Site, Visit, Visitor
from tests.factories import people
from tests.journeys.conftest import browser_path

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = {
    "/": """<h1>Pumps</h1><a href="/prices/">Prices</a> <a id="file" href="/model-7.pdf">Model 7</a>
        <a id="tracked" href="#here" data-track="download" data-asset="leaks">The guide</a>""",
    "/prices/": "<h1>Prices</h1>",
}


class Website:
    """The customer's website: its address, and the snippet in its pages."""

    def __init__(self, port: int, ours: str) -> None:
        self.url, self.ours = f"http://127.0.0.1:{port}", ours
        self.snippet, self.headers = "", {"Referrer-Policy": "strict-origin-when-cross-origin"}

    def paste(self, site: Site, **more: str) -> None:
        """Put the snippet of a site into every page."""
        said = {"key": site.key, "consent": site.mode} | more
        marks = " ".join(f'data-{name}="{value}"' for name, value in said.items())
        pixel = f'<noscript><img src="{self.ours}/t/pixel.gif?k={site.key}" alt=""></noscript>'
        self.snippet = f'<script src="{self.ours}/t.js" {marks} defer></script>{pixel}'

    def page(self, path: str) -> str:
        """A page with the snippet."""
        body = PAGES.get(path.split("?")[0], "<h1>Elsewhere</h1>")
        if path.endswith(".pdf"):
            return "A file."
        return f"<!doctype html><html lang=en><title>Pumps</title>{body}{self.snippet}</html>"

    @property
    def policy(self) -> str:
        """Nothing inline, no style at all, and of other origins only what the snippet needs."""
        return (
            f"default-src 'none'; script-src {self.ours}; connect-src {self.ours};"
            f" img-src {self.ours}; style-src 'none'; require-trusted-types-for 'script'"
        )


@pytest.fixture
def website(live_server: Any) -> Iterator[Website]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = website.page(self.path).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", website.policy)
            for name, value in website.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(found)

        def log_message(self, *args: Any) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    website = Website(server.server_port, live_server.url)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield website
    server.shutdown()


@pytest.fixture
def site() -> Site:
    return Site.objects.create(name="Pumps", key="pumps", hosts=["127.0.0.1"])


@pytest.fixture
def sent() -> list[Request]:
    """What the browser sent to us."""
    return []


@contextmanager
def visiting(
    complaints: list[str], sent: list[Request] | None = None, **context: Any
) -> Iterator[Page]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        page = browser.new_context(**context).new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda one: sent.append(one) if sent is not None else None)
        yield page
        browser.close()


@pytest.fixture
def page(
    monkeypatch: pytest.MonkeyPatch, complaints: list[str], sent: list[Request]
) -> Iterator[Page]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with visiting(complaints, sent) as page:
        yield page
    assert [text for text in complaints if "favicon" not in text] == []


def cookies(page: Page) -> dict[str, str]:
    return {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}


def reported(page: Page, act: Callable[[], object]) -> dict[str, Any]:
    """Do something and wait until its report has been stored; what it said."""
    with page.expect_response("**/t/") as answer:
        act()
    assert answer.value.status == 204
    said: dict[str, Any] = json.loads(answer.value.request.post_data or "{}")
    return said


def understood(**wanted: Any) -> int:
    leads.process_beacons(at=timezone.now())
    return Activity.objects.filter(**wanted).count()


def test_asked_and_yes_the_visitor_is_remembered_in_a_cookie_of_the_website(
    page: Page, website: Website, site: Site, sent: list[Request]
) -> None:
    website.paste(site)
    page.goto(f"{website.url}/?utm_source=newsletter&utm_campaign=expo")
    bar = page.get_by_role("region", name="Cookies")
    expect(bar.get_by_text("May we remember your visit?")).to_be_visible()
    box = bar.bounding_box()
    assert box is not None
    assert box["width"] > 300  # our style is in force: it lies over the page
    assert cookies(page) == {}

    reported(page, lambda: bar.get_by_role("button", name="Yes").click())

    expect(bar).to_have_count(0)
    kept = cookies(page)
    assert kept["lf_consent"] == "1"
    assert understood(site=site, visitor=kept["lf_visitor"], is_automatic=False) == 1
    assert Visit.objects.get().source == "newsletter"
    beacons = [one for one in sent if one.url.endswith("/t/")]
    assert [one.method for one in beacons] == ["POST"]  # no preflight before it
    assert beacons[0].headers["content-type"].startswith("text/plain")


def test_the_answer_holds_on_the_next_page(page: Page, website: Website, site: Site) -> None:
    website.paste(site)
    page.goto(website.url)
    reported(page, lambda: page.get_by_role("button", name="Yes").click())

    reported(page, lambda: page.get_by_role("link", name="Prices").click())

    assert understood(visitor=cookies(page)["lf_visitor"]) == 2
    expect(page.get_by_role("region", name="Cookies")).to_have_count(0)


def test_no_is_kept_and_only_counts(page: Page, website: Website, site: Site) -> None:
    website.paste(site)
    page.goto(website.url)
    said = reported(page, lambda: page.get_by_role("button", name="No").click())
    reported(page, lambda: page.goto(f"{website.url}/prices/"))

    assert not said.get("visitor")
    assert cookies(page) == {"lf_consent": "0"}
    assert understood(site=site, visitor=None) == 2
    assert not Visitor.objects.exists()


def test_who_leaves_without_an_answer_is_counted(page: Page, website: Website, site: Site) -> None:
    website.paste(site)
    page.goto(website.url)
    page.goto("about:blank")
    page.wait_for_timeout(700)

    assert understood(site=site, visitor=None) == 1
    assert cookies(page) == {}


def test_the_bar_is_used_by_keyboard_and_says_the_websites_words(
    page: Page, website: Website, site: Site
) -> None:
    website.paste(site, ask="Dürfen wir?", yes="Ja", no="Nein")
    page.set_viewport_size({"width": 320, "height": 600})
    page.goto(website.url)
    expect(page.get_by_text("Dürfen wir?")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320

    page.get_by_role("button", name="Ja").focus()
    reported(page, lambda: page.keyboard.press("Enter"))

    assert cookies(page)["lf_consent"] == "1"


def test_the_websites_own_tool_says_yes_and_later_no(
    page: Page, website: Website, site: Site
) -> None:
    site.mode = Site.Mode.SITE
    site.save()
    website.paste(site)
    page.goto(website.url)
    expect(page.get_by_role("region", name="Cookies")).to_have_count(0)
    assert cookies(page) == {}

    reported(page, lambda: page.evaluate("leadflow.consent(true)"))
    assert cookies(page)["lf_consent"] == "1"
    page.evaluate("leadflow.consent(false)")
    said = reported(page, lambda: page.evaluate('leadflow("calculator used", {pumps: 12})'))

    assert cookies(page) == {"lf_consent": "0"}
    assert not said.get("visitor")
    assert understood(kind="custom", title="calculator used", visitor=None) == 1


def test_a_site_that_never_remembers_sets_no_cookie(
    page: Page, website: Website, site: Site
) -> None:
    site.mode = Site.Mode.NEVER
    site.save()
    website.paste(site)

    reported(page, lambda: page.goto(website.url))
    page.evaluate("leadflow.consent(true)")
    reported(page, lambda: page.evaluate('leadflow.mark("video", {title: "Tour", at: 50})'))

    assert cookies(page) == {}
    assert understood(site=site, visitor=None) == 2
    assert not Visitor.objects.exists()


@pytest.fixture
def agreed(page: Page, website: Website, site: Site) -> Page:
    """A page of somebody who has agreed."""
    website.paste(site)
    page.goto(website.url)
    reported(page, lambda: page.get_by_role("button", name="Yes").click())
    return page


def test_pages_that_a_script_puts_in_place_are_views(agreed: Page, website: Website) -> None:
    first = f"{website.url}/"
    said = reported(
        agreed, lambda: agreed.evaluate("history.pushState({}, '', '/pumps/7?a=1#top')")
    )
    assert said["url"] == f"{website.url}/pumps/7?a=1"
    assert said["referrer"] == first

    agreed.evaluate("history.pushState({}, '', '#bottom')")  # the same page
    said = reported(agreed, lambda: [agreed.go_back(), agreed.go_back()])
    assert said["url"] == first
    said = reported(agreed, lambda: agreed.evaluate("location.hash = '#/cart'"))
    assert said["url"] == f"{website.url}/#/cart"

    assert understood(kind="page_view") == 4
    assert not Visit.objects.exists()


def test_files_marks_and_events_are_reported(agreed: Page) -> None:
    file = reported(agreed, lambda: agreed.locator("#file").click(modifiers=["Control"]))
    tracked = reported(agreed, lambda: agreed.locator("#tracked").click())
    video = reported(
        agreed, lambda: agreed.evaluate('leadflow.mark("video", {title: "Tour", at: 50})')
    )
    event = reported(agreed, lambda: agreed.evaluate('leadflow("calculator used", {pumps: 12})'))
    pushed = reported(
        agreed, lambda: agreed.evaluate('leadflow.push(["download", {title: "List"}])')
    )

    assert (file["kind"], file["title"]) == ("download", "Model 7")
    assert file["url"].endswith("/model-7.pdf")
    assert (tracked["kind"], tracked["asset"]) == ("download", "leaks")
    assert (video["kind"], video["at"]) == ("video", 50)
    assert (event["kind"], event["properties"]) == ("custom", {"pumps": 12})
    assert pushed["title"] == "List"
    assert understood() == 6


def test_a_personal_link_makes_known_who_agreed_and_leaves_the_address(
    agreed: Page, website: Website, at: Any
) -> None:
    lead = people.inquiry(at=at)
    token = leads.make_visitor_token(lead_id=lead.pk, at=timezone.now())

    reported(agreed, lambda: agreed.goto(f"{website.url}/prices/?a=1&lf={token}"))
    agreed.wait_for_timeout(300)

    assert agreed.url == f"{website.url}/prices/?a=1"
    assert understood(lead=lead) == 2
    assert not Activity.objects.filter(url__contains=token[:20]).exists()


def test_a_personal_link_of_who_said_no_makes_nobody_known(
    page: Page, website: Website, site: Site, at: Any
) -> None:
    lead = people.inquiry(at=at)
    token = leads.make_visitor_token(lead_id=lead.pk, at=timezone.now())
    website.paste(site)
    page.goto(f"{website.url}/?lf={token}")

    reported(page, lambda: page.get_by_role("button", name="No").click())
    page.wait_for_timeout(300)

    assert understood(lead=None) == 1
    assert not Visitor.objects.exists()


def test_a_website_that_hides_its_origin_reports_all_the_same(
    page: Page, website: Website, site: Site, sent: list[Request]
) -> None:
    website.headers["Referrer-Policy"] = "same-origin"
    website.paste(site)
    page.goto(website.url)

    reported(page, lambda: page.get_by_role("button", name="Yes").click())

    assert understood(site=site) == 1


def test_a_website_that_is_not_named_reports_nothing(
    page: Page, website: Website, site: Site, complaints: list[str]
) -> None:
    Site.objects.update(hosts=["other.example"])
    website.paste(site)
    page.goto(website.url)

    with page.expect_console_message() as told, page.expect_response("**/t/") as answer:
        page.get_by_role("button", name="Yes").click()

    assert (answer.value.status, "403" in told.value.text) == (403, True)
    assert not RawBeacon.objects.exists()
    complaints.remove(told.value.text)  # nothing else goes wrong on the page


def test_calls_made_before_the_script_has_come_are_heard(
    page: Page, website: Website, site: Site
) -> None:
    site.mode = Site.Mode.SITE
    site.save()
    website.paste(site)
    page.add_init_script('window.leadflow = [["consent", true], ["signed up", {plan: "pro"}]]')

    reported(page, lambda: page.goto(website.url))
    page.wait_for_timeout(300)

    assert understood(visitor=cookies(page)["lf_visitor"]) == 2
    assert Activity.objects.filter(title="signed up", properties={"plan": "pro"}).exists()


def test_without_a_script_the_pixel_counts(
    website: Website, site: Site, monkeypatch: pytest.MonkeyPatch, complaints: list[str]
) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    website.paste(site)

    with visiting(complaints, java_script_enabled=False) as page:
        with page.expect_response("**/t/pixel.gif**") as answer:
            page.goto(website.url)
        assert answer.value.status == 200

    assert understood(site=site, kind="page_view", visitor=None) == 1
    assert complaints == []
