"""Who may be one person with whom: leads that share a key, and the pairs that were found."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, Q, QuerySet

from leadflow.core.models import User
from leads.engine.likeness import Facts
from leads.models import Company, DuplicatePair, DuplicateSearch, Lead

MOST_OF_A_KEY = (
    50  # more leads with one key are no likely duplicates: a switchboard, a family of shops
)
MOST_OF_A_NAME = 8  # of a frequent name only those count that share something else, too
EMPLOYEES_PER_LEAD = 20  # how many employees of a company count like one more lead of it

# Reasons by which the list can be narrowed, with their words
REASONS = (
    ("email", "Same mailbox"),
    ("phone", "Same phone number"),
    ("company", "Same company"),
    ("domain", "Same e-mail domain"),
    ("swapped", "Names swapped"),
)


@dataclass(frozen=True)
class Candidates:
    """Pairs (lower id first) that share a key, how many have each one's name, and keys left out."""

    pairs: set[tuple[int, int]]
    namesakes: dict[int, int]
    skipped: int


def find_candidates(*, lead_ids: Collection[int], only_earlier: bool = False) -> Candidates:
    """Pairs of these leads with all others that share a key with them, or with earlier ones only.

    Counts on the index lead_tokens: each key is asked for once. A key that more than fifty leads have
    is left out and counted.
    """
    pairs: set[tuple[int, int]] = set()
    namesakes: dict[int, int] = {}
    skipped = 0
    with connection.cursor() as cursor:
        cursor.execute(BLOCKS, {"ids": list(lead_ids), "most": MOST_OF_A_KEY + 1})
        for key, asking, sharing in cursor.fetchall():
            if is_name := key.startswith("=n:"):
                namesakes |= dict.fromkeys(asking, len(sharing))
            if len(sharing) > (MOST_OF_A_NAME if is_name else MOST_OF_A_KEY):
                skipped += not is_name
                continue
            pairs |= {
                (min(one, other), max(one, other))
                for one in asking
                for other in sharing
                if other < one or (other > one and not only_earlier)
            }
    return Candidates(pairs, namesakes, skipped)


BLOCKS = """
    WITH asked AS MATERIALIZED (
        SELECT key.lexeme, array_agg(mine.lead_id) AS leads
          FROM leads_leadtokens AS mine, unnest(mine.tokens) AS key
         WHERE mine.lead_id = ANY(%(ids)s) AND starts_with(key.lexeme, '=')
         GROUP BY key.lexeme
    )
    SELECT asked.lexeme, asked.leads, block.leads
      FROM asked
     CROSS JOIN LATERAL (
           -- All of them, then the first: with a LIMIT the planner would read the table instead.
           SELECT (array_agg(lead_id))[1:%(most)s] AS leads
             FROM leads_leadtokens
            WHERE tokens @@ (
                  '''' || replace(replace(asked.lexeme, '\\', '\\\\'), '''', '''''') || ''''
                  )::tsquery
           ) AS block
     WHERE cardinality(block.leads) > 1
"""


class Compared(NamedTuple):
    """What is compared of a lead, and where they work."""

    facts: Facts
    company_id: int | None


def facts_of(lead_ids: Collection[int]) -> dict[int, Compared]:
    """What is compared of leads; those who were erased are left out."""
    leads = Lead.objects.filter(pk__any=frozenset(lead_ids), erased_at=None).order_by()
    columns = ("first_name", "last_name", "email", "phone", "company__name", "country", "job_title")
    return {
        pk: Compared(Facts(*(value or "" for value in values)), company_id)
        for pk, company_id, *values in leads.values_list("pk", "company_id", *columns)
    }


def count_colleagues(company_ids: Iterable[int | None]) -> dict[int, int]:
    """How many people of companies there are to be mistaken for each other."""
    wanted = frozenset(pk for pk in company_ids if pk is not None)
    companies = Company.objects.filter(pk__any=wanted).order_by().annotate(people=Count("leads"))
    return {
        pk: max(count, (employees or 0) // EMPLOYEES_PER_LEAD)
        for pk, employees, count in companies.values_list("pk", "employees", "people")
    }


def list_pairs(*, user: User, reason: str = "") -> QuerySet[DuplicatePair]:
    """Pairs to look at whose records `user` may see both, the most alike first."""
    seen = Lead.objects.visible_to(user)
    pairs = DuplicatePair.objects.filter(
        state=DuplicatePair.State.OPEN, first__in=seen, second__in=seen
    )
    if reason:
        pairs = pairs.filter(reasons__contains=[{"code": reason}])
    return pairs.select_related("first__company", "second__company").order_by("-likeness", "-id")


def pairs_of(lead: Lead, *, user: User, most: int = 3) -> list[DuplicatePair]:
    """The likeliest duplicates of one lead that `user` may see."""
    pairs = list_pairs(user=user).filter(Q(first=lead) | Q(second=lead))
    return list(pairs[:most])


def find_pair(one: Lead, other: Lead) -> DuplicatePair | None:
    """What was found out about two leads, also where somebody has said that they are two."""
    first, second = sorted([one.pk, other.pk])
    return DuplicatePair.objects.filter(first=first, second=second).first()


def newest_search() -> DuplicateSearch | None:
    """The look through everybody that runs or was the last."""
    return DuplicateSearch.objects.select_related("by").first()
