"""New leads and new facts about known ones."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, transaction

from leadflow.core import bulk, events
from leads.engine.pipeline import Pipeline
from leads.engine.tokens import company_vector
from leads.events import ActivitiesRecorded
from leads.models import Company, Lead, Opportunity, StageChange
from leads.queries.pipeline import load_pipeline
from leads.services.acts import NOBODY, Act, Cause, Change
from leads.services.history import announce, open_offers, write_history
from leads.services.tokens import insert_tokens, refresh_tokens

FACTS = frozenset(
    "email phone first_name last_name job_title country language persona source campaign_id "
    "company_id territory_id external_id owner_id".split()
)
COMPANY_FACTS = ("domain", "industry", "employees", "country")
IDENTITY_LOCK = 5_323_002
EVENT_SIZE = 5_000


@dataclass(frozen=True)
class NewLead:
    """A person to be created: facts by column name, the stage they enter ("" = where the path begins).

    Whoever is written down late may be in any stage: `reason` says why, `amount` what money it is about.
    """

    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    stage: str = ""
    company_name: str = ""
    reason: str = ""
    amount: Decimal | None = None
    currency: str = "EUR"


def lock_identity() -> None:
    """Let one transaction at a time look for a person and create them when missing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IDENTITY_LOCK])


def create_leads(
    *, people: Sequence[NewLead], at: datetime, cause: Cause = NOBODY, is_silent: bool = False
) -> list[Lead]:
    """Create leads with the first line of their history; in the order of `people`.

    Facts must be normalised already. An unknown stage raises KeyError before anything is written.
    """
    rows = _insert(people, at=at, cause=cause, is_silent=is_silent)
    return [Lead.from_db(DEFAULT_DB_ALIAS, list(row), list(row.values())) for row in rows]


def insert_leads(
    *, people: Sequence[NewLead], at: datetime, cause: Cause = NOBODY, is_silent: bool = False
) -> list[int]:
    """Like `create_leads`, for very many: returns their ids only."""
    return [row["id"] for row in _insert(people, at=at, cause=cause, is_silent=is_silent)]


@transaction.atomic
def _insert(
    people: Sequence[NewLead], *, at: datetime, cause: Cause, is_silent: bool
) -> list[dict[str, Any]]:
    if not people:
        return []
    pipeline = load_pipeline(lock=True)
    company_ids = find_or_create_companies({person.company_name for person in people})
    lead_ids = bulk.take_ids(Lead, len(people))
    change_ids = bulk.take_ids(StageChange, len(people))
    rows, changes = [], []
    for person, lead_id, change_id in zip(people, lead_ids, change_ids, strict=True):
        stage = pipeline.by_key[person.stage or pipeline.first_stage()].key
        company_id = company_ids.get(person.company_name)
        rows.append(_row(person, lead_id, change_id, stage, company_id))
        changes.append(Change(lead_id, change_id, None, stage, person.at, cycle=1))
    said = {pk: person.reason for pk, person in zip(lead_ids, people, strict=True) if person.reason}
    act = Act(verb="enter", at=at, cause=cause, is_silent=is_silent, reason_by_lead=said)
    columns = {
        str(field.column): [row[field.attname] for row in rows]
        for field in Lead._meta.concrete_fields
    }
    bulk.copy_columns(Lead._meta.db_table, columns, len(rows))
    insert_tokens(rows, companies=[person.company_name for person in people])
    write_history(changes, act=act, version=pipeline.version)
    open_offers(changes, act=act, pipeline=pipeline)
    _open_opportunities(people, changes, pipeline=pipeline)
    announce(changes, act=act)
    return rows


def _open_opportunities(
    people: Sequence[NewLead], changes: Sequence[Change], *, pipeline: Pipeline
) -> None:
    """The money that new people bring along: open, or won or lost where they came in."""
    rows = []
    for person, change in zip(people, changes, strict=True):
        if person.amount is None:
            continue
        is_open = pipeline.is_open(change.to_stage)
        ended = (
            Opportunity.State.WON if pipeline.is_won(change.to_stage) else Opportunity.State.LOST
        )
        rows.append(
            Opportunity(
                lead_id=change.lead_id,
                amount=person.amount,
                currency=person.currency,
                state=Opportunity.State.OPEN if is_open else ended,
                opened_at=change.at,
                closed_at=None if is_open else change.at,
                reason="" if is_open else person.reason,
            )
        )
    Opportunity.objects.bulk_create(rows, batch_size=2_000)


def _row(
    person: NewLead, lead_id: int, change_id: int, stage: str, company_id: int | None
) -> dict[str, Any]:
    """The values of a lead by attribute name, in the order of the model's fields."""
    row = _BLANK | {name: value for name, value in person.facts.items() if name in FACTS}
    if company_id is not None:
        row["company_id"] = company_id
    row["id"], row["stage"], row["last_change"] = lead_id, stage, change_id
    row["stage_since"] = row["created_at"] = person.at
    row["attributes"] = dict(person.attributes)
    return row


def _blank() -> dict[str, Any]:
    fresh = Lead()
    return {field.attname: getattr(fresh, field.attname) for field in Lead._meta.concrete_fields}


_BLANK = _blank()


def find_or_create_companies(names: Collection[str]) -> dict[str, int]:
    """Ids of companies by the name as given, whatever its case; missing ones are created."""
    wanted = sorted({name for name in names if name})
    if not wanted:
        return {}
    with connection.cursor() as cursor:  # PostgreSQL alone decides which names are alike
        cursor.execute(
            """
            INSERT INTO leads_company (name, domain, industry, country, tokens, created_at)
            SELECT DISTINCT ON (LOWER(name)) name, '', '', '', tokens, now()
              FROM unnest(%s::text[], %s::tsvector[]) AS wanted (name, tokens)
             WHERE NOT EXISTS (  -- it has become another company
                   SELECT FROM leads_companymerge AS merge
                    WHERE LOWER(merge.gone_name) = LOWER(wanted.name) AND merge.undone_at IS NULL
                   )
                ON CONFLICT (LOWER(name)) DO NOTHING
            """,
            [wanted, [company_vector(name, "") for name in wanted]],
        )
        cursor.execute(
            """
            SELECT wanted.name, COALESCE(company.id, merged.kept_id)
              FROM unnest(%s::text[]) AS wanted (name)
              LEFT JOIN leads_company AS company ON LOWER(company.name) = LOWER(wanted.name)
              LEFT JOIN LATERAL (
                   SELECT merge.kept_id
                     FROM leads_companymerge AS merge
                    WHERE LOWER(merge.gone_name) = LOWER(wanted.name) AND merge.undone_at IS NULL
                    ORDER BY merge.id DESC
                    LIMIT 1
                   ) AS merged ON company.id IS NULL
            """,
            [wanted],
        )
        return dict(cursor.fetchall())


@transaction.atomic
def describe_companies(*, facts_by_name: Mapping[str, Mapping[str, Any]], at: datetime) -> int:
    """Fill in domain, industry, employees and country of companies; returns how many are known."""
    companies = list(Company.objects.filter(name__in=list(facts_by_name)).order_by("pk"))
    for company in companies:
        for name in COMPANY_FACTS:
            setattr(company, name, facts_by_name[company.name].get(name, getattr(company, name)))
        company.tokens = company_vector(company.name, company.domain)
    bulk.update_columns(companies, [*COMPANY_FACTS, "tokens"])
    note_company_facts(company_ids=[company.pk for company in companies], at=at)
    return len(companies)


@transaction.atomic
def note_company_facts(*, company_ids: Collection[int], at: datetime) -> int:
    """Tell that what is known of companies has changed; returns how many leads that is about."""
    rows = Lead.objects.filter(company__in=list(company_ids)).order_by("pk")
    ids = list(rows.values_list("pk", flat=True))
    for start in range(0, len(ids), EVENT_SIZE):
        part = tuple(ids[start : start + EVENT_SIZE])
        events.publish(ActivitiesRecorded(at=at, lead_ids=part, is_silent=True))
    return len(ids)


@transaction.atomic
def update_facts(
    *, facts_by_lead: Mapping[int, Mapping[str, Any]], at: datetime, is_silent: bool = False
) -> int:
    """Fill in or correct facts of known leads; returns how many rows really changed."""
    changed = []
    names: set[str] = set()
    leads = Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("company")
    for lead in leads.filter(pk__in=list(facts_by_lead)).order_by("pk"):
        new = {
            name: value
            for name, value in facts_by_lead[lead.pk].items()
            if name in FACTS | {"attributes"} and getattr(lead, name) != value
        }
        for name, value in new.items():
            setattr(lead, name, value)
        if new:
            changed.append(lead)
            names |= set(new)
    bulk.update_columns(changed, list(names))
    if changed:
        refresh_tokens(lead_ids=[lead.pk for lead in changed])
        ids = tuple(lead.pk for lead in changed)
        events.publish(ActivitiesRecorded(at=at, lead_ids=ids, is_silent=is_silent))
    return len(changed)
