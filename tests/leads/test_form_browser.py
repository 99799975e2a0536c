"""Forms in a real browser: built by keyboard, and used on pages of another origin."""

from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect, sync_playwright

from leadflow.core.models import User
from leads import services as leads
from leads.models import Form, FormSubmission, Lead, Visit
from tests.journeys.conftest import browser_path
from tests.leads.browsing import browsing

pytestmark = pytest.mark.django_db(transaction=True)
MARKS = "?utm_source=shop&utm_campaign=spring"


class Site:
    """Somebody's website on an origin of its own; every address answers with its one page."""

    def __init__(self) -> None:
        self.page = ""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Answer, self))
        self.host = f"127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()


class _Answer(BaseHTTPRequestHandler):
    def __init__(self, site: Site, *args: Any) -> None:
        self.site = site
        super().__init__(*args)

    def do_GET(self) -> None:
        body = f"<!doctype html><title>Shop</title>{self.site.page}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Quietly."""


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.shutdown()


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


@pytest.fixture
def snippets(
    form: Form, marketer: User, live_server: Any, sign_in: Callable[[User], Client]
) -> Callable[[], Any]:
    """What the page of the form offers to paste."""

    def read() -> Any:
        host = live_server.url.removeprefix("http://")
        return (
            sign_in(marketer).get(f"/leads/forms/{form.pk}/share/", headers={"host": host}).context
        )

    return read


def test_a_form_is_built_by_keyboard(
    live_server: Any, form: Form, marketer: User, complaints: list[str], monkeypatch: Any
) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with browsing(live_server.url, marketer, complaints) as page:
        page.goto(f"{live_server.url}/leads/forms/{form.pk}/")
        page.get_by_role("button", name="Job title").press("Enter")
        expect(page.locator("#preview").get_by_text("Job title")).to_be_visible()
        up = page.get_by_role("button", name="Move “Job title” up")
        up.focus()
        expect(up).to_be_focused()
        with page.expect_response("**/shift/") as answer:
            up.press("Enter")
        assert (answer.value.status, "to=up" in str(answer.value.request.post_data)) == (200, True)
        expect(page.locator("ol.list > li").nth(3)).to_contain_text("Job title")
        assert page.evaluate("document.activeElement.id") == "up-job_title"
        page.get_by_role("link", name="One of several").press("Enter")
        page.get_by_label("Question").fill("Budget?")
        page.get_by_label("Answers to choose from").fill("small")
        page.get_by_role("button", name="Save").press("Enter")
        expect(page.get_by_text("Give at least two answers")).to_be_visible()
        page.get_by_label("Answers to choose from").fill("small\nlarge")
        page.get_by_role("button", name="Save").press("Enter")
        expect(page.locator("#preview").get_by_text("large")).to_be_visible()
        page.goto(f"{live_server.url}/leads/forms/{form.pk}/settings/")
        page.get_by_label("Words on the button").fill("Get it now")
        expect(page.locator("#preview").get_by_text("Get it now")).to_be_visible()
        assert Form.objects.get().submit_label == ""
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved.")).to_be_visible()

    form.refresh_from_db()
    assert [row["name"] for row in form.fields][-3:] == ["job_title", "message", "budget"]
    assert form.submit_label == "Get it now"
    assert [text for text in complaints if "400" not in text and "422" not in text] == []


def test_the_snippet_is_copied(
    live_server: Any, form: Form, marketer: User, complaints: list[str], monkeypatch: Any
) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with browsing(live_server.url, marketer, complaints) as page:
        page.goto(f"{live_server.url}/leads/forms/{form.pk}/share/")
        page.get_by_role("button", name="Copy").nth(1).click()
        expect(page.locator("#toasts")).to_contain_text("opied")
        marked = page.evaluate("getSelection().toString() || document.activeElement.value")

    assert "<iframe src=" in marked
    assert complaints == []


def _fill_in(form: Any, *, email: str) -> None:
    form.locator("[name=email]").fill(email)
    form.locator("[name=email]").page.wait_for_timeout(1_100)
    form.get_by_role("button", name="Send").click()


def test_a_frame_on_an_allowed_site_grows_sends_and_tells_where_it_was(
    page: Page, live_server: Any, form: Form, site: Site, snippets: Any
) -> None:
    leads.allow_hosts(form_id=form.pk, hosts=[site.host])
    site.page = snippets()["frame_snippet"]
    page.goto(f"http://{site.host}/landing{MARKS}")
    frame = page.frame_locator("iframe")

    expect(frame.locator("[name=page_url]")).to_have_value(f"http://{site.host}/landing{MARKS}")
    expect(page.locator("iframe")).not_to_have_attribute("height", "640")
    inside = frame.locator("html").evaluate("node => node.getBoundingClientRect().height")
    assert abs(int(page.locator("iframe").get_attribute("height")) - inside) < 2
    _fill_in(frame, email="ada@example.com")
    expect(frame.get_by_role("heading", name="We have it")).to_be_visible()
    leads.process_submissions(at=timezone.now())

    visit = Visit.objects.get()
    assert (visit.source, visit.campaign_name) == ("shop", "spring")
    assert visit.landing_url == f"http://{site.host}/landing{MARKS}"


def test_a_frame_on_any_other_site_stays_empty(
    page: Page, live_server: Any, form: Form, site: Site, snippets: Any
) -> None:
    leads.allow_hosts(form_id=form.pk, hosts=["shop.example"])
    site.page = snippets()["frame_snippet"]
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    page.goto(f"http://{site.host}/")
    page.wait_for_timeout(500)

    assert any("frame-ancestors" in text for text in said)
    assert page.frame_locator("iframe").locator("[name=email]").count() == 0


def test_a_copy_on_an_allowed_site_is_taken(
    page: Page, live_server: Any, form: Form, site: Site, snippets: Any
) -> None:
    leads.allow_hosts(form_id=form.pk, hosts=[site.host])
    site.page = snippets()["copy_snippet"]
    page.goto(f"http://{site.host}/")

    _fill_in(page, email="ada@example.com")
    page.wait_for_url("**/f/paper/thanks/")
    leads.process_submissions(at=timezone.now())

    assert Lead.objects.get().email == "ada@example.com"
    assert FormSubmission.objects.get().context["arrival"]["landing_url"] == f"http://{site.host}/"


def test_a_copy_on_any_other_site_comes_back_to_be_sent_from_here(
    page: Page, live_server: Any, form: Form, site: Site, snippets: Any
) -> None:
    site.page = snippets()["copy_snippet"]
    page.goto(f"http://{site.host}/")

    _fill_in(page, email="ada@example.com")
    expect(page.get_by_text("may not send this form by itself")).to_be_visible()
    assert not FormSubmission.objects.exists()
    page.wait_for_timeout(1_100)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/f/paper/thanks/")

    assert FormSubmission.objects.get().values["email"] == "ada@example.com"


def test_the_next_page_may_be_on_another_site(
    page: Page, live_server: Any, form: Form, site: Site
) -> None:
    Form.objects.update(redirect_url=f"http://{site.host}/next")
    site.page = "<h1>Here you are</h1>"
    page.goto(f"{live_server.url}/f/paper/")

    _fill_in(page, email="ada@example.com")
    page.wait_for_url(f"http://{site.host}/next")

    assert FormSubmission.objects.count() == 1
