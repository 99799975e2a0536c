"""Companies: facts corrected, two made one, and parted again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from leadflow.core import events
from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import User
from leads import policies
from leads.engine.tokens import company_vector
from leads.events import ActivitiesRecorded
from leads.models import Company, CompanyMerge, Lead
from leads.services.people import COMPANY_FACTS, lock_identity
from leads.services.tokens import refresh_tokens

BATCH = 5_000


@transaction.atomic
def change_company(*, company_id: int, facts: Mapping[str, Any], by: User, at: datetime) -> bool:
    """Correct what is known of a company; tells whether anything changed. Conflict for a taken name.

    The leads who work there are found by its new name, and their fit is reckoned anew.
    """
    policies.check_may("edit", by=by)
    lock_identity()
    company = _lock([company_id])[company_id]
    new = {
        name: value
        for name, value in facts.items()
        if name in ("name", *COMPANY_FACTS) and getattr(company, name) != value
    }
    for name, value in new.items():
        setattr(company, name, value)
    if not new:
        return False
    _save(company, [*new])
    _tell_people(_lock_people(company_id), at=at, is_renamed="name" in new)
    return True


@transaction.atomic
def merge_companies(*, kept_id: int, gone_id: int, by: User, at: datetime) -> CompanyMerge:
    """Move the people of one company to another, fill what that one lacks, and let the first go.

    Its name stays known: whoever is written down with it belongs to the company that was kept.
    """
    policies.check_may_merge_companies(by=by)
    if kept_id == gone_id:
        raise Invalid("Choose another company: this is the one you keep.", field="other")
    lock_identity()
    companies = _lock([kept_id, gone_id])
    kept, gone = companies[kept_id], companies[gone_id]
    ids = _lock_people(gone_id)
    filled = [
        name
        for name in COMPANY_FACTS
        if getattr(gone, name) not in ("", None) and getattr(kept, name) in ("", None)
    ]
    merge = CompanyMerge.objects.create(
        kept=kept,
        gone_id=gone.pk,
        gone_name=gone.name,
        facts={name: getattr(gone, name) for name in COMPANY_FACTS},
        filled=filled,
        lead_ids=ids,
        by=by,
        at=at,
    )
    CompanyMerge.objects.filter(kept=gone).update(kept=kept)
    _move_people(ids, kept)
    gone.delete()
    for name in filled:
        setattr(kept, name, getattr(gone, name))
    _save(kept, filled)
    _tell_people(ids if not filled else _lock_people(kept_id), at=at, is_renamed=True)
    return merge


@transaction.atomic
def part_companies(*, merge_id: int, by: User, at: datetime) -> Company:
    """Undo a merge: the company that went is there again, with those of its people who stayed."""
    policies.check_may_merge_companies(by=by)
    lock_identity()
    merge = CompanyMerge.objects.select_for_update(of=("self",)).get(pk=merge_id)
    if merge.undone_at is not None:
        raise Conflict("These companies have been parted already. Load the page again.")
    kept = _lock([merge.kept_id])[merge.kept_id]
    fresh = Company(pk=merge.gone_id, name=merge.gone_name, **merge.facts)
    _save(fresh, ["name", *COMPANY_FACTS], is_new=True)
    taken_over = [name for name in merge.filled if getattr(kept, name) == merge.facts[name]]
    for name in taken_over:
        setattr(kept, name, None if name == "employees" else "")
    _save(kept, taken_over)
    staff = Lead.objects.filter(pk__in=merge.lead_ids, company=kept).order_by("pk")
    ids = list(staff.select_for_update(no_key=True).values_list("pk", flat=True))
    _move_people(ids, fresh)
    merge.undone_at, merge.undone_by = at, by
    merge.save(update_fields=["undone_at", "undone_by"])
    _tell_people(ids, at=at, is_renamed=True)
    return fresh


def _lock(ids: Sequence[int]) -> dict[int, Company]:
    """Companies by id, locked in id order; raises Conflict when one has gone meanwhile."""
    rows = Company.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    found = {company.pk: company for company in rows}
    if len(found) < len(set(ids)):
        raise Conflict("This company is no longer there: somebody has merged it into another.")
    return found


def _lock_people(company_id: int) -> list[int]:
    """Who works there, locked in id order."""
    staff = Lead.objects.select_for_update(no_key=True).filter(company=company_id)
    return list(staff.order_by("pk").values_list("pk", flat=True))


def _save(company: Company, names: Sequence[str], *, is_new: bool = False) -> None:
    """Write a company with the words it is found by; PostgreSQL alone decides which names are alike."""
    if not names:
        return
    company.tokens = company_vector(company.name, company.domain)
    try:
        with transaction.atomic():
            if is_new:
                company.save(force_insert=True)
            else:
                company.save(update_fields=[*names, "tokens"])
    except IntegrityError:
        raise Conflict(
            f"There is a company called “{company.name}” already. Merge the two instead.",
            field="name",
        ) from None


def _move_people(ids: Sequence[int], company: Company) -> None:
    for start in range(0, len(ids), BATCH):
        Lead.objects.filter(pk__in=ids[start : start + BATCH]).update(company=company)


def _tell_people(ids: Sequence[int], *, at: datetime, is_renamed: bool) -> None:
    """Find leads by the company's new name, and tell that facts about them changed."""
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        if is_renamed:
            refresh_tokens(lead_ids=part)
        events.publish(ActivitiesRecorded(at=at, lead_ids=tuple(part)))
