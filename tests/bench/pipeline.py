"""move_leads, move_lead_p95, add_handoff: the pipeline under load, and while it is changed."""

import statistics
import time

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from leads import services as leads
from leads.models import Lead
from reports import queries as reports
from tests.bench.figures import benchmark, report
from tests.bench.serving import Client, serving

RUNS = 3
ACTS = 300  # single acts per run


def _people(count: int) -> list[int]:
    call_command("flush", interactive=False, verbosity=0)
    at = timezone.now()
    people = [leads.NewLead(at=at, facts={"email": f"p{n}@example.com"}) for n in range(count)]
    ids = leads.insert_leads(people=people, at=at)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return ids


@benchmark
def move_leads(count: int) -> None:
    """Leads per second through one verb with history, offers and events."""
    ids = _people(count)
    values, floors = [], []
    for number in range(RUNS):
        part = ids[number * count // RUNS : (number + 1) * count // RUNS]
        floors.append(len(part) / _update_and_insert(part))
        started = time.perf_counter()
        moved = leads.offer(lead_ids=part, at=timezone.now())
        values.append(len(part) / (time.perf_counter() - started))
        if len(moved.changes) != len(part):
            raise RuntimeError("not every lead was moved")
    report("move_leads", values, unit="leads/s", goal=10_000, floors=floors)


def _update_and_insert(ids: list[int]) -> float:
    """Seconds of the floor: one UPDATE and one INSERT … SELECT, kept in a rolled-back transaction."""
    started = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE moved (LIKE leads_stagechange INCLUDING ALL) ON COMMIT DROP"
        )
        cursor.execute(
            "INSERT INTO moved (lead_id, from_stage, to_stage, verb, at, recorded_at, cause_kind, "
            "reason, note, cycle, pipeline_version) "
            "SELECT id, stage, 'mql', 'offer', now(), now(), '', '', '', cycle, 1 "
            "FROM leads_lead WHERE id = ANY(%s)",
            [ids],
        )
        cursor.execute("UPDATE leads_lead SET stage_since = now() WHERE id = ANY(%s)", [ids])
        transaction.set_rollback(True)
    assert Lead.objects.filter(pk=ids[0], stage="inquiry").exists()
    return time.perf_counter() - started


@benchmark
def move_lead_p95(count: int) -> None:
    """Milliseconds of one verb over HTTP, through the API: 95 % of the answers come within."""
    ids = iter(_people(count))
    with serving() as client:
        for _ in range(20):  # both workers have loaded everything
            client.post(f"/api/v1/leads/{next(ids)}/offer/")
        runs = [[_offer(client, next(ids)) for _ in range(ACTS)] for _ in range(RUNS)]
    values = [1000 * statistics.quantiles(times, n=20)[-1] for times in runs]
    report("move_lead_p95", values, unit="ms", goal=30, better="lower")


def _offer(client: Client, lead_id: int) -> float:
    started = time.perf_counter()
    status = client.post(f"/api/v1/leads/{lead_id}/offer/")
    if status != 200:
        raise RuntimeError(f"the verb answered {status}")
    return time.perf_counter() - started


@benchmark
def add_handoff(count: int) -> None:
    """Seconds to switch the shipped hand-off of inquiries on, with its reports the same as before."""
    ids = _people(count)
    leads.offer(lead_ids=ids[: count // 3], at=timezone.now())
    end = timezone.now()
    before = _figures(end)
    values = []
    for _ in range(RUNS):
        started = time.perf_counter()
        leads.change_handoff(key="qualified_inquiry", is_active=True, by=None, at=timezone.now())
        values.append(time.perf_counter() - started)
        if _figures(end) != before:
            raise RuntimeError("the figures of before have changed")
        leads.change_handoff(key="qualified_inquiry", is_active=False, by=None, at=timezone.now())
    report("add_handoff", values, unit="s", goal=1, better="lower")


def _figures(end: object) -> list[tuple[str, int]]:
    found = reports.funnel(user=None, at=timezone.now(), end=end)  # type: ignore[arg-type]
    return [(stage.key, stage.leads) for stage in found.overall.stages]
