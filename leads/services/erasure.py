"""Forgetting people: everything personal goes in one transaction, the rows stay for the figures."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, quote_plus

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.fields.json import KT

from leadflow.core import events
from leadflow.core.models import Delivery, User
from leadflow.core.parts import erasure_stoppers, person_tables
from leads import policies
from leads.engine.identity import fold
from leads.events import LeadsErased
from leads.models import (
    BulkAct,
    Company,
    FormSubmission,
    GuestFile,
    Import,
    Lead,
    Merge,
    Offer,
    PrivacyRequest,
    RawBeacon,
    SavedView,
    Suppression,
    Visitor,
)
from leads.queries.dossier import count_rows, rows_about
from leads.queries.suppression import Key, digest_of, keys_of
from leads.services.consent import forget_browsers
from leads.services.import_runs import drop_files_naming
from leads.services.people import lock_identity
from leads.services.whereabouts import hold_leads

BLANK: Mapping[str, Any] = {
    "email": "",
    "phone": "",
    "external_id": "",
    "first_name": "",
    "last_name": "",
    "job_title": "",
    "company": None,
    "attributes": {},
}
NAMES = ("email", "phone", "external_id", "first_name", "last_name")
GONE = "[erased]"
SHORTEST = 4  # what is shorter says nothing about anybody, and occurs everywhere


@transaction.atomic
def erase_leads(*, lead_ids: Collection[int], by: User, at: datetime) -> list[int]:
    """Forget people that `by` may see; returns the ids of those who were not forgotten before.

    Their rows stay with source, campaign, products, stage, score and owner, and so do the kinds and
    times of all that happened: every figure is as it was. What is under way for them stops first.
    Their addresses stay as keyed hashes, so that nobody brings them back. Raises NotAllowed.
    """
    policies.check_may("erase", by=by)
    lock_identity()  # a form that is being understood either sees the person, or what is kept of them
    leads = _lock(lead_ids, by=by)
    ids = [lead.pk for lead in leads]
    if not ids:
        return []
    known = [*leads, *_merged_into(ids)]
    _suppress(known, at=at)
    for stop in erasure_stoppers.values():
        stop(ids, at)
    _withdraw_offers(ids, at=at)
    rows = count_rows(lead_ids=ids)
    _erase_elsewhere(known)
    erase_rows(lead_ids=ids)
    _blank(leads, at=at)
    PrivacyRequest.objects.bulk_create(
        PrivacyRequest(lead_id=pk, kind=PrivacyRequest.Kind.ERASURE, by=by, at=at, result=rows[pk])
        for pk in ids
    )
    events.publish(LeadsErased(at=at, lead_ids=tuple(ids)))
    return ids


def _lock(lead_ids: Collection[int], *, by: User) -> list[Lead]:
    """In id order, against new rows that point at them, too: what is being written comes first.

    Whoever was merged into another record meanwhile is found there.
    """
    moved = hold_leads(lead_ids)
    seen = Lead.objects.visible_to(by).filter(pk__in=[moved.get(pk, pk) for pk in lead_ids])
    rows = Lead.objects.filter(pk__in=seen.values("pk"), erased_at=None).order_by("pk")
    return list(rows.select_for_update(of=("self",)))


def _merged_into(lead_ids: Sequence[int]) -> list[Lead]:
    """Records that were made one with theirs, as they were: what is known by those is theirs, too."""
    merges = Merge.objects.filter(kept__in=lead_ids, undone_at=None)
    rows = merges.values_list("gone_id", *(KT(f"before__lead__{name}") for name in NAMES))
    return [
        Lead(pk=gone_id, **{name: value or "" for name, value in zip(NAMES, values, strict=True)})
        for gone_id, *values in rows
    ]


def _suppress(leads: Sequence[Lead], *, at: datetime) -> None:
    """Keep the hashes of addresses; a number that others share, say a switchboard's, is not one."""
    ids = [lead.pk for lead in leads]
    phones = {lead.phone for lead in leads if lead.phone}
    others = Lead.objects.filter(phone__in=phones).exclude(pk__in=ids)
    shared = set(others.values_list("phone", flat=True))
    keys = {key for lead in leads for key in _keys(lead) if key[1] not in shared}
    Suppression.objects.bulk_create(
        [
            Suppression(digest=digest, reason=Suppression.Reason.ERASED, at=at)
            for digest in sorted({digest_of(key) for key in keys})
        ],
        ignore_conflicts=True,
    )


def _keys(lead: Lead) -> list[Key]:
    return keys_of(vars(lead))


def _withdraw_offers(lead_ids: Sequence[int], *, at: datetime) -> None:
    """Nobody can answer any more: no acceptance, no rejection, no stage change. The clock stops."""
    Offer.objects.pending().filter(lead__in=lead_ids).update(
        outcome=Offer.Outcome.WITHDRAWN, decided_at=at
    )


@transaction.atomic
def erase_rows(*, lead_ids: Collection[int]) -> None:
    """Blank or delete what the registered tables hold about leads; safe to repeat."""
    forget_browsers(lead_ids=lead_ids)
    # As the other of two records that were one for a while
    as_other = Merge.objects.filter(gone_id__in=list(lead_ids))
    as_other.update(before={}, gone_email="", gone_external_id="")
    for table in person_tables.values():
        if table.erased is None:
            rows_about(table, lead_ids).delete()
        elif table.erased:
            rows_about(table, lead_ids).update(**table.erased)


@transaction.atomic
def erase_rest(*, lead_ids: Collection[int]) -> None:
    """Blank what was on its way while people were erased, and came in just behind it."""
    erased = Lead.objects.filter(pk__in=list(lead_ids), erased_at__isnull=False).order_by("pk")
    erase_rows(lead_ids=list(erased.select_for_update(of=("self",)).values_list("pk", flat=True)))


def _blank(leads: Sequence[Lead], *, at: datetime) -> None:
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(**BLANK, erased_at=at)
    _drop_companies(leads)


def _drop_companies(leads: Sequence[Lead]) -> None:
    """A company that is named after a person, and of which nobody else is known, was that person."""
    wanted = {lead.company_id for lead in leads if lead.company_id}
    companies = Company.objects.in_bulk(wanted)
    own = {
        company.pk
        for lead in leads
        if lead.company_id and (company := companies.get(lead.company_id))
        if len(lead.last_name) >= SHORTEST
        and fold(lead.last_name) in fold(f"{company.name} {company.domain}")
    }
    Company.objects.filter(pk__in=own, leads=None).delete()


# What no foreign key ties to a person: reports of faults, files that were read, unread post.


def _erase_elsewhere(leads: Sequence[Lead]) -> None:
    """What is being worked on at this very moment is passed by: it waits for the leads we have locked."""
    emails = [lead.email for lead in leads if lead.email]
    browsers = Visitor.objects.filter(lead__in=[lead.pk for lead in leads])
    visitors = list(browsers.values_list("pk", flat=True))
    unread = FormSubmission.objects.filter(lead=None)
    _drop(unread.filter(visitor_id__in=visitors))
    _drop(_holding(unread, "values", emails))
    _drop(_holding(RawBeacon.objects.all(), "said", [*map(str, visitors), *emails]))
    words = sorted({word for lead in leads for word in _words(lead)}, key=len, reverse=True)
    if not words:
        return
    drop_files_naming(words)
    spoken = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    for rows, column in (
        (Import.objects.all(), "result"),
        (BulkAct.objects.all(), "said"),
        (SavedView.objects.all(), "query"),
        (GuestFile.objects.all(), "rows"),
        (GuestFile.objects.all(), "result"),
        (Delivery.objects.filter(state=Delivery.State.PENDING), "error"),
    ):
        for row in _holding(rows, column, words).select_for_update(skip_locked=True):
            setattr(row, column, _without(getattr(row, column), spoken))
            row.save(update_fields=[column])


def _drop(rows: QuerySet[Any]) -> None:
    ids = list(rows.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
    rows.model._default_manager.filter(pk__in=ids).delete()


def _words(lead: Lead) -> Iterator[str]:
    """Strings that tell who somebody is, wherever they stand."""
    names = [f"{lead.first_name} {lead.last_name}", f"{lead.last_name}, {lead.first_name}"]
    whole = names if lead.first_name and lead.last_name else []
    for word in (lead.email, lead.phone, lead.external_id, *whole):
        if len(word) >= SHORTEST:
            yield from dict.fromkeys((word, quote(word), quote_plus(word)))


def _holding(rows: QuerySet[Any], column: str, words: Sequence[str]) -> QuerySet[Any]:
    """Rows whose column, as text, holds one of `words`, whatever its case."""
    name = f'"{rows.model._meta.db_table}"."{column}"'
    holds = f"strpos(lower({name}::text), lower(word)) > 0"
    where = f"EXISTS (SELECT FROM unnest(%s::text[]) AS word WHERE {holds})"
    return rows.extra(where=[where], params=[list(words)])


def _without(value: Any, spoken: "re.Pattern[str]") -> Any:
    """The same value with every text in it cleaned."""
    if isinstance(value, str):
        return spoken.sub(GONE, value)
    if isinstance(value, dict):
        return {name: _without(part, spoken) for name, part in value.items()}
    if isinstance(value, list):
        return [_without(part, spoken) for part in value]
    return value
