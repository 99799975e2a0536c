"""Which products a lead cares about, by the points of the activities that were about them."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection

from leads.models import Lead
from scoring.queries.earned import earned_sql
from scoring.queries.plans import Plan, current_rules, load_plan
from scoring.queries.scope import Scope

# An asset may be about several products: each of them gets the points. Where an activity names no
# asset, its campaign or its form says which product it was about. Penalties tell of no interest.
INTERESTS = """,
about AS (
    SELECT earned.lead_id, earned.remaining, COALESCE(link.product_id, done.about_id) AS product_id
      FROM earned
      JOIN done ON done.id = earned.id
      LEFT JOIN content_asset_products AS link ON link.asset_id = done.asset_id
     WHERE earned.is_counted AND earned.remaining > 0
),
ranked AS (
    SELECT lead_id, product_id, sum(remaining) AS points, count(*) AS times,
           row_number() OVER (PARTITION BY lead_id
                              ORDER BY sum(remaining) DESC, product_id) AS place
      FROM about WHERE product_id IS NOT NULL
     GROUP BY lead_id, product_id
),
interest AS (
    SELECT ranked.lead_id, ranked.place, product.id AS product_id, product.name AS product,
           ranked.points, ranked.times
      FROM ranked
      JOIN content_product AS product ON product.id = ranked.product_id
     WHERE ranked.place <= %s
)"""

READ = """
SELECT lead_id, product_id, product, points, times FROM interest ORDER BY lead_id, place"""


@dataclass(frozen=True)
class Interest:
    """A product with what is left of the points earned around it, and by how many activities."""

    product_id: int
    product: str
    points: float
    times: int


def interest(
    lead: Lead, at: datetime, *, most: int = 3, plan: Plan | None = None
) -> list[Interest]:
    """The products that a lead cares about most as of `at`, the strongest first."""
    return interests([lead.pk], at=at, most=most, plan=plan).get(lead.pk, [])


def knowing_products(plan: Plan) -> Plan:
    """The same plan, looking up what each activity is about though no rule may ask."""
    return replace(plan, names_products=True)


def interests(
    lead_ids: Collection[int], *, at: datetime, most: int = 3, plan: Plan | None = None
) -> dict[int, list[Interest]]:
    """The products that leads care about most, by lead; those without any are left out."""
    if not lead_ids:
        return {}
    plan = knowing_products(plan or load_plan(current_rules()))
    sql, params = earned_sql(Scope(at=at, lead_ids=lead_ids), plan)
    found: dict[int, list[Interest]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql + INTERESTS + READ, [*params, most])
        for lead_id, *facts in cursor.fetchall():
            found.setdefault(lead_id, []).append(Interest(*facts))
    return found
