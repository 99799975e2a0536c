"""Imports: files of people become leads, matched with those already known; history comes silently."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from django.db import transaction

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads.engine.pipeline import DETOUR, Pipeline
from leads.importing import (
    Parser,
    Person,
    RowError,
    check_mapping,
    load_mapping,
    read_rows,
)
from leads.models import Import, Lead
from leads.queries.merging import find_heirs
from leads.queries.pipeline import load_pipeline
from leads.queries.suppression import Key, keys_of, suppressed_keys
from leads.services.acts import Cause
from leads.services.admission import Admission, Plan
from leads.services.facts import FORGOTTEN
from leads.services.people import (
    NewLead,
    find_or_create_companies,
    insert_leads,
    lock_identity,
    update_facts,
)
from leads.services.verbs import move

CHUNK = 10_000
KEEP_ERRORS = 1_000
KEYS = ("external_id", "email", "phone")


@dataclass
class Tally:
    """What an import did; every row counts once."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicates: int = 0
    rejected: int = 0
    seconds: float = 0.0
    errors: list[dict[str, Any]] = field(default_factory=list)

    def reject(self, error: RowError) -> None:
        """Count a row that was left out and keep the reason of the first thousand."""
        self.rejected += 1
        if len(self.errors) < KEEP_ERRORS:
            self.errors.append(asdict(error))


def import_leads(
    *,
    path: Path,
    mapping_path: Path | None = None,
    by: User | None = None,
    at: datetime,
    is_rehearsal: bool = False,
    progress: Callable[[int], None] = lambda rows: None,
    run: Import | None = None,
) -> Tally:
    """Import a file; raises Invalid when the file or its mapping as a whole cannot be used.

    `run` is an import that was prepared before, with a mapping of its own. Each ten thousand rows
    commit together; running the same file again changes nothing. A rehearsal does all the work and
    keeps none of it.
    """
    started = time.perf_counter()
    header, rows = read_rows(path)
    mapping = check_mapping(run.mapping, header) if run else load_mapping(mapping_path, header)
    parser = Parser(mapping, header)
    _check_stage(parser.mapping.stage, load_pipeline())
    tally = Tally()
    with transaction.atomic():  # a rehearsal needs what it created to find later duplicates
        run = run or Import.objects.create(file=path.name, by=by, at=at, is_rehearsal=is_rehearsal)
        if is_rehearsal:
            _read_all(rows, parser, tally, run, at, progress)
            transaction.set_rollback(True)
    if not is_rehearsal:
        _read_all(rows, parser, tally, run, at, progress)
    tally.seconds = round(time.perf_counter() - started, 3)
    if not is_rehearsal:
        Import.objects.filter(pk=run.pk).update(result=asdict(tally))
    return tally


def _check_stage(key: str, pipeline: Pipeline) -> None:
    """Raise Invalid naming a stage that nobody can be in."""
    if not key:
        return
    stage = pipeline.by_key.get(key)
    if stage is None:
        raise Invalid(f"The pipeline has no stage “{key}”.", field="stage")
    if stage.is_retired or (stage.kind != DETOUR and not pipeline.is_on_path(key)):
        raise Invalid(f"The stage “{stage.name}” ({key}) is out of use.", field="stage")


def _read_all(
    rows: Iterable[list[str]],
    parser: Parser,
    tally: Tally,
    run: Import,
    at: datetime,
    progress: Callable[[int], None],
) -> None:
    """Understand the next chunk in a thread of its own while the database writes the one before."""
    chunks = _understand(rows, parser)
    with ThreadPoolExecutor(max_workers=1) as thread:
        ahead = thread.submit(next, chunks, None)
        while (chunk := ahead.result()) is not None:
            ahead = thread.submit(next, chunks, None)
            tally.rows += chunk.rows
            tally.duplicates += chunk.duplicates
            for error in chunk.errors:
                tally.reject(error)
            _import_chunk(chunk.people, parser=parser, tally=tally, run=run, at=at)
            progress(tally.rows)


class _Chunk(NamedTuple):
    """Some rows understood: the people, and what became of the other rows."""

    people: list[Person]
    rows: int
    duplicates: int
    errors: list[RowError]


def _understand(rows: Iterable[list[str]], parser: Parser) -> Iterator[_Chunk]:
    """Chunks of people; of rows with the same key the first counts, the others are duplicates."""
    seen: set[int] = set()
    numbered = ((number, row) for number, row in enumerate(rows, start=2) if any(row))
    while chunk := list(islice(numbered, CHUNK)):
        people: dict[str, Person] = {}
        errors: list[RowError] = []
        for number, row in chunk:
            parsed = parser.parse(number, row)
            if isinstance(parsed, RowError):
                errors.append(parsed)
                continue
            key = parsed.facts[parser.mapping.match]
            if hash(key) not in seen:
                seen.add(hash(key))
                people[key] = parsed
        duplicates = len(chunk) - len(people) - len(errors)
        yield _Chunk(list(people.values()), len(chunk), duplicates, errors)


@transaction.atomic
def _import_chunk(
    people: Sequence[Person], *, parser: Parser, tally: Tally, run: Import, at: datetime
) -> None:
    if not people:
        return
    lock_identity()
    pipeline = load_pipeline(lock=True)  # before the leads, as the verbs do
    _check_stage(parser.mapping.stage, pipeline)
    match = parser.mapping.match
    known, taken = _match(people, match)
    forgotten = suppressed_keys({key for person in people for key in keys_of(person.facts)})
    new, old = [], []
    for person in people:
        found = known.get(person.facts[match])
        clash = _clash(person, found, taken) or _coming_back(person, found, forgotten)
        if clash:
            tally.reject(RowError(person.row, clash[0], clash[1]))
        elif found is not None:
            old.append((person, found))
        elif parser.mapping.only_existing:
            column = parser.mapping.facts[match]
            tally.reject(RowError(person.row, column, "Nobody is known by this key."))
        else:
            new.append(person)
    cause = Cause("import", run.pk)
    admission = Admission(parser.mapping, pipeline, cause=cause, at=at)
    new = _admitted(new, admission.turn_away_new(new), tally)
    _create(new, currency=parser.mapping.currency, cause=cause, at=at)
    tally.created += len(new)
    turned = {error.row: error for error in admission.turn_away_known(old)}
    for error in turned.values():
        tally.reject(error)
    _update(
        [pair for pair in old if pair[0].row not in turned], admission=admission, at=at, tally=tally
    )


def _admitted(people: list[Person], errors: Sequence[RowError], tally: Tally) -> list[Person]:
    """Those who may enter; the others are named."""
    for error in errors:
        tally.reject(error)
    turned = {error.row for error in errors}
    return [person for person in people if person.row not in turned] if turned else people


def _match(
    people: Sequence[Person], match: str
) -> tuple[dict[str, Lead], dict[tuple[str, str], int]]:
    """Known leads by match key; and who holds each unique key that the rows mention."""
    leads = Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("company")
    found = leads.filter(**{f"{match}__in": [person.facts[match] for person in people]})
    known = {getattr(lead, match): lead for lead in found.order_by("pk")}
    known |= _heirs(people, match, known)
    taken: dict[tuple[str, str], int] = {}
    for key in {"external_id", "email"} - {match}:
        values = [person.facts[key] for person in people if person.facts.get(key)]
        if values:
            holders = Lead.objects.filter(**{f"{key}__in": values}).values_list(key, "pk")
            taken |= {(key, value): pk for value, pk in holders}
    return known, taken


def _heirs(people: Sequence[Person], match: str, known: Collection[str]) -> dict[str, Lead]:
    """Leads that records with the match key of a row were merged into; the row gets the key of now."""
    if match == "phone":
        return {}
    missing = [p for p in people if p.facts[match] not in known]
    heirs = find_heirs(match, {person.facts[match] for person in missing})
    if not heirs:
        return {}
    leads = Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("company")
    found = {lead.pk: lead for lead in leads.filter(pk__in=heirs.values()).order_by("pk")}
    for person in missing:
        if lead := found.get(heirs.get(person.facts[match], 0)):
            person.facts[match] = getattr(lead, match)
    return {getattr(lead, match): lead for lead in found.values()}


def _clash(
    person: Person, found: Lead | None, taken: dict[tuple[str, str], int]
) -> tuple[str, str] | None:
    """Whether another lead already holds a unique key of this row; else the row claims it."""
    mine = found.pk if found else -person.row
    for key in ("external_id", "email"):
        value = person.facts.get(key)
        if value and taken.setdefault((key, value), mine) != mine:
            return key, f"“{value}” already belongs to another lead."
    return None


def _coming_back(
    person: Person, found: Lead | None, forgotten: Collection[Key]
) -> tuple[str, str] | None:
    """Whether somebody asked to be forgotten; what a lead came back with by itself it may keep."""
    if not forgotten:
        return None
    for name, value in keys_of(person.facts):
        if (name, value) in forgotten and (found is None or getattr(found, name) != value):
            return name, FORGOTTEN
    return None


def _create(people: Sequence[Person], *, currency: str, cause: Cause, at: datetime) -> None:
    insert_leads(
        people=[
            NewLead(
                at=person.at or at,
                facts=person.facts,
                attributes=person.attributes,
                stage=person.stage,
                company_name=person.company,
                reason=person.reason if person.stage else "",
                amount=person.amount,
                currency=currency,
            )
            for person in people
        ],
        at=at,
        cause=cause,
        is_silent=True,
    )


def _update(
    pairs: Sequence[tuple[Person, Lead]], *, admission: Admission, at: datetime, tally: Tally
) -> None:
    """Write what the rows say anew, then move: what a stage requires may come with the same row."""
    companies = find_or_create_companies({person.company for person, _ in pairs})
    facts = {lead.pk: new for person, lead in pairs if (new := _new_facts(person, lead, companies))}
    update_facts(facts_by_lead=facts, at=at, is_silent=True)
    moved, refused = _move(pairs, admission=admission, at=at)
    for person, lead in pairs:
        if lead.pk in refused:
            tally.reject(RowError(person.row, "stage", refused[lead.pk]))
    changed = len((moved | set(facts)) - set(refused))
    tally.updated += changed
    tally.unchanged += len(pairs) - len(refused) - changed


def _new_facts(person: Person, lead: Lead, companies: Mapping[str, int]) -> dict[str, Any]:
    """Facts of the row that say something new; a blank never wipes out what is known."""
    new = {
        name: value
        for name, value in person.facts.items()
        if value != getattr(lead, name) and (value or getattr(lead, name) is None)
    }
    if person.company and companies[person.company] != lead.company_id:
        new["company_id"] = companies[person.company]
    attributes = {**lead.attributes, **{k: v for k, v in person.attributes.items() if v}}
    return new | ({"attributes": attributes} if attributes != lead.attributes else {})


def _move(
    pairs: Sequence[tuple[Person, Lead]], *, admission: Admission, at: datetime
) -> tuple[set[int], dict[int, str]]:
    """Bring leads to the stage their row tells of, one verb and reason at a time."""
    groups: dict[Plan, dict[int, Person]] = {}
    for person, lead in pairs:
        if admission.moves(person, lead):
            groups.setdefault(admission.plan(person, lead.stage), {})[lead.pk] = person
    moved: set[int] = set()
    refused: dict[int, str] = {}
    for plan, people in groups.items():
        act = replace(
            admission.act(plan),
            at_by_lead={pk: person.at or at for pk, person in people.items()},
            amount_by_lead={pk: p.amount for pk, p in people.items() if p.amount is not None},
        )
        result = move(lead_ids=list(people), act=act)
        moved |= {change.lead_id for change in result.changes}
        refused |= result.refused
    return moved, refused
