"""Lists to choose from."""

from django.db import connection
from django.db.models import QuerySet

from content.models import Persona, Product
from leads.models import Reason, Stage
from leads.queries.params import BLANK, NONE

MOST_VALUES = 300


def stage_choices() -> list[tuple[str, str]]:
    """Stages in use as (key, name), in order."""
    return list(Stage.objects.filter(retired_at=None).values_list("key", "name"))


def persona_choices() -> list[tuple[str, str]]:
    """Personas as (key, name)."""
    return [(str(key), str(name)) for key, name in Persona.choices]


def product_choices() -> list[tuple[str, str]]:
    """Active products as (key, name)."""
    return list(Product.objects.filter(is_active=True).values_list("key", "name"))


def country_choices() -> list[tuple[str, str]]:
    """Countries that leads come from, as (code, code)."""
    return [(code, code) for code in _values_of("country") if code]


def source_choices() -> list[tuple[str, str]]:
    """Sources of leads, as (value of the filter, words)."""
    named = [
        (source or BLANK, source.replace("_", " ") or "blank") for source in _values_of("source")
    ]
    return [*named, (NONE, "not recorded")]


def _values_of(column: str) -> list[str]:
    """The values that leads have in an indexed column: from each the index leads to the next."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH RECURSIVE known AS (
                (SELECT {column} AS value FROM leads_lead WHERE {column} >= '' ORDER BY 1 LIMIT 1)
                UNION ALL
                SELECT (SELECT {column} FROM leads_lead WHERE {column} > known.value ORDER BY 1 LIMIT 1)
                  FROM known WHERE known.value IS NOT NULL
            )
            SELECT value FROM known WHERE value IS NOT NULL LIMIT {MOST_VALUES}
            """
        )
        return [row[0] for row in cursor.fetchall()]


def reasons_for(verb: str) -> QuerySet[Reason]:
    """Coded reasons that may be given for a verb, in order."""
    return Reason.objects.filter(verb=verb, is_active=True).order_by("position")


def verbs_with_reasons() -> frozenset[str]:
    """Verbs that have reasons to choose from."""
    return frozenset(Reason.objects.filter(is_active=True).values_list("verb", flat=True))
