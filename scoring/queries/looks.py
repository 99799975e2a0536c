"""What was known of leads at a moment: the facts that predictions are made from, and nothing later.

The same statement reads leads as they are now and as they were when a closed lead was seen. An activity
counts by the time it happened, a fact from the date since which it is so, a stage by its history.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from leads.models import Activity, Stage
from scoring.engine.looks import LIVELY_DAYS, RECENT_DAYS, Look

# A lead is seen at most once in each of these stretches of a cycle (days since it began)
STRETCHES = ((0, 7), (7, 30), (30, 90), (90, 270))
COMPARED = 1_000_000  # shares of leads are told in millionths

# Leads as they are now, those that are on the way and not won yet
NOW = """
WITH looked AS (
    SELECT lead.id AS lead_id, lead.cycle, began.at AS began_at, %(at)s::timestamptz AS at,
           lead.stage, NULL::boolean AS has_won
      FROM leads_lead AS lead
     CROSS JOIN LATERAL (
         SELECT at FROM leads_stagechange AS change
          WHERE change.lead_id = lead.id AND change.cycle = lead.cycle
          ORDER BY id LIMIT 1
     ) AS began
     WHERE {which} AND lead.erased_at IS NULL AND lead.stage = ANY(%(open)s)
)"""

# Each cycle of closed leads, at moments drawn from the number of the lead, if it was still open then and
# enough time has passed to know what became of it. Drawing never looks at what became of it.
PAST = """
WITH line AS (
    SELECT change.lead_id, change.id, change.cycle, change.from_stage, change.to_stage, change.at,
           stage.kind = 'won' AS is_won
      FROM leads_stagechange AS change
      JOIN leads_stage AS stage ON stage.key = change.to_stage
      JOIN leads_lead AS lead ON lead.id = change.lead_id AND lead.erased_at IS NULL
     WHERE change.lead_id BETWEEN %(first)s AND %(last)s
       AND change.corrects IS NULL AND change.verb <> 'combine'
       AND NOT EXISTS (
           SELECT FROM leads_stagechange AS answer WHERE answer.corrects = change.id
           )
       AND ('x' || left(md5('lead ' || change.lead_id), 8))::bit(32)::bigint %% {compared} < %(share)s
), own AS (
    -- Records merged into a lead have a history of their own before its last entry
    SELECT * FROM (
        SELECT line.*, max(cycle) FILTER (WHERE from_stage IS NULL)
                           OVER (PARTITION BY lead_id) AS first_cycle FROM line
    ) AS numbered WHERE cycle >= first_cycle
), went AS (
    SELECT lead_id, cycle, (array_agg(at ORDER BY id))[1] AS began_at,
           min(at) FILTER (WHERE is_won) AS won_at
      FROM own GROUP BY lead_id, cycle
), moment AS (
    SELECT went.*, began_at + interval '1 day' * (
               stretch.low + (stretch.high - stretch.low)
               * (('x' || left(md5(lead_id || ' ' || cycle || ' ' || low), 8))::bit(32)::bigint
                  / 4294967296.0)
           ) AS at
      FROM went
     CROSS JOIN (VALUES {stretches}) AS stretch (low, high)
), looked AS (
    SELECT * FROM (
        SELECT DISTINCT ON (moment.lead_id, moment.cycle, moment.at)
               moment.lead_id, moment.cycle, moment.began_at, moment.at, own.to_stage AS stage,
               COALESCE(moment.won_at <= moment.at + %(horizon)s, FALSE) AS has_won
          FROM moment
          JOIN own ON own.lead_id = moment.lead_id AND own.cycle = moment.cycle
                  AND own.at <= moment.at
         WHERE moment.at + %(horizon)s <= %(at)s
           AND (moment.won_at IS NULL OR moment.won_at > moment.at)
         ORDER BY moment.lead_id, moment.cycle, moment.at, own.id DESC
    ) AS stood WHERE stage = ANY(%(open)s)
)"""

SEEN = """,
done AS MATERIALIZED (
    SELECT looked.lead_id, looked.cycle, looked.at, activity.kind, activity.occurred_at,
           activity.asset_id
      FROM looked
      JOIN leads_activity AS activity
        ON activity.lead_id = looked.lead_id AND activity.occurred_at <= looked.at
     WHERE NOT activity.is_automatic AND activity.kind = ANY(%(kinds)s)
), did AS (
    SELECT lead_id, at, max(occurred_at) AS last_at,
           count(*) FILTER (WHERE is_recent AND kind = 'page_view') AS pages,
           count(*) FILTER (WHERE is_recent AND kind = 'download') AS downloads,
           count(*) FILTER (WHERE is_recent AND kind = 'form') AS forms,
           count(*) FILTER (WHERE is_recent AND kind = 'email_click') AS clicks,
           count(*) FILTER (WHERE is_recent AND kind IN ('event', 'webinar', 'video')) AS events,
           count(*) FILTER (WHERE is_recent AND kind = 'custom') AS others,
           count(DISTINCT (occurred_at AT TIME ZONE 'UTC')::date)
               FILTER (WHERE occurred_at > at - interval '{lively} days') AS lively_days
      FROM (SELECT *, occurred_at > at - interval '{recent} days' AS is_recent FROM done) AS deed
     GROUP BY lead_id, at
), touched AS (
    SELECT DISTINCT lead_id, at, asset_id FROM done WHERE asset_id IS NOT NULL
), content AS (
    SELECT lead_id, at, array_agg(DISTINCT asset.kind ORDER BY asset.kind) AS kinds
      FROM touched JOIN content_asset AS asset ON asset.id = touched.asset_id
     GROUP BY lead_id, at
), about AS (
    SELECT lead_id, at, array_agg(DISTINCT link.product_id ORDER BY link.product_id) AS products
      FROM touched JOIN content_asset_products AS link ON link.asset_id = touched.asset_id
     GROUP BY lead_id, at
)
SELECT looked.lead_id, looked.cycle, looked.at, looked.stage, lead.source,
       CASE WHEN {persona} THEN lead.persona ELSE 'unknown' END,
       {phone} AND lead.phone <> '',
       {job_title} AND lead.job_title <> '',
       {company} AND lead.company_id IS NOT NULL,
       date_part('epoch', looked.at - looked.began_at) / 86400,
       date_part('epoch', looked.at - did.last_at) / 86400,
       COALESCE(did.pages, 0), COALESCE(did.downloads, 0), COALESCE(did.forms, 0),
       COALESCE(did.clicks, 0), COALESCE(did.events, 0), COALESCE(did.others, 0),
       COALESCE(did.lively_days, 0),
       COALESCE(content.kinds, '{{}}'), COALESCE(about.products, '{{}}'), looked.has_won
  FROM looked
  JOIN leads_lead AS lead ON lead.id = looked.lead_id
  LEFT JOIN scoring_factdates AS facts ON facts.lead_id = looked.lead_id
  LEFT JOIN did ON did.lead_id = looked.lead_id AND did.at = looked.at
  LEFT JOIN content ON content.lead_id = looked.lead_id AND content.at = looked.at
  LEFT JOIN about ON about.lead_id = looked.lead_id AND about.at = looked.at
 ORDER BY looked.lead_id, looked.at"""

# Whether a fact was known when the lead was seen; all that stands on a lead is known now
KNOWN = "COALESCE(looked.has_won IS NULL OR (facts.since ->> '{name}')::timestamptz <= looked.at, FALSE)"
OWN_KINDS = sorted(str(kind) for kind in Activity.THEIR_OWN)


@dataclass(frozen=True)
class Outcome:
    """A closed lead as it was seen, and whether it became a customer within the horizon."""

    look: Look
    has_won: bool


def looks_now(
    *,
    at: datetime,
    lead_ids: Collection[int] | None = None,
    first_id: int = 0,
    last_id: int = 0,
) -> list[Look]:
    """Open leads as they are at `at`: those named, or those in a range of ids; in id order."""
    which = (
        "lead.id = ANY(%(ids)s)"
        if lead_ids is not None
        else "lead.id BETWEEN %(first)s AND %(last)s"
    )
    params = {"ids": sorted(lead_ids or ()), "first": first_id, "last": last_id}
    return [_look(row) for row in _read(NOW.format(which=which), params, at=at)]


def read_outcomes(
    *, first_id: int, last_id: int, horizon_days: int, at: datetime, millionths: int = COMPARED
) -> Iterator[Outcome]:
    """Closed leads of a range of ids as they were seen, in the order of ids and moments.

    `millionths` tells how many of a million leads are looked at; always the same ones.
    """
    made = PAST.format(
        compared=COMPARED, stretches=", ".join(f"({low}, {high})" for low, high in STRETCHES)
    )
    params = {
        "first": first_id,
        "last": last_id,
        "share": millionths,
        "horizon": timedelta(days=horizon_days),
    }
    for row in _read(made, params, at=at):
        yield Outcome(_look(row), bool(row[-1]))


def _read(made: str, params: dict[str, Any], *, at: datetime) -> list[tuple[Any, ...]]:
    # Stages that are out of use, too: leads stood in them
    is_open = list(Stage.objects.filter(kind=Stage.Kind.RESTS).values_list("key", flat=True))
    known = {name: KNOWN.format(name=name) for name in ("persona", "phone", "job_title", "company")}
    sql = made + SEEN.format(lively=LIVELY_DAYS, recent=RECENT_DAYS, **known)
    with connection.cursor() as cursor:
        cursor.execute(sql, {**params, "at": at, "open": is_open, "kinds": OWN_KINDS})
        return cursor.fetchall()


def _look(row: tuple[Any, ...]) -> Look:
    lead_id, cycle, at, stage, source, persona, phone, job_title, company, age, quiet, *rest = row
    *counts, kinds, products, _ = rest
    pages, downloads, forms, clicks, events, others, lively_days = counts
    return Look(
        lead_id=lead_id,
        cycle=cycle,
        at=at,
        stage=stage,
        source=source,
        persona=persona,
        phone=phone,
        job_title=job_title,
        company=company,
        age_days=age,
        quiet_days=quiet,
        pages=pages,
        downloads=downloads,
        forms=forms,
        clicks=clicks,
        events=events,
        others=others,
        lively_days=lively_days,
        kinds=tuple(kinds),
        products=tuple(products),
    )
