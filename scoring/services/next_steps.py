"""What leads turned to next, content by content and product by product: counted anew with each training."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from scoring.models import NextStep
from scoring.queries.looks import COMPARED, OWN_KINDS
from scoring.services.samples import lead_share

LOOKS_BACK = timedelta(days=365)
ASSET_WITHIN, PRODUCT_WITHIN = timedelta(days=30), timedelta(days=90)
STEPS = 5  # what came right after counts, not everything that ever came
FIRST_OF_EACH = 60  # things of one lead: crawlers do not outweigh people
FEWEST = 2
KEPT = 40  # of the most frequent, for each thing they came from

TOUCHES = {
    "asset": """
        SELECT activity.lead_id, activity.asset_id AS item, min(activity.occurred_at) AS at
          FROM leads_activity AS activity
         WHERE {chosen} AND activity.asset_id IS NOT NULL
         GROUP BY activity.lead_id, activity.asset_id""",
    "product": """
        SELECT activity.lead_id, link.product_id AS item, min(activity.occurred_at) AS at
          FROM leads_activity AS activity
          JOIN content_asset_products AS link ON link.asset_id = activity.asset_id
         WHERE {chosen}
         GROUP BY activity.lead_id, link.product_id""",
}
CHOSEN = """activity.lead_id IS NOT NULL AND NOT activity.is_automatic
           AND activity.kind = ANY(%(kinds)s)
           AND activity.occurred_at > %(since)s AND activity.occurred_at <= %(at)s
           AND ('x' || left(md5('lead ' || activity.lead_id), 8))::bit(32)::bigint
               %% {compared} < %(share)s"""

# Each thing counts once a lead, at its first time. Rows without `from` tell how often any step leads
# to a thing: what a step from one thing is compared with.
COUNT = """
INSERT INTO scoring_nextstep (kind, persona, from_{kind}_id, to_{kind}_id, leads, followed)
WITH touch AS ({touches}),
placed AS (
    SELECT touch.lead_id, lead.persona, touch.item, touch.at,
           row_number() OVER (PARTITION BY touch.lead_id ORDER BY touch.at, touch.item) AS place
      FROM touch JOIN leads_lead AS lead ON lead.id = touch.lead_id AND lead.erased_at IS NULL
), step AS (
    SELECT earlier.persona, earlier.item AS from_item, later.item AS to_item
      FROM placed AS earlier
      JOIN placed AS later ON later.lead_id = earlier.lead_id
       AND later.place > earlier.place AND later.place <= earlier.place + %(steps)s
       AND later.at <= earlier.at + %(within)s
     WHERE earlier.place <= %(first)s
), had AS (
    SELECT COALESCE(persona, '') AS persona, item, count(*) AS leads
      FROM placed WHERE place <= %(first)s
     GROUP BY GROUPING SETS ((persona, item), (persona), (item), ())
), taken AS (
    SELECT COALESCE(persona, '') AS persona, from_item, to_item, count(*) AS followed
      FROM step
     GROUP BY GROUPING SETS ((persona, from_item, to_item), (persona, to_item),
                             (from_item, to_item), (to_item))
), ranked AS (
    SELECT taken.persona, taken.from_item, taken.to_item, had.leads, taken.followed,
           row_number() OVER (PARTITION BY taken.persona, taken.from_item
                              ORDER BY taken.followed DESC, taken.to_item) AS place
      FROM taken
      JOIN had ON had.persona = taken.persona AND COALESCE(had.item, 0) = COALESCE(taken.from_item, 0)
     WHERE taken.followed >= %(fewest)s
)
SELECT '{kind}', persona, from_item, to_item, leads, LEAST(followed, leads)
  FROM ranked WHERE place <= CASE WHEN from_item IS NULL THEN 1000 ELSE %(kept)s END"""


@transaction.atomic
def learn_next_steps(*, at: datetime) -> int:
    """Count anew what leads turned to next in the last year; returns how many steps are known."""
    NextStep.objects.all().delete()
    for kind, within in (
        (NextStep.Kind.ASSET, ASSET_WITHIN),
        (NextStep.Kind.PRODUCT, PRODUCT_WITHIN),
    ):
        chosen = CHOSEN.format(compared=COMPARED)
        touches = TOUCHES[kind].format(chosen=chosen)
        params: dict[str, Any] = {
            "kinds": OWN_KINDS,
            "since": at - LOOKS_BACK,
            "at": at,
            "share": lead_share(),
            "steps": STEPS,
            "within": within,
            "first": FIRST_OF_EACH,
            "fewest": FEWEST,
            "kept": KEPT,
        }
        with connection.cursor() as cursor:
            cursor.execute(COUNT.format(kind=kind, touches=touches), params)
    return NextStep.objects.count()
