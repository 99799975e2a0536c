"""python -m tests.screenshots: take the pictures of the README from a fresh demo."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from leadflow.runtime import addresses
from tests.journeys.conftest import browser_path
from tests.journeys.stack import Stack, running_stack

FOLDER = addresses.PROJECT / "docs" / "images"
PAGES = (
    # file, who looks, address, colours
    ("queue.png", "max@demo.example", "/queue/?view=team", "light"),
    ("funnel.png", "max@demo.example", "/reports/funnel/", "light"),
    ("funnel-dark.png", "max@demo.example", "/reports/funnel/", "dark"),
)


def main() -> int:
    """Start everything, fill it, and photograph the pages."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running_stack(Path(folder) / "home") as stack:
        stack.manage("demo", "--leads", "1500")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=browser_path(), args=["--no-sandbox"]
            )
            for file, email, address, colours in PAGES:
                photograph(browser, stack, file, email, address, colours)
            browser.close()
    return 0


def photograph(
    browser: Browser, stack: Stack, file: str, email: str, address: str, colours: str
) -> None:
    """One page as one person sees it."""
    context = browser.new_context(
        color_scheme=colours, viewport={"width": 1440, "height": 900}, device_scale_factor=1
    )
    page = context.new_page()
    page.goto(f"{stack.url}/accounts/login/")
    page.locator("[name=login]").fill(email)
    page.locator("[name=password]").fill("leadflow-demo")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()
    page.goto(f"{stack.url}{address}")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / file)
    context.close()


if __name__ == "__main__":
    sys.exit(main())
