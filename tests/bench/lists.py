"""lead_list_p95, record_page_p95, export_leads: pages and files of very many leads, over real HTTP."""

import base64
import http.client
import json
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from urllib.parse import urlencode

from django.db import connection
from django.test import Client as TestClient
from django.utils import timezone

from leadflow.core.models import Role, Team, User
from leads.queries import ORDERS
from tests.bench.crowd import gather
from tests.bench.figures import benchmark, report
from tests.bench.serving import PATIENCE, serving

RUNS = 3
GLANCES, LOOKS = 3, 40  # rounds over all lists, and requests of the slowest ones
SLOWEST = 8
PAIRS = 150
QUERIES: list[dict[str, str]] = [
    {},
    {"q": "anna"},  # frequent, rare, absent, several, the beginning of a million
    {"q": "schmidt4"},
    {"q": "firm777.example"},
    {"q": "nobodyofthatname"},
    {"q": "anna schmidt"},
    {"q": "anna dorn blue"},
    {"q": "person1"},
    {"q": "a"},
    {"q": "030 00012"},
    {"stage": "inquiry"},
    {"stage": "customer"},
    {"stage": "lost,disqualified"},
    {"owner": "me"},
    {"owner": "nobody"},
    {"grade": "A1"},
    {"grade": "C"},
    {"score_from": "80"},
    {"score_from": "40", "score_to": "41"},
    {"source": "list"},
    {"source": "__none"},
    {"campaign": "c0"},
    {"campaign": "c55"},
    {"product": "p0"},
    {"product": "p7"},
    {"product": "__none"},
    {"persona": "influencer"},
    {"country": "DE"},
    {"country": "LI"},
    {"country": "ZZ"},
    {"territory": "t0"},
    {"territory": "t11"},
    {"company": "77"},
    {"tag": "tag0"},
    {"tag": "tag19"},
    {"phone": "no"},
    {"email": "no"},
    {"email": "yes"},
    {"from": "2026-11-01"},
    {"from": "2024-01-01", "to": "2024-01-07"},
    {"to": "2023-12-01"},
    {"active_from": "2026-11-20"},
    {"quiet": "30"},
    {"quiet": "900"},
    {"since_from": "2026-11-20"},
    {"since_to": "2024-06-01"},
]


@dataclass(frozen=True)
class Case:
    """One page as one person asks for it."""

    role: str
    query: str


class Reader:
    """A browser that is signed in and keeps its connection."""

    def __init__(self, port: int, user: User) -> None:
        signed_in = TestClient()
        signed_in.force_login(user)
        cookies = "; ".join(f"{name}={one.value}" for name, one in signed_in.cookies.items())
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.headers = {"Cookie": cookies, "Accept": "text/html"}

    def milliseconds(self, path: str) -> float:
        """How long a page takes to come, all of it."""
        try:
            return self._milliseconds(path)
        except (http.client.RemoteDisconnected, ConnectionResetError):  # it was idle for too long
            self.line.close()
            return self._milliseconds(path)

    def _milliseconds(self, path: str) -> float:
        started = time.perf_counter()
        self.line.request("GET", path, headers=self.headers)
        answer = self.line.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        return 1000 * (time.perf_counter() - started)


@benchmark
def lead_list_p95(count: int) -> None:
    """Milliseconds within which 95 % of all lists that can be asked for come, and 95 % of the slowest."""
    gather(count, at=timezone.now())
    with serving() as served:
        readers = {role: Reader(served.port, user) for role, user in _people().items()}
        cases = list(_cases())
        rounds = [[_look(readers, case) for case in cases] for _ in range(GLANCES)]
        glances = dict(zip(cases, map(statistics.median, zip(*rounds, strict=True)), strict=True))
        slowest = sorted(cases, key=lambda case: -glances[case])[:SLOWEST]
        runs = [{case: _p95(readers, case) for case in slowest} for _ in range(RUNS)]
    for case in sorted(slowest, key=lambda case: -statistics.median(run[case] for run in runs)):
        found = statistics.median(run[case] for run in runs)
        sys.stderr.write(f"{found:7.1f} ms  {case.role:8} /leads/?{case.query}\n")
    sys.stderr.write(
        f"{statistics.median(glances.values()):7.1f} ms  median of {len(cases)} lists\n"
    )
    floors = [_bare_query() for _ in range(RUNS)]
    values = [statistics.quantiles(times, n=20)[-1] for times in rounds]
    report("lead_list_p95", values, unit="ms", goal=50, better="lower", floors=floors)
    values = [max(run.values()) for run in runs]
    report("lead_list_worst_p95", values, unit="ms", goal=50, better="lower", floors=floors)


def _people() -> dict[str, User]:
    manager = User.objects.create_user("max@x.org", name="Max", role=Role.MANAGER)
    rep = User.objects.filter(role=Role.REP).order_by("pk")[11]
    return {"manager": manager, "rep": rep}


def _cases() -> Iterator[Case]:
    """Every filter in every order, filters in pairs, and pages from the middle on."""
    for role in ("manager", "rep"):
        for said in QUERIES:
            for sort in ORDERS:
                yield Case(role, urlencode(said | {"sort": sort}))
    draw = Random(42)
    for _ in range(PAIRS):
        one, other = draw.sample(QUERIES[1:], 2)
        said = one | other | {"sort": draw.choice(list(ORDERS))}
        yield Case(draw.choice(["manager", "rep"]), urlencode(said))
    for said in ({}, {"country": "LI"}, {"q": "schmidt"}, {"stage": "mql", "product": "p0"}):
        for side in ("after", "before"):
            yield Case("manager", urlencode(said | {side: _middle()}))


def _middle() -> str:
    """The place of the middlemost lead along the scores, as the addresses of pages have it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT score, id FROM leads_lead ORDER BY score DESC, id DESC "
            "LIMIT 1 OFFSET (SELECT count(*) / 2 FROM leads_lead)"
        )
        return base64.urlsafe_b64encode(json.dumps(cursor.fetchone()).encode()).decode()


def _look(readers: dict[str, Reader], case: Case) -> float:
    return readers[case.role].milliseconds(f"/leads/?{case.query}")


def _p95(readers: dict[str, Reader], case: Case) -> float:
    return statistics.quantiles([_look(readers, case) for _ in range(LOOKS)], n=20)[-1]


def _bare_query() -> float:
    """Milliseconds of the floor: one page of one stage along the scores, asked for by hand."""
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lead.*, company.name FROM leads_lead AS lead "
            "LEFT JOIN leads_company AS company ON company.id = lead.company_id "
            "WHERE stage = 'inquiry' ORDER BY score DESC, lead.id DESC LIMIT 51"
        )
        cursor.fetchall()
    return 1000 * (time.perf_counter() - started)


@benchmark
def record_page_p95(count: int) -> None:
    """Milliseconds of the page of a lead with 5,000 activities and 200 changes of stage."""
    gather(10_000, at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_ACTIVITIES)
        cursor.execute(_CHANGES)
        cursor.execute("VACUUM ANALYZE")
    with serving() as served:
        reader = Reader(served.port, _people()["manager"])
        for _ in range(10):
            reader.milliseconds("/leads/1/")
        runs = [[reader.milliseconds("/leads/1/") for _ in range(LOOKS)] for _ in range(RUNS)]
    values = [statistics.quantiles(times, n=20)[-1] for times in runs]
    report("record_page_p95", values, unit="ms", goal=60, better="lower")


_ACTIVITIES = """
INSERT INTO leads_activity (
    lead_id, kind, occurred_at, recorded_at, title, url, properties, source_kind, is_automatic
)
SELECT 1, (ARRAY['page_view', 'download', 'form', 'note', 'call'])[1 + n % 5],
       now() - n * interval '1 hour', now(), 'Page ' || n, 'https://www.example.com/' || n,
       '{"text": "some words"}', '', n % 7 = 0
  FROM generate_series(1, 5000) AS n
"""
_CHANGES = """
INSERT INTO leads_stagechange (
    lead_id, from_stage, to_stage, verb, at, recorded_at, cause_kind, reason, note, cycle,
    pipeline_version, seconds, business_seconds
)
SELECT 1, 'inquiry', (ARRAY['inquiry', 'mql', 'sal', 'recycled'])[1 + n % 4], 'offer',
       now() - n * interval '20 hours', now(), '', '', '', 1 + n / 10, 1, 100, 100
  FROM generate_series(1, 200) AS n
"""


@benchmark
def export_leads(count: int) -> None:
    """Rows per second of the whole list as CSV, read to its end."""
    gather(count, at=timezone.now())
    marketer = User.objects.create_user(
        "mara@x.org", name="Mara", role=Role.MARKETER, team=Team.objects.first()
    )
    with serving() as served:
        reader = Reader(served.port, marketer)
        reader.milliseconds("/leads/leads.csv?country=LI")
        values = [1000 * count / reader.milliseconds("/leads/leads.csv") for _ in range(RUNS)]
    floors = [count / _copy_out() for _ in range(RUNS)]
    report("export_leads", values, unit="rows/s", goal=30_000, floors=floors)


def _copy_out() -> float:
    """Seconds of the floor: PostgreSQL writes the table as CSV, and somebody takes it."""
    started = time.perf_counter()
    with connection.cursor() as cursor, open("/dev/null", "w") as nowhere:
        cursor.copy_expert("COPY leads_lead TO STDOUT WITH (FORMAT csv)", nowhere)
    return time.perf_counter() - started
