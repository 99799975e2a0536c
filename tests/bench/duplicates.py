"""find_duplicates: one look through everybody, pair by pair."""

import time

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from leadflow.core.models import Role, User
from leads import services as leads
from leads.models import DuplicatePair, DuplicateSearch
from tests.bench.figures import benchmark, report
from tests.factories import doubles

RUNS = 3


@benchmark
def find_duplicates(count: int) -> None:
    """Leads per second of a search through all, of whom one in twenty is there twice."""
    call_command("flush", interactive=False, verbosity=0)
    marketer = User.objects.create_user("m@example.com", "x", role=Role.MARKETER)
    at = timezone.now()
    doubles.write_down(count - count // 20, count // 20, at=at, companies=count // 40)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE leads_duplicatecheck")
        cursor.execute("VACUUM ANALYZE")
    values, floors = [], []
    for _ in range(RUNS):
        DuplicatePair.objects.all().delete()
        floors.append(count / _join_keys())
        leads.search_everybody(by=marketer, at=at)
        started = time.perf_counter()
        while DuplicateSearch.objects.filter(finished_at=None).exists():
            leads.find_duplicates(at=at)
        values.append(count / (time.perf_counter() - started))
        if DuplicatePair.objects.count() < count // 20 * 0.95:
            raise RuntimeError("known duplicates were not found")
    report("find_duplicates", values, unit="leads/s", goal=5_000, floors=floors)


def _join_keys() -> float:
    """Seconds of the floor: one statement that pairs leads by key and compares nothing."""
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH keys AS (
                SELECT key.lexeme, array_agg(lead_id) AS leads
                  FROM leads_leadtokens, unnest(tokens) AS key
                 WHERE starts_with(key.lexeme, '=')
                 GROUP BY key.lexeme HAVING count(*) BETWEEN 2 AND 50
            )
            SELECT count(*) FROM (
                SELECT DISTINCT one, other
                  FROM keys, unnest(leads) AS one, unnest(leads) AS other WHERE one < other
            ) AS pairs
            """
        )
    return time.perf_counter() - started
