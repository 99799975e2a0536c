"""rescore_full, rescore_quiet, rescore_touched, activity_to_score: scores of very many leads."""

import os
import random
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from content.models import Asset, Product
from leadflow.core.models import OutboxEvent
from leadflow.runtime import addresses, commands
from leads import services as leads
from leads.models import Campaign, Lead
from scoring import queries
from scoring import services as scoring
from scoring.models import LeadPoints, Rule, RuleSet, ScoreGroup, ScoreRound
from scoring.services import rounds
from scoring.services.turns import BLOCK
from tests.bench import serving
from tests.bench.figures import benchmark, report
from tests.bench.serving import PATIENCE, Client

RUNS = 3
WORKERS = 2
TOUCHED = 1_000
ARRIVALS = 40
PART = 50_000
HALF_LIVES = (30, 60, 14, 90, None)
CAPS = (60, 60, 20, 80, None)
KINDS = ("page_view", "download", "email_click", "form", "event", "webinar", "video")
SHELF = ("page", "white_paper", "webinar", "case_study", "data_sheet", "promotion")
LIMITS = (("none", 1), ("once", 1), ("daily", 1), ("daily", 5), ("at_most", 3), ("none", 1))
PATTERNS = (
    "/pricing*",
    "*/product/1*",
    "/blog/*",
    "/shop/a*",
    "*.example.com/jobs*",
    "/docs/*/api",
)

ACTIVITIES = """
INSERT INTO leads_activity (lead_id, kind, occurred_at, recorded_at, asset_id, campaign_id, title,
                            url, properties, source_kind, is_automatic)
SELECT lead.id,
       (%(kinds)s::text[])[1 + floor(random() * 12)::int],
       now() - random() * interval '180 days', now(),
       CASE WHEN random() < 0.6 THEN (%(assets)s::bigint[])[1 + floor(random() * 200)::int] END,
       CASE WHEN random() < 0.2 THEN (%(campaigns)s::bigint[])[1 + floor(random() * 20)::int] END,
       'Something',
       'https://www.example.com/'
           || (ARRAY['pricing', 'product', 'blog', 'shop', 'jobs', 'about', 'docs', ''])
                  [1 + floor(random() * 8)::int]
           || '/' || floor(random() * 300)::int || '?utm=1',
       '{}', '', random() < 0.03
  FROM generate_series(1, 10) CROSS JOIN leads_lead AS lead"""

# The plainest program that reads every activity, adds up per lead and writes every lead's row.
FLOOR = """
UPDATE leads_lead AS lead
   SET engagement = summed.points, fit = 1, score = summed.points + 1, grade = 'Z9',
       scored_at = now()
  FROM (SELECT lead_id, sum(length(kind))::int + 1000 AS points
          FROM leads_activity WHERE occurred_at <= now() GROUP BY lead_id) AS summed
 WHERE summed.lead_id = lead.id"""
FLOOR_QUIET = """
SELECT count(*) FROM (
    SELECT lead_id, sum(length(kind)) AS points
      FROM leads_activity WHERE occurred_at <= now() GROUP BY lead_id) AS summed
  JOIN leads_lead AS lead ON lead.id = summed.lead_id AND lead.engagement = -summed.points"""
FLOOR_TOUCHED = """
UPDATE leads_lead AS lead SET engagement = summed.points, score = summed.points
  FROM (SELECT lead_id, sum(length(kind))::int + 1000 AS points FROM leads_activity
         WHERE lead_id = ANY(%s) GROUP BY lead_id) AS summed
 WHERE summed.lead_id = lead.id"""


# ---- figures


@benchmark
def rescore_full(count: int) -> None:
    """Leads per second from publishing a version to the moment it is in use, everything written."""
    _fill(count)
    _in_use()
    values, floors = [], []
    for run in range(RUNS):
        _vacuum()
        floors.append(count / _timed(lambda: _rolled_back(FLOOR)))
        _vacuum()
        _write_draft(points=run + 1)
        scoring.publish_draft(by=None, at=timezone.now())
        values.append(count / _timed(_in_use))
        _check_written(count)
    report("rescore_full", values, unit="leads/s", goal=25_000, floors=floors)


@benchmark
def rescore_quiet(count: int) -> None:
    """Leads per second worked out anew from all activities when nothing changes."""
    _fill(count)
    _in_use()
    _vacuum()
    values, floors, faded = [], [], []
    before = _rows_written()
    for _ in range(RUNS):
        floors.append(count / _timed(lambda: _rolled_back(FLOOR_QUIET)))
        ScoreRound.objects.all().delete()
        values.append(count / _timed(lambda: _in_use(at=_scored_at())))
        faded.append(count / _timed(_hour_of_fading))
    if _rows_written() != before:
        raise RuntimeError("rows were written although nothing has changed")
    report("rescore_quiet", values, unit="leads/s", goal=30_000, floors=floors)
    report("refresh_quiet", faded, unit="leads/s", goal=100_000, floors=floors)


@benchmark
def rescore_touched(count: int) -> None:
    """Milliseconds for a thousand leads that have each just done something."""
    _fill(count)
    _in_use()
    draw = random.Random(5)
    values, floors = [], []
    ids = list(Lead.objects.values_list("pk", flat=True))
    for _ in range(2 * RUNS + 1):
        touched = draw.sample(ids, TOUCHED)
        floors.append(1000 * _timed(lambda ids=touched: _rolled_back(FLOOR_TOUCHED, [ids])))
        _touch(touched)
        at = timezone.now()
        values.append(
            1000 * _timed(lambda ids=touched, at=at: scoring.score_leads(lead_ids=ids, at=at))
        )
    report("rescore_touched", values[1:], unit="ms", goal=150, better="lower", floors=floors[1:])


@benchmark
def activity_to_score(count: int) -> None:
    """Seconds from posting an activity to the score that shows it: 95 % come within."""
    _fill(count)
    _in_use()
    OutboxEvent.objects.all().delete()  # of a hundred thousand leads that came at once
    _vacuum()
    below = Lead.objects.filter(engagement__lt=80).order_by("-pk")  # the cap is a hundred
    ids = iter(below.values_list("pk", "email")[: ARRIVALS * RUNS + 5])
    with _everything_running() as client:
        for _ in range(5):
            _arrive(client, *next(ids))
        runs = [[_arrive(client, *next(ids)) for _ in range(ARRIVALS)] for _ in range(RUNS)]
    values = [statistics.quantiles(times, n=20)[-1] for times in runs]
    report("activity_to_score", values, unit="s", goal=2, better="lower")


# ---- steps


def _in_use(at: datetime | None = None) -> None:
    """Carry rounds on with two workers until nothing is due."""
    at = at or timezone.now()

    def work() -> None:
        try:
            while scoring.refresh_scores(at=at):
                pass
        finally:
            connection.close()

    rounds._round_under_way(at=at)  # whoever comes while another opens it goes away again
    with ThreadPoolExecutor(WORKERS) as workers:
        for done in [workers.submit(work) for _ in range(WORKERS)]:
            done.result()


def _hour_of_fading() -> None:
    """What time has taken since a moment ago, of everybody: too little to show."""
    at = _scored_at()
    plan = queries.load_plan(queries.current_rules())
    for block in range(_last_id() // BLOCK + 1):
        first = block * BLOCK
        scope = queries.Scope(at=at, first_id=first, last_id=first + BLOCK - 1)
        leads.write_scores(scores=queries.read_snapshots(scope, plan=plan), at=at)


def _arrive(client: Client, lead_id: int, email: str) -> float:
    """Seconds until the lead's row shows what has just been posted."""
    before = Lead.objects.values_list("scored_at", flat=True).get(pk=lead_id)
    started = time.perf_counter()
    said = [{"email": email, "kind": "form", "title": "Asked for a demo"}]
    status = client.post("/api/v1/activities/", said)
    if status != 200:
        raise RuntimeError(f"the API answered {status}")
    while Lead.objects.values_list("scored_at", flat=True).get(pk=lead_id) == before:
        if time.perf_counter() - started > PATIENCE:
            raise TimeoutError("the score never came")
        time.sleep(0.005)
    seconds = time.perf_counter() - started
    time.sleep(0.05)
    return seconds


@contextmanager
def _everything_running() -> Iterator[Client]:
    """The web server, the workers and the clock, on this process' database."""
    port = serving._free_port()
    name = connection.settings_dict["NAME"]
    url = addresses.database_url().replace(f"/{addresses.DATABASE}?", f"/{name}?")
    environment = os.environ | {"DATABASE_URL": url, "NUDGES": "1", "ALLOWED_HOSTS": "*"}
    home = Path(addresses.home())
    lines = (
        commands.web(host="127.0.0.1", port=port), commands.worker(), commands.beat(home=home),
    )  # fmt: skip
    processes = [_start(line, environment) for line in lines]
    try:
        serving._wait_for(port)
        yield Client(port, serving._key())
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=PATIENCE)


def _start(line: Sequence[str], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        line,
        cwd=addresses.PROJECT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _timed(act: Callable[[], Any]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _rolled_back(sql: str, params: Sequence[Any] | None = None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(sql, params)
        transaction.set_rollback(True)


def _vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE leads_lead, leads_activity, scoring_leadpoints")


def _check_written(count: int) -> None:
    current = queries.current_rules()
    if RuleSet.objects.filter(state=RuleSet.State.PREPARING).exists():
        raise RuntimeError("the version is not in use yet")
    kept = LeadPoints.objects.filter(rule_set=current).count()
    if kept != count:
        raise RuntimeError(f"only {kept} of {count} leads have points")


def _rows_written() -> list[tuple[int, int]]:
    """Where the newest and all rows are: both change when any is written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), sum(('x' || md5(ctid::text || xmin::text))::bit(32)::bigint)"
            "  FROM leads_lead UNION ALL "
            "SELECT count(*), sum(('x' || md5(ctid::text || xmin::text))::bit(32)::bigint)"
            "  FROM scoring_leadpoints"
        )
        return [(int(rows), int(sums or 0)) for rows, sums in cursor.fetchall()]


def _scored_at() -> datetime:
    """The moment of the last scoring: nothing has faded since."""
    last = Lead.objects.order_by("-scored_at").values_list("scored_at", flat=True).first()
    return last or timezone.now()


def _last_id() -> int:
    return int(Lead.objects.order_by("-pk").values_list("pk", flat=True)[0])


def _write_draft(*, points: int) -> None:
    """Every rule gives another figure than in the version in use."""
    draft = scoring.start_draft(by=None, at=timezone.now())
    figures = {rule.pk: rule.points + points for rule in draft.rules.all()}
    scoring.change_figures(figures=scoring.Figures(rule_points=figures), by=None, at=timezone.now())


def _touch(ids: Sequence[int]) -> None:
    """Activities as the API would store them, without telling anybody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leads_activity (lead_id, kind, occurred_at, recorded_at, title, url,"
            " properties, source_kind, is_automatic) "
            "SELECT id, 'event', now(), now(), 'Stand', '', '{}', '', FALSE "
            "FROM unnest(%s::bigint[]) AS id",
            [list(ids)],
        )


# ---- the world


def _fill(count: int) -> None:
    """Leads with ten activities each, and sixty rules in five groups."""
    call_command("flush", interactive=False, verbosity=0)
    at = timezone.now()
    for start in range(0, count, PART):
        numbers = range(start, min(start + PART, count))
        leads.insert_leads(people=[_person(number, at) for number in numbers], at=at)
    assets, campaigns = _write_library()
    _write_rules(assets, campaigns)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(
            ACTIVITIES,
            {
                "kinds": ["page_view"] * 5
                + ["email_click"] * 2
                + ["email_sent", *KINDS[1:2], *KINDS[3:6]],
                "assets": [asset.pk for asset in assets],
                "campaigns": [campaign.pk for campaign in campaigns],
            },
        )
        cursor.execute("VACUUM ANALYZE")


def _person(number: int, at: datetime) -> leads.NewLead:
    facts = {
        "email": f"person{number}@example.com",
        "phone": f"+4930{number:07d}" if number % 3 else "",
        "persona": ("decision_maker", "technical_user", "influencer", "unknown")[number % 4],
    }
    return leads.NewLead(at=at - timedelta(days=200), facts=facts)


def _write_library() -> tuple[list[Asset], list[Campaign]]:
    products = Product.objects.bulk_create(
        Product(key=f"bench{n}", name=f"Product {n}") for n in range(8)
    )
    assets = Asset.objects.bulk_create(
        Asset(key=f"bench{n}", title=f"Asset {n}", kind=SHELF[n % 6]) for n in range(200)
    )
    through = Asset.products.through
    through.objects.bulk_create(
        through(asset=asset, product=products[(n + more) % 8])
        for n, asset in enumerate(assets)
        for more in range(1 + n % 2)
    )
    campaigns = Campaign.objects.bulk_create(
        Campaign(key=f"bench{n}", name=f"Campaign {n}", product=products[n % 8]) for n in range(20)
    )
    return list(assets), list(campaigns)


def _write_rules(assets: Sequence[Asset], campaigns: Sequence[Campaign]) -> None:
    rules = queries.current_rules()
    rules.groups.all().delete()
    groups = ScoreGroup.objects.bulk_create(
        ScoreGroup(rule_set=rules, key=f"g{n}", name=f"Group {n}", half_life_days=days, cap=cap)
        for n, (days, cap) in enumerate(zip(HALF_LIVES, CAPS, strict=True))
    )
    Rule.objects.bulk_create(
        Rule(
            rule_set=rules,
            group=groups[n % 5],
            label=f"Rule {n}",
            points=(n % 17) - 2 or 4,
            limit=LIMITS[n % 6][0],
            limit_count=LIMITS[n % 6][1],
            **_about(n, assets, campaigns),
        )
        for n in range(60)
    )


def _about(n: int, assets: Sequence[Asset], campaigns: Sequence[Campaign]) -> dict[str, Any]:
    """What a rule is about: single assets, kinds, products, campaigns, pages, or the kind alone."""
    kind = {"kind": KINDS[n % 7]}
    if n < 8:
        return kind | {"asset": assets[n * 7]}
    if n < 28:
        return kind | {"asset_kind": SHELF[n % 6]}
    if n < 36:
        return kind | {"product": assets[n % 8].products.first()}
    if n < 46:
        return kind | {"campaign": campaigns[n % 20]}
    if n < 54:
        return {"kind": "page_view", "url_pattern": PATTERNS[n % 6]}
    return kind
