"""track_posts: beacons stored per second, over kept connections to the real server."""

import json

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from leads import services as leads
from leads.models import Activity, RawBeacon
from tests.bench.figures import benchmark, report
from tests.bench.posting import post_often
from tests.bench.serving import serving

RUNS = 3
SECONDS = 4.0
PLENTY = {
    "RATE_LIMIT_TRACKING": "100000000/minute",
    "RATE_LIMIT_TRACKING_NETWORK": "100000000/minute",
}
PLAIN = "tests.bench.plain:application"
SAID = {
    "kind": "page_view",
    "url": "https://shop.example/pumps/model-7?utm_source=newsletter&utm_campaign=spring",
    "title": "Model 7: the pump that tells you when it needs you",
    "referrer": "https://www.search.example/",
    "key": "benchmark",
    "visitor": "7e57ed1d-0000-4000-8000-000000000001",
}


@benchmark
def track_posts(count: int) -> None:
    """Beacons answered 204 per second, every one of them in the database; the size does not matter."""
    call_command("flush", interactive=False, verbosity=0)
    _add_site()
    values, floors = [], []
    for _ in range(RUNS):
        floors.append(_measure(PLAIN, table="bench_plain"))
        values.append(_measure(table=RawBeacon._meta.db_table))
    report("track_posts", values, unit="beacons/s", goal=2_000, floors=floors)
    _check_understood()


def _add_site() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leads_site (key, name, hosts, mode, is_active, created_at)"
            " VALUES ('benchmark', 'Shop', '[\"shop.example\"]', 'ask', true, now())"
        )
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS bench_plain (id bigserial PRIMARY KEY, said jsonb)"
        )


def _measure(target: str = "", *, table: str) -> float:
    """Answers per second, once all processes are connected; raises when one was not stored."""
    stored = _count(table)
    with serving(target=target, **PLENTY) as client:
        post_often(client.port, _request(), seconds=1.0)  # both workers have loaded everything
        before = _count(table)
        answered = post_often(client.port, _request(), seconds=SECONDS)
        if _count(table) - before != answered or before == stored:
            raise RuntimeError(f"{answered} were answered, {_count(table) - before} stored")
    return answered / SECONDS


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def _request() -> bytes:
    body = json.dumps(SAID).encode()
    head = (
        "POST /t/ HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://shop.example\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36\r\n"
        f"Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _check_understood() -> None:
    """All of it becomes activities."""
    waiting = RawBeacon.objects.count()
    while leads.process_beacons(at=timezone.now()):
        pass
    if Activity.objects.count() != waiting:
        raise RuntimeError(f"{Activity.objects.count()} of {waiting} became activities")
