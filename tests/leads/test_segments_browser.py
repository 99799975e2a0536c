"""The builder in a real browser: rows come piece by piece, the cursor follows, whom it finds is shown."""

import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from leadflow.core.models import User
from leads.models import Segment
from tests.factories import people
from tests.leads.browsing import browsing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


def test_a_segment_is_built_by_hand(
    live_server: Any, marketer: User, complaints: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    people.inquiry(at=timezone.now(), first_name="Ada", job_title="Plant manager")
    people.inquiry(at=timezone.now(), first_name="Bob", job_title="Buyer")

    with browsing(live_server.url, marketer, complaints) as page:
        page.goto(f"{live_server.url}/leads/segments/new/")
        page.get_by_label("Name").fill("Managers")
        page.locator("[name='c.0.field']").select_option("job_title")
        page.locator("[name='c.0.value']").fill("manager")
        expect(page.locator("#preview")).to_contain_text("1 lead")
        expect(page.locator("#preview")).to_contain_text("Ada")

        page.get_by_role("button", name="Add a condition").click()
        expect(page.locator("[name='c.1.field']")).to_be_focused()
        page.locator("[name='c.1.field']").select_option("stage")
        page.locator("[name='c.1.op']").select_option("in")
        page.locator("details.pick summary").click()
        page.get_by_role("checkbox", name="Inquiry", exact=True).check()
        expect(page.locator("[data-pick-text]")).to_have_text("Inquiry")
        assert page.locator("[name='c.0.value']").input_value() == "manager"

        page.get_by_label("Name").press("Enter")  # saves; it presses none of the builder's buttons
        page.wait_for_url(re.compile("/leads/segments/managers/"))

    assert Segment.objects.get().condition == {
        "all": [
            {"field": "job_title", "op": "contains", "value": "manager"},
            {"field": "stage", "op": "in", "value": ["inquiry"]},
        ]
    }
    assert complaints == []
