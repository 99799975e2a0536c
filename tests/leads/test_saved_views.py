"""Lists kept under a name: whose they are, who sees them, what they show."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from leadflow.core.errors import Conflict, NotAllowed
from leadflow.core.models import User
from leads import services as leads
from leads.models import SavedView
from tests.factories import people

pytestmark = pytest.mark.django_db
HTMX = {"hx-request": "true"}


def _view(
    by: User, name: str = "Warm", *, shared: bool = False, query: str = "grade=A"
) -> SavedView:
    return leads.save_view(
        name=name, query=query, columns=["score", "tags"], is_shared=shared, by=by
    )


@pytest.fixture
def client(marketer: User, sign_in: Any) -> Client:
    return sign_in(marketer)


def test_the_list_is_kept_with_filters_order_and_columns(client: Client, at: datetime) -> None:
    people.inquiry(at=at, first_name="Zoe", country="DE")
    kept = "country=DE&country=AT&sort=newest&after=abc&columns=score&columns=country"

    answer = client.post(f"/leads/views/new/?filter={kept.replace('&', '%26')}", {"name": "Near"})

    view = SavedView.objects.get()
    assert (view.name, view.query, view.columns) == (
        "Near",
        "country=DE&country=AT&sort=newest",
        ["score", "country"],
    )
    page = client.get(answer.url)
    assert [head.column.key for head in page.context["heads"]] == ["score", "country"]
    assert "Country: DE, AT" in page.content.decode()
    assert page.context["view"] == view
    assert page.context["is_changed"] is False


def test_a_view_asks_for_its_name_in_a_dialog(client: Client) -> None:
    asked = client.get("/leads/views/new/?filter=grade%3DA", headers=HTMX)
    refused = client.post("/leads/views/new/?filter=grade%3DA", {"name": " "}, headers=HTMX)

    assert "Keep this view" in asked.content.decode()
    assert refused.status_code == 422
    assert "Give the view a name." in refused.content.decode()


def test_a_name_is_used_once_by_each(marketer: User, manager: User, client: Client) -> None:
    _view(marketer)
    _view(manager)

    with pytest.raises(Conflict, match="name already"):
        _view(marketer, "WARM")
    answer = client.post("/leads/views/new/?filter=", {"name": "warm"})
    assert answer.status_code == 400
    assert "You have a view of this name already." in answer.content.decode()


def test_shared_views_are_tabs_for_everybody_and_others_are_not(
    marketer: User, rep: User, sign_in: Any
) -> None:
    _view(marketer, "For all", shared=True)
    _view(marketer, "For me")

    page = sign_in(rep).get("/leads/").content.decode()

    assert "For all" in page
    assert "For me" not in page


def test_reps_share_nothing(rep: User, sign_in: Any) -> None:
    with pytest.raises(NotAllowed, match="Only marketing"):
        _view(rep, shared=True)
    sign_in(rep).post("/leads/views/new/?filter=", {"name": "Mine", "is_shared": "on"})

    assert SavedView.objects.get().is_shared is False


def test_only_its_owner_and_managers_change_a_shared_view(
    marketer: User, manager: User, rep: User, sign_in: Any
) -> None:
    view = _view(marketer, shared=True)
    address = f"/leads/views/{view.pk}/update/"

    assert sign_in(rep).post(address, {"filter": "grade=B"}).status_code == 403
    assert sign_in(manager).post(address, {"filter": "grade=C"}).status_code == 302
    view.refresh_from_db()
    assert view.query == "grade=C"
    assert view.columns == []


def test_a_view_is_renamed_shared_and_deleted(marketer: User, client: Client) -> None:
    view = _view(marketer)

    client.post(f"/leads/views/{view.pk}/", {"name": "Hot", "is_shared": "on"})
    view.refresh_from_db()
    assert (view.name, view.is_shared, view.query) == ("Hot", True, "grade=A")

    answer = client.post(f"/leads/views/{view.pk}/delete/")
    assert answer.url == "/leads/"
    assert not SavedView.objects.exists()


def test_a_list_that_differs_offers_to_update_its_view(marketer: User, client: Client) -> None:
    view = _view(marketer)

    page = client.get(f"/leads/?grade=B&view={view.pk}").content.decode()

    assert "Update “Warm”" in page


@pytest.mark.parametrize("said", ["999999", "x", "9" * 30])
def test_a_view_that_is_not_there_is_the_plain_list(said: str, client: Client) -> None:
    assert client.get(f"/leads/?view={said}").context["view"] is None
