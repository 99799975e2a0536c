"""Facts about people: corrected by hand, or created and updated in batches by other programs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from content.models import Product
from leadflow.core import events
from leadflow.core.errors import Conflict, DomainError, Invalid
from leadflow.core.models import User
from leads import policies
from leads.events import ActivitiesRecorded
from leads.models import Lead
from leads.queries.merging import find_heirs, find_holders
from leads.queries.suppression import Key, keys_of, suppressed_keys
from leads.services.acts import Cause
from leads.services.people import (
    NewLead,
    create_leads,
    find_or_create_companies,
    lock_identity,
    update_facts,
)

KEYS = ("external_id", "email")
API = Cause("api")
FORGOTTEN = "This person asked to be forgotten: only they themselves can come back."


@dataclass(frozen=True)
class Person:
    """Somebody as another program or a form describes them; facts are normalised already.

    Only the facts that are given change; `product_keys` None leaves the products as they are.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    company_name: str = ""
    product_keys: Collection[str] | None = None


@dataclass
class Upserted:
    """What became of one person: `lead_id` with created, updated or unchanged, or the error."""

    lead_id: int | None = None
    status: str = "rejected"
    error: DomainError | None = None


@transaction.atomic
def correct_facts(*, lead_id: int, person: Person, by: User, at: datetime) -> bool:
    """Write facts of a known lead; tells whether any changed. Raises Conflict for a taken key."""
    policies.check_may("edit", by=by)
    lock_identity()
    lead = Lead.objects.select_for_update(no_key=True, of=("self",)).get(pk=lead_id)
    if lead.erased_at is not None:
        raise Conflict("This person was erased: nothing can be written about them any more.")
    new = [key for key in keys_of(person.facts) if getattr(lead, key[0]) != key[1]]
    for key, _ in suppressed_keys(new):
        raise Conflict(FORGOTTEN, field=key)
    taken = _matches([person], exclude=[lead_id])
    for key in KEYS:
        if person.facts.get(key) and (key, person.facts[key]) in taken:
            raise Conflict(_taken(key), field=key)
    return lead_id in _update({lead_id: person}, at=at)


@transaction.atomic
def add_lead(*, person: Person, by: User, at: datetime) -> int:
    """Write down somebody new by hand; returns the id. Raises Conflict for a key that somebody has."""
    policies.check_may("edit", by=by)
    if not any(person.facts.get(name) for name in ("email", "phone", "last_name", *KEYS)):
        raise Invalid("Give a name, an e-mail address or a phone number.", field="last_name")
    lock_identity()
    taken = _matches([person])
    for key in KEYS:
        if (key, person.facts.get(key, "")) in taken:
            raise Conflict(_taken(key), field=key)
    created = [Upserted()]
    _create({0: person}, created, at=at, cause=Cause("hand"))
    return int(created[0].lead_id or 0)


@transaction.atomic
def upsert_leads(*, people: Sequence[Person], by: User, at: datetime) -> list[Upserted]:
    """Create or update people, known by external id or e-mail; one result each, in their order.

    A person that cannot be written is rejected with the reason; the rest goes on.
    """
    policies.check_may("edit", by=by)
    lock_identity()
    known = _matches(people)
    mine = set(
        Lead.objects.visible_to(by).filter(pk__in=known.values()).values_list("pk", flat=True)
    )
    forgotten = _forgotten(people, known=known)
    results, fresh, changes = _sort_out(people, known=known, mine=mine, forgotten=forgotten)
    _create(fresh, results, at=at)
    changed = _update(_without_old_keys(changes), at=at)
    for result in results:
        if result.status == "unchanged" and result.lead_id in changed:
            result.status = "updated"
    return results


def _matches(
    people: Sequence[Person], *, exclude: Collection[int] = ()
) -> dict[tuple[str, str], int]:
    """Ids of known leads by (key, value), for all values that occur."""
    found: dict[tuple[str, str], int] = {}
    for key in KEYS:
        values = {person.facts[key] for person in people if person.facts.get(key)}
        holders = find_holders(key, values)
        found |= {(key, value): pk for value, pk in holders.items() if pk not in exclude}
    return found


def _without_old_keys(changes: Mapping[int, Person]) -> dict[int, Person]:
    """Whoever is told by the key of a record that was merged into theirs keeps their own."""
    old: set[tuple[str, str, int]] = set()
    for key in KEYS:
        said = {person.facts[key] for person in changes.values() if person.facts.get(key)}
        old |= {(key, value, pk) for value, pk in find_heirs(key, said).items()}
    return {
        pk: replace(
            person,
            facts={
                name: value for name, value in person.facts.items() if (name, value, pk) not in old
            },
        )
        for pk, person in changes.items()
    }


def _sort_out(
    people: Sequence[Person],
    *,
    known: dict[tuple[str, str], int],
    mine: set[int],
    forgotten: set[Key],
) -> tuple[list[Upserted], dict[int, Person], dict[int, Person]]:
    """Who is new (by place), who is known (by lead id); later words about one person are added."""
    results = [Upserted() for _ in people]
    fresh: dict[int, Person] = {}
    changes: dict[int, Person] = {}
    places: dict[tuple[str, str], int] = {}
    claimed: dict[tuple[str, str], int] = {}  # keys that rows give to known leads
    for place, person in enumerate(people):
        keys = [(key, person.facts[key]) for key in KEYS if person.facts.get(key)]
        ids = {known[key] for key in keys if key in known}
        earlier = {places[key] for key in keys if key in places}
        taken = [key for key in keys if key in claimed and claimed[key] not in ids]
        gone = _coming_back(person, forgotten, is_known=bool(ids))
        if gone:
            results[place].error = Conflict(FORGOTTEN, field=gone)
        elif not keys and not person.facts.get("phone"):
            words = "Give an e-mail address, a phone number or an external id."
            results[place].error = Invalid(words, field="email")
        elif taken:
            field = taken[0][0]
            results[place].error = Conflict(_taken(field), field=field)
        elif len(ids) + len(earlier) > 1:
            results[place].error = Conflict(_taken("external_id"), field="external_id")
        elif ids - mine:
            results[place].error = Conflict(_taken("email"), field="email")
        elif ids:
            lead_id = ids.pop()
            results[place] = Upserted(lead_id, "unchanged")
            changes[lead_id] = _added(changes.get(lead_id), person)
            claimed |= dict.fromkeys(keys, lead_id)
        elif earlier:
            first = earlier.pop()
            results[place] = results[first]
            fresh[first] = _added(fresh[first], person)
            places |= dict.fromkeys(keys, first)
        else:
            fresh[place] = person
            places |= dict.fromkeys(keys, place)
    return results, fresh, changes


def _forgotten(people: Sequence[Person], *, known: Collection[tuple[str, str]]) -> set[Key]:
    """Keys of people who asked to be forgotten and have not come back by themselves since."""
    return suppressed_keys({key for p in people for key in keys_of(p.facts)} - set(known))


def _coming_back(person: Person, forgotten: set[Key], *, is_known: bool) -> str:
    """The fact that belongs to somebody who asked to be forgotten; the number of a known lead may."""
    names = (name for name, value in keys_of(person.facts) if (name, value) in forgotten)
    return next((name for name in names if not (is_known and name == "phone")), "")


def _added(before: Person | None, person: Person) -> Person:
    if before is None:
        return person
    return Person(
        facts={**before.facts, **person.facts},
        attributes={**before.attributes, **person.attributes},
        company_name=person.company_name or before.company_name,
        product_keys=before.product_keys if person.product_keys is None else person.product_keys,
    )


def _create(
    fresh: Mapping[int, Person],
    results: list[Upserted],
    *,
    at: datetime,
    cause: Cause = API,
) -> None:
    people = [
        NewLead(
            at=at,
            facts=person.facts,
            attributes=person.attributes,
            company_name=person.company_name,
        )
        for person in fresh.values()
    ]
    leads = create_leads(people=people, at=at, cause=cause)
    for place, lead in zip(fresh, leads, strict=True):
        results[place].lead_id, results[place].status = lead.pk, "created"
    _write_products({lead.pk: fresh[place] for place, lead in zip(fresh, leads, strict=True)})


def _update(changes: Mapping[int, Person], *, at: datetime) -> set[int]:
    """Write what differs; returns the ids of the leads that changed."""
    companies = find_or_create_companies({person.company_name for person in changes.values()})
    leads = Lead.objects.in_bulk(list(changes))
    facts: dict[int, dict[str, Any]] = {}
    for lead_id, person in changes.items():
        lead, said = leads[lead_id], dict(person.facts)
        if person.company_name:
            said["company_id"] = companies.get(person.company_name)
        if person.attributes:
            said["attributes"] = {**lead.attributes, **person.attributes}
        differing = {name: value for name, value in said.items() if getattr(lead, name) != value}
        if differing:
            facts[lead_id] = differing
    update_facts(facts_by_lead=facts, at=at)
    interested = _write_products(changes) - facts.keys()
    if interested:
        events.publish(ActivitiesRecorded(at=at, lead_ids=tuple(sorted(interested))))
    return interested | facts.keys()


def _write_products(people: Mapping[int, Person]) -> set[int]:
    """Make the products of leads those named; returns the ids of leads whose products changed."""
    wanted = {pk: set(p.product_keys) for pk, p in people.items() if p.product_keys is not None}
    if not wanted:
        return set()
    through = Lead.products.through
    ids = dict(Product.objects.values_list("key", "pk"))
    have = set(through.objects.filter(lead__in=wanted).values_list("lead_id", "product_id"))
    want = {(pk, ids[key]) for pk, keys in wanted.items() for key in keys if key in ids}
    gone = have - want
    if gone:
        rows = through.objects.filter(lead__in={pk for pk, _ in gone})
        stale = [row.pk for row in rows if (row.lead_id, row.product_id) in gone]
        through.objects.filter(pk__in=stale).delete()
    through.objects.bulk_create(
        (through(lead_id=lead_id, product_id=product_id) for lead_id, product_id in want - have),
        ignore_conflicts=True,
    )
    return {lead_id for lead_id, _ in gone | (want - have)}


def _taken(key: str) -> str:
    words = {"email": "This e-mail address", "external_id": "This external id"}[key]
    return f"{words} belongs to another lead."
