"""Since when what is known of leads has been as it is: compared with what was noted before."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection

# What each fact says of a lead, as text; NULL where nothing is known
SAYS = {
    "phone": "NULLIF(lead.phone, '')",
    "email": "NULLIF(lead.email, '')",
    "persona": "NULLIF(lead.persona, 'unknown')",
    "job_title": "NULLIF(lead.job_title, '')",
    "country": "NULLIF(lead.country, '')",
    "language": "NULLIF(lead.language, '')",
    "company": "lead.company_id::text",
    "industry": "NULLIF(company.industry, '')",
    "employees": "company.employees::text",
    "company_country": "NULLIF(company.country, '')",
    "products": """(SELECT string_agg(link.product_id::text, ' ' ORDER BY link.product_id)
                      FROM leads_lead_products AS link WHERE link.lead_id = lead.id)""",
}

# A fact that says the same keeps its date; one that came with its lead bears the date of the lead. What
# was there before anybody noted dates has none.
NOTE = """
WITH fact AS (
    SELECT lead.id AS lead_id, said.name, left(md5(said.text), 12) AS digest,
           CASE WHEN before.digests ->> said.name = left(md5(said.text), 12)
                THEN COALESCE(before.since ->> said.name, born.at)
                WHEN before.lead_id IS NULL THEN born.at
                ELSE to_jsonb(%(at)s::timestamptz) #>> '{{}}' END AS since
      FROM leads_lead AS lead
      LEFT JOIN leads_company AS company ON company.id = lead.company_id
      LEFT JOIN scoring_factdates AS before ON before.lead_id = lead.id
     CROSS JOIN LATERAL (VALUES {values}) AS said (name, text)
     CROSS JOIN LATERAL (SELECT CASE WHEN %(are_new)s
                                     THEN to_jsonb(lead.created_at) #>> '{{}}' END AS at) AS born
     WHERE lead.id = ANY(%(ids)s) AND lead.erased_at IS NULL AND said.text IS NOT NULL
),
noted AS (
    SELECT lead.id AS lead_id,
           COALESCE(jsonb_object_agg(fact.name, fact.since)
                    FILTER (WHERE fact.since IS NOT NULL), '{{}}') AS since,
           COALESCE(jsonb_object_agg(fact.name, fact.digest)
                    FILTER (WHERE fact.name IS NOT NULL), '{{}}') AS digests
      FROM leads_lead AS lead
      LEFT JOIN fact ON fact.lead_id = lead.id
     WHERE lead.id = ANY(%(ids)s) AND lead.erased_at IS NULL
     GROUP BY lead.id
)
INSERT INTO scoring_factdates AS kept (lead_id, since, digests)
SELECT lead_id, since, digests FROM noted ORDER BY lead_id
    ON CONFLICT (lead_id) DO UPDATE SET since = excluded.since, digests = excluded.digests
 WHERE (kept.since, kept.digests) IS DISTINCT FROM (excluded.since, excluded.digests)"""


def note_facts(lead_ids: Collection[int], *, at: datetime, are_new: bool) -> int:
    """Note the facts of leads as of `at`; returns how many rows were written."""
    values = ", ".join(f"('{name}', {says})" for name, says in SAYS.items())
    with connection.cursor() as cursor:
        cursor.execute(
            NOTE.format(values=values), {"at": at, "are_new": are_new, "ids": sorted(lead_ids)}
        )
        return cursor.rowcount
