"""import_leads and move_leads: rows and leads per second through the real services."""

import csv
import io
import tempfile
import time
from pathlib import Path

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from leads import services as leads
from leads.models import Lead
from tests.bench.figures import benchmark, report

RUNS = 3
COLUMNS = ("email", "first_name", "last_name", "phone", "company", "country", "job_title", "source")


def _row(number: int) -> tuple[str, ...]:
    return (
        f"person{number}@company{number % 5000}.example.com",
        f"First{number % 997}",
        f"Last{number % 7919}",
        f"+4930{number:07d}",
        f"Company {number % 5000}",
        "DE",
        "Engineer",
        "trade show",
    )


def _write_file(path: Path, count: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(_row(number) for number in range(count))


def _clear() -> None:
    call_command("flush", interactive=False, verbosity=0)


@benchmark
def import_leads(count: int) -> None:
    """CSV → validated, normalised, matched with what is there, with history."""
    values, floors = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        _write_file(path, count)
        for _ in range(RUNS):
            _clear()
            floors.append(count / _copy_and_upsert(path))
            started = time.perf_counter()
            tally = leads.import_leads(path=path, at=timezone.now())
            values.append(count / (time.perf_counter() - started))
            if tally.created != count:
                raise RuntimeError(
                    f"only {tally.created} of {count} were created: {tally.errors[:3]}"
                )
    report("import_leads", values, unit="rows/s", goal=20_000, floors=floors)


def _copy_and_upsert(path: Path) -> float:
    """Seconds of the floor: parse the file, COPY it, upsert it into a plain table by address."""
    started = time.perf_counter()
    text = io.StringIO()
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        next(rows)
        text.writelines("\t".join(row) + "\n" for row in rows)
    text.seek(0)
    columns = ", ".join(f"{name} text" for name in COLUMNS)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE staged ({columns}) ON COMMIT DROP")
        cursor.execute(f"CREATE TEMP TABLE people ({columns}, PRIMARY KEY (email)) ON COMMIT DROP")
        cursor.copy_expert("COPY staged FROM STDIN", text)
        cursor.execute(
            "INSERT INTO people SELECT * FROM staged "
            "ON CONFLICT (email) DO UPDATE SET phone = excluded.phone"
        )
    return time.perf_counter() - started


@benchmark
def move_leads(count: int) -> None:
    """Leads per second through one verb with history, offers and events."""
    _clear()
    at = timezone.now()
    people = [leads.NewLead(at=at, facts={"email": f"p{n}@example.com"}) for n in range(count)]
    ids = [lead.pk for lead in leads.create_leads(people=people, at=at)]
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
