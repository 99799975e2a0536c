"""How often somebody may send: by address, by network, and behind proxies of ours."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from leads.models import Form
from leads.views.limits import client_address, network_of
from tests.leads.sending import send

pytestmark = pytest.mark.django_db


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.RATE_LIMITS, "form", "3/minute")
    monkeypatch.setitem(settings.RATE_LIMITS, "form_network", "5/minute")


def _statuses(form: Form, address: str, count: int, **headers: str) -> list[int]:
    client = Client(REMOTE_ADDR=address)
    return [
        send(form, client, email=f"{address.replace(':', '-')}x{n}@example.com", headers=headers).status_code
        for n in range(count)
    ]  # fmt: skip


def test_a_flood_from_one_address_leaves_its_neighbours_and_all_others_alone(
    form: Form, few: None
) -> None:
    assert _statuses(form, "10.0.0.1", 20) == [303] * 3 + [429] * 17
    assert _statuses(form, "10.0.0.2", 2) == [303, 303]
    assert _statuses(form, "10.0.1.1", 3) == [303, 303, 303]


def test_a_flood_from_many_addresses_of_one_network_leaves_others_alone(
    form: Form, few: None
) -> None:
    flood = [_statuses(form, f"2001:db8::{n}", 1)[0] for n in range(1, 12)]

    assert flood == [303] * 5 + [429] * 6
    assert _statuses(form, "2001:db8:0:1::1", 1) == [303]


def test_whoever_is_refused_reads_when_to_come_back(form: Form, few: None) -> None:
    _statuses(form, "10.0.0.1", 3)
    client = Client(REMOTE_ADDR="10.0.0.1")

    page, said = send(form, client), send(form, client, headers={"accept": "application/json"})

    assert (page.status_code, page["Retry-After"]) == (429, "60")
    assert "Too many forms" in page.content.decode()
    assert (said.status_code, said["Retry-After"]) == (429, "60")


def test_addresses_behind_a_proxy_of_ours_are_counted_each_for_itself(
    form: Form, few: None, settings: Any
) -> None:
    settings.TRUSTED_PROXIES = ["10.9.0.0/16"]
    chain = "203.0.113.7, 198.51.100.1"

    assert _statuses(form, "10.9.0.1", 4, **{"x-forwarded-for": chain}) == [303, 303, 303, 429]
    assert _statuses(form, "10.9.0.1", 1, **{"x-forwarded-for": "203.0.113.7"}) == [303]


@pytest.mark.parametrize(
    ("remote", "said", "address"),
    [
        ("10.9.0.1", "", "10.9.0.1"),
        ("10.9.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.9.0.1", "1.1.1.1, 203.0.113.7", "203.0.113.7"),
        ("10.9.0.1", "203.0.113.7, 10.9.0.2", "203.0.113.7"),
        ("10.9.0.1", "203.0.113.7, nonsense, 10.9.0.2", "10.9.0.2"),
        ("10.9.0.1", "nonsense", "10.9.0.1"),
        ("10.9.0.1", "1.1.1.1, " * 50 + "2001:db8::5", "2001:db8::5"),
        ("::ffff:10.9.0.1", "203.0.113.7", "203.0.113.7"),
        ("192.0.2.1", "203.0.113.7", "192.0.2.1"),
        ("", "203.0.113.7", ""),
    ],
)
def test_only_what_our_own_proxies_say_is_believed(
    settings: Any, remote: str, said: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = ["10.9.0.0/16"]
    request = RequestFactory().get("/", REMOTE_ADDR=remote, headers={"x-forwarded-for": said})

    assert client_address(request) == address


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_the_network_around_an_address(address: str, network: str) -> None:
    assert network_of(address) == network
