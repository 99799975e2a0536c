"""Pages of core: the way in, health, errors in words, and the catalogue of components."""

import json
import re

import pytest
from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from leadflow.core import middleware, views
from leadflow.core.errors import Conflict


def test_healthz_is_open_and_says_ok(client, db):
    assert client.get(reverse("healthz")).content == b"ok"


class Broken:
    """A database that does not answer."""

    def cursor(self):
        raise DatabaseError


def test_healthz_says_when_the_database_does_not_answer(client, monkeypatch):
    monkeypatch.setattr(views, "connection", Broken())
    assert client.get(reverse("healthz")).status_code == 503


@pytest.fixture
def no_database(transactional_db):
    """A server that is not there: nobody listens at its address."""
    connection.close()
    host = connection.settings_dict["HOST"]
    connection.settings_dict["HOST"] = "/nowhere"
    yield
    connection.close()
    connection.settings_dict["HOST"] = host


@pytest.mark.parametrize(
    ("address", "accept", "words"),
    [
        ("/leads/", "text/html", "Back in a moment"),
        ("/accounts/login/", "text/html", "Back in a moment"),
        ("/f/contact/", "application/json", "Nothing was changed"),
        ("/api/v1/leads/", "*/*", "Nothing was changed"),
    ],
)
def test_while_the_database_is_away_pages_say_so(no_database, address, accept, words):
    client = Client(raise_request_exception=False, headers={"accept": accept})
    client.cookies["sessionid"] = "x" * 32
    response = (
        client.post(address)
        if "login" in address or "/f/" in address
        else client.get(address, headers={"authorization": "Bearer lf_none"})
    )
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert words in response.content.decode()


def test_our_own_fault_stays_a_500(client, admin, monkeypatch):
    client.force_login(admin)
    client.raise_request_exception = False
    monkeypatch.setattr(views.catalogue, "samples", lambda **kwargs: 1 / 0)
    response = client.get(reverse("ui"), headers={"accept": "text/html"})
    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()


def test_pages_send_strangers_to_the_sign_in(client, db):
    response = client.get(reverse("palette"))
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


def test_the_catalogue_is_for_staff(client, rep):
    client.force_login(rep)
    assert client.get(reverse("ui")).status_code == 403


def test_the_catalogue_keeps_the_content_security_policy(client, admin):
    client.force_login(admin)
    html = client.get(reverse("ui")).content.decode()
    assert "<c-" not in html
    assert not re.search(r'\s(style|on\w+|hx-on\S*)="', html)
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style", html)


@pytest.mark.parametrize(
    "name", ["account_login", "account_logout", "account_reset_password", "account_change_password"]
)
def test_account_pages_wear_the_same_clothes(client, admin, name):
    if name != "account_login":
        client.force_login(admin)
    assert "app.css" in client.get(reverse(name)).content.decode()


def test_a_toast_joins_the_triggers_that_are_there():
    response = HttpResponse(headers={"HX-Trigger": '{"close-dialog": {}}'})
    views.toast(response, "Accepted Ada.", action_label="Undo", action_url="/undo/")
    triggers = json.loads(response["HX-Trigger"])
    assert "close-dialog" in triggers
    assert triggers["toast"]["message"] == "Accepted Ada."


@pytest.fixture
def fails():
    return middleware.DomainErrorMiddleware(lambda request: HttpResponse())


def test_a_domain_error_becomes_a_toast_for_htmx(fails):
    request = RequestFactory().post("/")
    request.htmx = True
    response = fails.process_exception(request, Conflict("Ada was taken a minute ago."))
    assert response.status_code == 409
    assert response["HX-Reswap"] == "none"
    assert "taken a minute ago" in response["HX-Trigger"]


@pytest.mark.parametrize(
    ("came_from", "back"),
    [
        ("http://testserver/leads/7/", "http://testserver/leads/7/"),
        ("http://evil.example/", "/"),
        ("", "/"),
    ],
)
def test_the_way_back_never_leads_elsewhere(came_from, back):
    request = RequestFactory().post("/", headers={"referer": came_from})
    assert middleware._way_back(request) == back


def test_other_errors_are_not_swallowed(fails):
    assert fails.process_exception(RequestFactory().get("/"), ValueError("a bug")) is None


def test_times_are_shown_in_the_zone_of_the_reader(client, admin):
    admin.time_zone = "Asia/Tokyo"
    admin.save(update_fields=["time_zone"])
    client.force_login(admin)
    assert " JST" in client.get(reverse("ui")).content.decode()


def test_back_does_not_mix_a_piece_with_its_page(client, db):
    assert "HX-Request" in client.get(reverse("account_login"))["Vary"]
