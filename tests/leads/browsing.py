"""A real browser on the test server, signed in as somebody."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.test import Client
from playwright.sync_api import ConsoleMessage, Page, sync_playwright

from leadflow.core.models import User
from tests.journeys.conftest import browser_path

ABORTED = ("htmx:sendAbort", "htmx:afterRequest")  # a question that a newer one has replaced


@contextmanager
def browsing(url: str, user: User, complaints: list[str]) -> Iterator[Page]:
    """A page of a browser in which `user` is signed in; errors go to `complaints`."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies["sessionid"]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        page = browser.new_page()
        page.context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": url}])
        page.on("console", lambda m: _note(m, complaints))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        browser.close()


def _note(message: ConsoleMessage, complaints: list[str]) -> None:
    if message.type == "error" and not message.text.startswith(ABORTED):
        complaints.append(message.text)
