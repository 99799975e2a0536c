"""import_leads: rows per second through the real service."""

import csv
import io
import tempfile
import time
from pathlib import Path

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from leads import services as leads
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
