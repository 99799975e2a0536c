"""Consent: what people agreed to, dated, with the wording they saw."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from leadflow.core import events
from leadflow.core.errors import Conflict, Invalid
from leadflow.core.models import User
from leads import policies
from leads.events import ConsentGiven, ConsentWithdrawn
from leads.models import Activity, Consent, Lead, Suppression, Visit, Visitor
from leads.queries.suppression import KEYS, digests_of, keys_of, suppressed_leads
from leads.services.whereabouts import hold_leads

FORGOTTEN = "asked to be forgotten"
BY_WORD_OF_MOUTH = frozenset(
    {Consent.Purpose.MARKETING, Consent.Purpose.PHONE, Consent.Purpose.LETTERS}
)


@transaction.atomic
def note_consents(*, consents: Sequence[Consent], at: datetime) -> None:
    """Append what people said; who agrees to marketing anew is not to be forgotten any more.

    What is queued for those who withdrew stops with the event, and is checked again before it goes out.
    """
    Consent.objects.bulk_create(consents)
    lift_suppression(
        lead_ids={
            one.lead_id
            for one in consents
            if one.is_given and one.purpose == Consent.Purpose.MARKETING
        }
    )
    for purpose in dict.fromkeys(one.purpose for one in consents):
        mine = [one for one in consents if one.purpose == purpose]
        given = tuple(sorted({one.lead_id for one in mine if one.is_given}))
        withdrawn = tuple(sorted({one.lead_id for one in mine if not one.is_given}))
        if given:
            events.publish(ConsentGiven(at=at, lead_ids=given, purpose=purpose))
        if withdrawn:
            events.publish(ConsentWithdrawn(at=at, lead_ids=withdrawn, purpose=purpose))
        if withdrawn and purpose == Consent.Purpose.TRACKING:
            forget_browsers(lead_ids=withdrawn)


@transaction.atomic
def record_consent(
    *,
    lead_ids: Collection[int],
    purpose: str,
    source: str,
    at: datetime,
    wording: str = "",
    wording_version: int = 1,
    by: User | None = None,
    note: str = "",
) -> None:
    """Note that people gave their consent; `by` wrote it down for them. Raises NotAllowed, Invalid."""
    _check(purpose, by=by, at=at)
    note_consents(
        consents=[
            Consent(
                lead_id=lead_id,
                purpose=purpose,
                is_given=True,
                wording=wording,
                wording_version=wording_version,
                source=source[:120],
                by=by,
                note=note[:500],
                at=at,
            )
            for lead_id in _living(lead_ids, by=by)
        ],
        at=at,
    )


@transaction.atomic
def withdraw_consent(
    *,
    lead_ids: Collection[int],
    purpose: str,
    source: str,
    at: datetime,
    by: User | None = None,
    note: str = "",
) -> None:
    """Note that people withdrew their consent; what is queued for them stops. Raises as above."""
    _check(purpose, by=by, at=at)
    note_consents(
        consents=[
            Consent(
                lead_id=lead_id,
                purpose=purpose,
                is_given=False,
                source=source[:120],
                by=by,
                note=note[:500],
                at=at,
            )
            for lead_id in _living(lead_ids, by=by)
        ],
        at=at,
    )


def _check(purpose: str, *, by: User | None, at: datetime) -> None:
    if purpose not in Consent.Purpose.values:
        known = ", ".join(Consent.Purpose.values)
        raise Invalid(f"“{purpose[:40]}” is no purpose. Choose one of: {known}.", field="purpose")
    if by is not None:
        policies.check_may("edit", by=by)


def _living(lead_ids: Collection[int], *, by: User | None) -> list[int]:
    """Those who can still say something, and whom `by` may see; locked in id order.

    What somebody says whose record was merged away meanwhile, the kept one says. Raises Conflict
    where `by` writes for people who were all erased.
    """
    moved = hold_leads(lead_ids, to_write=True)
    ids = {moved.get(lead_id, lead_id) for lead_id in lead_ids}
    leads = Lead.objects.filter(pk__in=ids, erased_at=None)
    if by is not None:
        leads = leads.filter(pk__in=Lead.objects.visible_to(by).values("pk"))
    rows = leads.order_by("pk").select_for_update(no_key=True, of=("self",))
    living = list(rows.values_list("pk", flat=True))
    seen = Lead.objects.visible_to(by) if by is not None else Lead.objects.none()
    if not living and seen.filter(pk__in=ids, erased_at__isnull=False).exists():
        raise Conflict("This person was erased: nothing can be written about them any more.")
    return living


@transaction.atomic
def keep_silent(*, lead_ids: Collection[int]) -> set[int]:
    """New leads that had asked to be forgotten: they are back by their own act, but their word holds.

    Nothing is sent to them until they agree anew, at the earliest with that very act: call this before
    its consents are noted. Returns who they are.
    """
    found = suppressed_leads(lead_ids)
    came = Lead.objects.filter(pk__in=found).order_by("pk").values_list("pk", "created_at")
    Consent.objects.bulk_create(
        Consent(lead_id=lead_id, purpose=purpose, is_given=False, source=FORGOTTEN, at=came_at)
        for lead_id, came_at in came
        for purpose in sorted(BY_WORD_OF_MOUTH)
    )
    return found


@transaction.atomic
def lift_suppression(*, lead_ids: Collection[int]) -> int:
    """Forget that people asked to be forgotten: they have agreed to hear from us again."""
    if not lead_ids or not Suppression.objects.exists():
        return 0
    facts = Lead.objects.filter(pk__in=list(lead_ids)).values(*KEYS)
    digests = digests_of({key for one in facts for key in keys_of(one)})
    return Suppression.objects.filter(digest__in=digests).delete()[0]


@transaction.atomic
def forget_browsers(*, lead_ids: Collection[int]) -> int:
    """Cut people off from their browsers; what they did stays theirs. Returns how many were known."""
    browsers = Visitor.objects.filter(lead__in=list(lead_ids))
    ids = list(browsers.order_by("pk").select_for_update().values_list("pk", flat=True))
    for model in (Activity, Visit):
        model.objects.filter(visitor__in=ids).update(visitor=None)  # theirs, and who else sat there
    return Visitor.objects.filter(pk__in=ids).delete()[0]
