"""Everything that is known of one person, table by table, under names they can read."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from leadflow.core.parts import PersonTable, person_tables
from leads.models import Lead

CHUNK = 2_000
FACTS = {
    "id": "id",
    "email": "email",
    "phone": "phone",
    "external_id": "external_id",
    "first_name": "first_name",
    "last_name": "last_name",
    "job_title": "job_title",
    "company": "company__name",
    "country": "country",
    "language": "language",
    "persona": "persona",
    "source": "source",
    "campaign": "campaign__name",
    "owner": "owner__name",
    "territory": "territory__name",
    "stage": "stage",
    "stage_since": "stage_since",
    "cycle": "cycle",
    "engagement_points": "engagement",
    "fit_points": "fit",
    "score": "score",
    "grade": "grade",
    "scored_at": "scored_at",
    "created_at": "created_at",
    "last_activity_at": "last_activity_at",
    "attributes": "attributes",
}


@dataclass(frozen=True)
class Part:
    """One table: a name for its file, words for people, the columns, and the rows as often as asked."""

    name: str
    label: str
    table: PersonTable
    lead_id: int

    @property
    def columns(self) -> tuple[str, ...]:
        """What each row tells."""
        return tuple(self.table.exported)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows, oldest first; one query, never all in memory."""
        mine = rows_about(self.table, [self.lead_id]).order_by("pk")
        yield from mine.values_list(*self.table.exported.values()).iterator(chunk_size=CHUNK)


def person_facts(*, lead_id: int) -> dict[str, Any]:
    """Who somebody is and where they stand."""
    values = Lead.objects.filter(pk=lead_id).values_list(*FACTS.values()).get()
    return dict(zip(FACTS, values, strict=True))


def person_parts(*, lead_id: int) -> list[Part]:
    """All tables that tell something of a person, in the order of the apps."""
    return [
        Part(name.rpartition(".")[2], table.label, table, lead_id)
        for name, table in person_tables.items()
        if table.exported
    ]


def count_rows(*, lead_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """How many rows of each table are about each lead, by the words for the table."""
    found: dict[int, Counter[str]] = {pk: Counter() for pk in lead_ids}
    for table in person_tables.values():
        rows = rows_about(table, lead_ids).order_by().values_list(table.lead)
        for lead_id, count in rows.annotate(count=Count("pk")):
            found[lead_id][table.label] += count
    return {pk: dict(counts) for pk, counts in found.items()}


def rows_about(table: PersonTable, lead_ids: Collection[int]) -> Any:
    """The rows of a registered table about leads."""
    return table.model._default_manager.filter(**{f"{table.lead}__in": list(lead_ids)})
