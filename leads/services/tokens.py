"""What leads are found by is written here, in the same transaction as the facts it is made of."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import connection, transaction

from leadflow.core import bulk
from leads.engine.tokens import vector_of
from leads.models import Company, Lead, LeadTokens


def insert_tokens(rows: Sequence[Mapping[str, Any]], *, companies: Sequence[str]) -> None:
    """Write the tokens of leads that are new in this transaction; `companies` are the names said."""
    unnamed = {row["company_id"] for row, name in zip(rows, companies, strict=True) if not name}
    names = dict(Company.objects.filter(pk__in=unnamed - {None}).values_list("pk", "name"))
    vectors = [
        vector_of(row, company or names.get(row["company_id"], ""))
        for row, company in zip(rows, companies, strict=True)
    ]
    columns = {"lead_id": [row["id"] for row in rows], "tokens": vectors}
    bulk.copy_columns(LeadTokens._meta.db_table, columns, len(rows))
    bulk.copy_columns("leads_duplicatecheck", {"lead_id": columns["lead_id"]}, len(rows))


@transaction.atomic
def refresh_tokens(*, lead_ids: Collection[int]) -> int:
    """Write the tokens of leads anew from their facts and companies; returns how many changed.

    Whoever changes such a fact calls this with the leads locked, or it may write what was true before.
    """
    leads = Lead.objects.filter(pk__in=list(lead_ids)).order_by("pk").select_related("company")
    vectors = {
        lead.pk: vector_of(vars(lead), lead.company.name if lead.company else "") for lead in leads
    }
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH written AS (
                INSERT INTO leads_leadtokens AS known (lead_id, tokens)
                SELECT * FROM unnest(%s::bigint[], %s::tsvector[])
                    ON CONFLICT (lead_id) DO UPDATE SET tokens = excluded.tokens
                 WHERE known.tokens <> excluded.tokens
             RETURNING lead_id
            ), noted AS (  -- whom they resemble now is looked up soon
                INSERT INTO leads_duplicatecheck SELECT lead_id FROM written ON CONFLICT DO NOTHING
            )
            SELECT count(*) FROM written
            """,
            [list(vectors), list(vectors.values())],
        )
        return int(cursor.fetchone()[0])
