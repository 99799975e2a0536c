"""Reports become activities and visits: all of them, once, whatever breaks on the way."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from leadflow.core.models import OutboxEvent
from leads import services as leads
from leads.models import Activity, Campaign, Consent, Lead, RawBeacon, Site, Visit, Visitor
from leads.services.tracking import beacons
from tests.factories import people
from tests.leads.tracking import BROWSER, of_shop, remembered, report, see

pytestmark = pytest.mark.django_db
UTM = "utm_source=newsletter&utm_medium=email&utm_campaign=expo&utm_term=pump&utm_content=top"


def waiting(count: int = 1, *, at: datetime, **headers: Any) -> list[RawBeacon]:
    """Reports that came in one a second."""
    return RawBeacon.objects.bulk_create(
        RawBeacon(
            said={"kind": "page_view", "url": f"https://x.example/{number}"},
            headers={"agent": BROWSER} | headers,
            received_at=at + timedelta(seconds=number),
        )
        for number in range(count)
    )


def test_the_time_of_a_report_is_when_it_came(at: datetime) -> None:
    waiting(at=at)

    leads.process_beacons(at=at + timedelta(hours=3))

    assert Activity.objects.get().occurred_at == at


def test_reports_of_a_known_visitor_are_told_and_date_the_lead(at: datetime) -> None:
    lead, visitor = people.inquiry(at=at), uuid4()
    leads.identify_visitor(visitor_id=visitor, lead_id=lead.pk, source="api", at=at)
    OutboxEvent.objects.all().delete()
    waiting(3, at=at + timedelta(days=1), visitor=str(visitor))

    leads.process_beacons(at=at + timedelta(days=2))

    assert Lead.objects.get().last_activity_at == at + timedelta(days=1, seconds=2)
    assert OutboxEvent.objects.filter(kind="ActivitiesRecorded").count() == 1


def test_what_machines_do_is_kept_and_neither_told_nor_counted(at: datetime) -> None:
    lead, visitor = people.inquiry(at=at), uuid4()
    leads.identify_visitor(visitor_id=visitor, lead_id=lead.pk, source="api", at=at)
    OutboxEvent.objects.all().delete()
    raw = waiting(at=at + timedelta(days=1), visitor=str(visitor), agent="Slackbot 1.0")[0]
    RawBeacon.objects.filter(pk=raw.pk).update(
        said=raw.said | {"referrer": "https://slack.example"}
    )

    leads.process_beacons(at=at + timedelta(days=1))

    seen = lead.activities.get()
    assert (seen.is_automatic, seen.properties["machine"]) == (True, "link preview")
    assert Lead.objects.get().last_activity_at is None
    assert not OutboxEvent.objects.filter(kind="ActivitiesRecorded").exists()
    assert not Visit.objects.exists()


@pytest.mark.parametrize(
    "said",
    [[], "x", 7, {}, {"kind": "win"}, {"kind": ["page_view"]}],
    ids=["list", "text", "number", "empty", "verb", "kinds"],
)
def test_a_broken_report_is_kept_with_its_reason_and_stops_no_other(
    said: Any, at: datetime
) -> None:
    waiting(3, at=at)
    broken = RawBeacon.objects.create(said=said, received_at=at)
    waiting(3, at=at)

    assert leads.process_beacons(at=at) == 7

    assert Activity.objects.count() == 6
    kept = RawBeacon.objects.get()
    assert (kept.pk, kept.state) == (broken.pk, "failed")
    assert kept.error
    assert leads.process_beacons(at=at) == 0


def test_strange_values_are_left_out(at: datetime) -> None:
    said = {"kind": "video", "url": 7, "title": ["x"], "referrer": {}, "at": "half", "asset": 1e30,
            "properties": {"n": 10**400, "list": [1], "text": "no", "ok": True, "long": "x" * 999}}  # fmt: skip
    RawBeacon.objects.create(
        said=said, headers={"visitor": "none", "agent": BROWSER}, received_at=at
    )

    leads.process_beacons(at=at)

    seen = Activity.objects.get()
    assert (seen.kind, seen.url, seen.title, seen.visitor) == ("video", "", "", None)
    assert set(seen.properties) == {"n", "ok", "long"}
    assert len(seen.properties["long"]) == 200


def test_marks_and_events_keep_what_they_say(at: datetime) -> None:
    see(kind="video", title="The tour", at=50)
    see(kind="custom", title="calculator used", properties={"pumps": 12, "kind": "dry"})

    video, custom = Activity.objects.order_by("id")
    assert (video.title, video.properties) == ("The tour", {"at": 50})
    assert (custom.title, custom.properties) == ("calculator used", {"pumps": 12, "kind": "dry"})


def test_an_arrival_becomes_a_visit_with_all_its_marks(campaign: Campaign) -> None:
    client, visitor = remembered()

    see(
        client,
        url=f"http://testserver/start?{UTM}&lf=secret",
        referrer="https://www.mail.example/in",
    )

    visit = Visit.objects.get()
    assert (visit.visitor_id, visit.campaign, visit.lead) == (visitor, campaign, None)
    assert (visit.source, visit.medium, visit.campaign_name) == ("newsletter", "email", "expo")
    assert (visit.term, visit.content) == ("pump", "top")
    assert visit.referrer == "https://www.mail.example/in"
    assert visit.landing_url == f"http://testserver/start?{UTM}"
    assert Activity.objects.get().url == visit.landing_url


def test_going_on_within_the_site_is_no_arrival(site: Site) -> None:
    for referrer in ("", "https://shop.example/", "https://www.acme.example/", "http://["):
        see(headers={"origin": "https://shop.example"}, **of_shop(referrer=referrer))

    assert Activity.objects.count() == 4
    assert not Visit.objects.exists()


def test_every_touch_is_kept_not_only_the_last(at: datetime) -> None:
    visitor = str(uuid4())
    for day, referrer in enumerate(
        ("https://a.example/", "https://b.example/", "https://a.example/")
    ):
        RawBeacon.objects.create(
            said={"kind": "page_view", "url": "https://x.example/", "referrer": referrer},
            headers={"agent": BROWSER, "visitor": visitor},
            received_at=at + timedelta(days=day),
        )

    leads.process_beacons(at=at)

    assert [visit.referrer for visit in Visit.objects.order_by("at")] == [
        "https://a.example/", "https://b.example/", "https://a.example/"
    ]  # fmt: skip
    assert Visitor.objects.get().source == "a.example"


@pytest.mark.parametrize("is_one_batch", [True, False])
def test_loading_the_page_again_is_no_second_arrival(is_one_batch: bool, at: datetime) -> None:
    visitor, lead = str(uuid4()), people.inquiry(at=at)
    for minute in range(3):
        RawBeacon.objects.create(
            said={"kind": "page_view", "url": f"https://x.example/?{UTM}"},
            headers={"agent": BROWSER, "visitor": visitor},
            received_at=at + timedelta(minutes=minute),
        )
        if not is_one_batch:
            leads.process_beacons(at=at)
            leads.identify_visitor(visitor_id=UUID(visitor), lead_id=lead.pk, source="api", at=at)

    leads.process_beacons(at=at)

    assert Visit.objects.count() == 1
    assert Activity.objects.count() == 3


def test_becoming_known_takes_activities_and_visits_along(campaign: Campaign, at: datetime) -> None:
    client, visitor = remembered()
    see(client, url=f"http://testserver/?{UTM}")
    lead = people.inquiry(at=at)

    leads.identify_visitor(visitor_id=visitor, lead_id=lead.pk, source="api", at=timezone.now())

    assert (lead.activities.count(), lead.visits.count()) == (1, 1)
    assert Lead.objects.get().campaign == campaign
    consent = Consent.objects.get()
    assert (consent.purpose, consent.is_given, consent.source) == ("tracking", True, "api")


def test_who_is_known_before_the_first_report_is_understood_keeps_it(at: datetime) -> None:
    client, visitor = remembered()
    report(client, url=f"http://testserver/?{UTM}")
    lead = people.inquiry(at=at)

    leads.identify_visitor(visitor_id=visitor, lead_id=lead.pk, source="api", at=timezone.now())
    leads.process_beacons(at=timezone.now())

    assert (lead.activities.count(), lead.visits.count()) == (1, 1)
    assert Visitor.objects.get().source == "newsletter"


def test_a_visitor_of_somebody_stays_theirs(at: datetime) -> None:
    first, second = people.inquiries(2, at=at)
    visitor = uuid4()
    assert leads.identify_visitor(visitor_id=visitor, lead_id=first.pk, source="api", at=at)

    assert not leads.identify_visitor(visitor_id=visitor, lead_id=second.pk, source="api", at=at)

    assert Visitor.objects.get().lead == first
    assert Consent.objects.filter(lead=second).count() == 0


def test_a_personal_link_makes_a_browser_that_agreed_known(at: datetime) -> None:
    lead, now = people.inquiry(at=at), timezone.now()
    client, visitor = remembered()
    see(client)

    see(client, kind="identify", token=leads.make_visitor_token(lead_id=lead.pk, at=now))

    assert Visitor.objects.get(pk=visitor).lead == lead
    assert lead.activities.count() == 1
    assert Consent.objects.get().source == "tracked link"


def test_without_consent_a_personal_link_says_nothing(at: datetime) -> None:
    lead, now = people.inquiry(at=at), timezone.now()

    see(kind="identify", token=leads.make_visitor_token(lead_id=lead.pk, at=now))

    assert not Visitor.objects.exists()
    assert not Activity.objects.exists()


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: "ada@example.com",
        lambda token: "",
        lambda token: ":",
        lambda token: "a" * 3_000,
    ],
)
def test_a_token_that_is_not_ours_makes_nobody_known(
    forge: Callable[[str], str], at: datetime
) -> None:
    lead, now = people.inquiry(at=at), timezone.now()
    client, _ = remembered()

    see(client, kind="identify", token=forge(leads.make_visitor_token(lead_id=lead.pk, at=now)))

    assert Visitor.objects.get().lead is None


def test_a_token_is_good_for_a_while_counted_when_it_came(at: datetime) -> None:
    token = leads.make_visitor_token(lead_id=7, at=at, lasts=timedelta(minutes=10))

    assert leads.read_visitor_token(token, at=at + timedelta(minutes=10)) == 7
    assert leads.read_visitor_token(token, at=at + timedelta(minutes=11)) is None


def test_a_token_of_nobody_who_is_there_is_ignored(at: datetime) -> None:
    client, _ = remembered()

    see(client, kind="identify", token=leads.make_visitor_token(lead_id=10**9, at=timezone.now()))

    assert Visitor.objects.get().lead is None
    assert not RawBeacon.objects.exists()


def test_the_number_of_queries_does_not_grow_with_the_batch(
    site: Site, campaign: Campaign, at: datetime
) -> None:
    counts = []
    for count in (10, 1_000):
        visitors = [str(uuid4()) for _ in range(count)]
        RawBeacon.objects.bulk_create(
            RawBeacon(
                said={"kind": "page_view", "url": f"https://shop.example/?{UTM}", "asset": "x"},
                headers={"agent": BROWSER, "visitor": visitor, "site": site.pk},
                received_at=at,
            )
            for visitor in visitors
        )
        with transaction.atomic(), CountingQueries() as counted:
            beacons._process_batch(at=at)
        counts.append(counted.count)

    assert counts[0] == counts[1]
    assert Visit.objects.count() == 1_010


class CountingQueries:
    """Counts the statements of its block."""

    def __enter__(self) -> "CountingQueries":
        self.count = 0
        self.wrapper = connection.execute_wrapper(self._count)
        self.wrapper.__enter__()
        return self

    def _count(self, execute: Any, *args: Any) -> Any:
        self.count += 1
        return execute(*args)

    def __exit__(self, *args: Any) -> None:
        self.wrapper.__exit__(*args)


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_double_nothing(at: datetime) -> None:
    waiting(3_000, at=at, visitor=str(uuid4()))

    def sweep(_: int) -> int:
        try:
            return leads.process_beacons(at=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(sweep, range(4)))
    leads.process_beacons(at=at)

    assert Activity.objects.count() == 3_000
    assert sum(taken) <= 3_000
    assert not RawBeacon.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_report_while_its_visitor_becomes_known_is_the_leads(at: datetime) -> None:
    lead, visitor = people.inquiry(at=at), uuid4()
    waiting(1, at=at, visitor=str(visitor))
    leads.process_beacons(at=at)
    waiting(1, at=at, visitor=str(visitor))

    def sweep() -> None:
        try:
            leads.process_beacons(at=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            leads.attach_visitors(leads_by_visitor={visitor: lead.pk}, at=at)
            sweeping = pool.submit(sweep)
            _wait_for_a_lock()
        sweeping.result()
    leads.process_beacons(at=at)  # what waited for its lead to be held

    assert lead.activities.count() == 2


@pytest.mark.django_db(transaction=True)
def test_who_becomes_known_while_a_report_is_understood_gets_it(at: datetime) -> None:
    lead, visitor = people.inquiry(at=at), uuid4()
    waiting(1, at=at, visitor=str(visitor))

    def identify() -> None:
        try:
            leads.identify_visitor(visitor_id=visitor, lead_id=lead.pk, source="api", at=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            leads.process_beacons(at=at)
            identifying = pool.submit(identify)
            _wait_for_a_lock()
        identifying.result()

    assert lead.activities.count() == 1


def _wait_for_a_lock() -> None:
    """Until another connection to this database waits for a lock."""
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*), pg_stat_clear_snapshot() FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")


KILLED = """
import os, django
django.setup()
from django.db import connection
from django.utils import timezone
from leads import services
from leads.services.tracking import beacons

record = beacons._record
def slow(*args):
    record(*args)
    print("half way", flush=True)
    connection.cursor().execute("SELECT pg_sleep(60)")
beacons._record = slow
services.process_beacons(at=timezone.now())
"""


@pytest.mark.django_db(transaction=True)
def test_a_sweep_that_is_killed_half_way_loses_and_doubles_nothing(at: datetime) -> None:
    waiting(500, at=at, visitor=str(uuid4()))
    url = _address_of_this_database()
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "leadflow.settings"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "half way\n"

    process.send_signal(signal.SIGKILL)
    process.wait()
    _end_sleeping()

    assert not Activity.objects.exists()
    assert leads.process_beacons(at=at) == 500
    assert Activity.objects.count() == 500
    assert not RawBeacon.objects.exists()


def _address_of_this_database() -> str:
    from leadflow.runtime import addresses

    name = connection.settings_dict["NAME"]
    return addresses.database_url().replace(f"/{addresses.DATABASE}?", f"/{name}?")


def _end_sleeping() -> None:
    """The server notices that the killed one is gone only when it would answer."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep(%'"
        )


def test_a_flood_leaves_other_addresses_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.RATE_LIMITS, "track", "40/minute")
    flood, calm = Client(REMOTE_ADDR="10.0.0.1"), Client(REMOTE_ADDR="10.9.0.1")

    answers = [report(flood).status_code for _ in range(60)]

    assert answers == [204] * 40 + [429] * 20
    assert report(calm).status_code == 204


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"kind":"page_view","title":"\\u0000\\ud800"}', 204),
        (b'{"kind":"page_view","properties":' + b'{"a":' * 300 + b"1" + b"}" * 300 + b"}", 204),
        (b'{"kind":"page_view","properties":' + b"[" * 3_900, 400),
        (b'{"kind":"page_view","at":' + b"9" * 3_900 + b"}", 204),
        (b'{"kind":"page_view","at":-1e308}', 204),
        (b'{"kind":"page_view","at":1e309}', 400),
        (b'{"kind":"page_view","url":{"a":[1,2]},"title":true,"asset":[]}', 204),
        (b"\x00" * 100, 400),
        ("\u202e".encode() * 500, 400),
        (b'{"kind":"page_view","title":"' + "\u202eעברית 😀".encode() * 80 + b'"}', 204),
    ],
)  # fmt: skip
def test_hostile_reports_get_a_clear_answer(body: bytes, status: int) -> None:
    answer = Client().post("/t/", body, content_type="text/plain", headers={"user-agent": BROWSER})
    leads.process_beacons(at=timezone.now())

    assert answer.status_code == status
    assert Activity.objects.count() == (status == 204)
    assert not RawBeacon.objects.exists()


def test_twenty_megabytes_are_not_even_read() -> None:
    answer = Client().post("/t/", b"x" * 20_000_000, content_type="text/plain")

    assert answer.status_code == 413
    assert not RawBeacon.objects.exists()
