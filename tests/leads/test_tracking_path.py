"""The short way of reports through the server: no session, no sign-in, and yet safe and bounded."""

from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client

from leadflow.core.intake import Intake
from leads.models import RawBeacon
from leads.views import limits, portions
from tests.leads.tracking import report

pytestmark = pytest.mark.django_db


def test_a_report_asks_nothing_of_session_or_reader(django_assert_num_queries: Any) -> None:
    client = Client()
    client.cookies["sessionid"] = "x" * 32

    with django_assert_num_queries(1):
        answer = report(client)

    assert answer.status_code == 204
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "Vary" not in answer


def test_every_bare_path_is_public() -> None:
    for path in settings.BARE_PATHS:
        assert Client().get(path).status_code in {200, 405}


def test_a_report_over_http_is_sent_to_https_where_that_is_wanted(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True

    assert report().status_code == 301
    assert not RawBeacon.objects.exists()


def test_without_the_database_a_report_is_asked_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(self: Intake, row: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(Intake, "put", away)
    client = Client(raise_request_exception=False)

    answer = report(client)

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"


def test_few_reports_ask_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def count(kind: str, address: str, *, cost: int = 1) -> bool:
        asked.append(cost)
        return True

    monkeypatch.setattr(limits, "take", count)
    monkeypatch.setitem(settings.RATE_LIMITS, "track", "1200/hour")

    for _ in range(180):
        report()

    assert asked == [1, 2, 4, 8, 16, 32, 60, 60]


def test_who_reports_seldom_takes_no_more_than_they_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.RATE_LIMITS, "track", "1200/hour")

    for _ in range(30):
        assert report().status_code == 204
        portions._portions[("track", "127.0.0.1")].until = 0.0  # the next one comes much later

    assert limits.left_of("track", "127.0.0.1") == 1_170


@pytest.mark.parametrize("most", [1, 7, 40, 63, 200])
def test_the_share_is_given_out_to_the_last(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.RATE_LIMITS, "track", f"{most}/hour")

    answers = [report().status_code for _ in range(most + 3)]

    assert answers == [204] * most + [429] * 3


def test_a_network_has_a_share_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.RATE_LIMITS, "track_network", "10/hour")

    answers = [
        report(Client(REMOTE_ADDR=f"10.0.0.{number}")).status_code for number in range(1, 13)
    ]

    assert answers == [204] * 10 + [429] * 2


def test_a_flood_does_not_fill_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(limits, "take", lambda *names, cost=1: False)

    assert report().status_code == 429

    assert caplog.records == []


def test_who_was_refused_is_not_looked_up_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refuse(kind: str, address: str, *, cost: int = 1) -> bool:
        asked.append(address)
        return False

    monkeypatch.setattr(limits, "take", refuse)
    monkeypatch.setattr(portions, "REFUSED_SECONDS", 3_600.0)

    assert [report().status_code for _ in range(50)] == [429] * 50
    assert len(asked) == 1


def test_addresses_are_not_remembered_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "MOST_ADDRESSES", 5)

    for number in range(20):
        report(Client(REMOTE_ADDR=f"10.0.{number}.1"))

    assert len(portions._portions) <= 5
