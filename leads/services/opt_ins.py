"""Consent that counts only once the person has confirmed it by e-mail."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Q

from leadflow.core import events
from leadflow.core.errors import Conflict
from leads.events import ConsentAsked
from leads.models import Consent, FormSubmission, Lead, OptIn
from leads.services.consent import record_consent

GOOD_FOR = timedelta(days=30)
# Whoever types in somebody else's address must not fill their mailbox
ASK_AGAIN_AFTER = timedelta(hours=1)
MOST_A_DAY = 5


def agreed_wording(submission: FormSubmission) -> tuple[int, str]:
    """Version and text of the consent that was ticked, as it was shown; no text where none was."""
    if not submission.values.get("consent"):
        return 0, ""
    form, shown = submission.form, submission.context.get("consent") or {}
    version, text = shown.get("version", form.consent_version), shown.get("text", form.consent_text)
    return int(version), str(text)


def needs_opt_in(submission: FormSubmission) -> bool:
    """Whether consent was ticked that counts only once it is confirmed by e-mail."""
    return submission.form.is_double_opt_in and bool(agreed_wording(submission)[1])


def ask_for_opt_ins(*, submissions: Sequence[FormSubmission], at: datetime) -> list[int]:
    """Keep what people ticked until they confirm it, once per submission; returns who is asked now.

    `ConsentAsked` tells which are to be asked by e-mail: nobody twice within an hour, nor after the
    fifth time in a day.
    """
    wanted = [submission for submission in submissions if needs_opt_in(submission)]
    if not wanted:
        return []
    leads = Lead.objects.exclude(email="").in_bulk({s.lead_id for s in wanted})
    asked = [s for s in wanted if s.lead_id in leads]
    weary = _weary(set(leads), at=at)
    OptIn.objects.bulk_create(
        (_opt_in(submission, leads[submission.lead_id or 0], at=at) for submission in asked),
        ignore_conflicts=True,
    )
    ids: dict[int, int] = {}
    rows = OptIn.objects.filter(submission__in=[s.pk for s in asked], confirmed_at=None)
    for opt_in_id, lead_id in rows.order_by("-pk").values_list("pk", "lead_id"):
        ids.setdefault(lead_id, opt_in_id)
    chosen = sorted(opt_in_id for lead_id, opt_in_id in ids.items() if lead_id not in weary)
    if chosen:
        events.publish(ConsentAsked(at=at, opt_in_ids=tuple(chosen)))
    return chosen


def _weary(lead_ids: set[int], *, at: datetime) -> set[int]:
    """Whom we do not ask again for now."""
    lately = OptIn.objects.filter(lead__in=lead_ids, asked_at__gt=at - timedelta(days=1))
    counted = lately.order_by().values("lead").annotate(n=Count("pk"), last=Max("asked_at"))
    too_soon = Q(last__gt=at - ASK_AGAIN_AFTER) | Q(n__gte=MOST_A_DAY)
    return set(counted.filter(too_soon).values_list("lead", flat=True))


def _opt_in(submission: FormSubmission, lead: Lead, *, at: datetime) -> OptIn:
    version, text = agreed_wording(submission)
    return OptIn(
        lead=lead,
        submission=submission,
        email=lead.email,
        purpose=Consent.Purpose.MARKETING,
        wording=text,
        wording_version=version,
        source=f"form {submission.form.slug}",
        asked_at=at,
    )


def is_expired(opt_in: OptIn, *, at: datetime) -> bool:
    """Whether its link is no longer good: thirty days after it was asked."""
    return opt_in.confirmed_at is None and at - opt_in.asked_at > GOOD_FOR


@transaction.atomic
def confirm_opt_in(*, token: UUID, at: datetime) -> OptIn:
    """Turn what was ticked into consent, with the wording of then; safe to repeat.

    Raises OptIn.DoesNotExist for a token nobody has, Conflict when it has expired or
    the person has another address by now.
    """
    lead_id = OptIn.objects.values_list("lead_id", flat=True).get(token=token)
    lead = Lead.objects.select_for_update(no_key=True).filter(pk=lead_id).first()
    opt_in = OptIn.objects.select_for_update().get(token=token)
    if opt_in.confirmed_at is not None:
        return opt_in
    if is_expired(opt_in, at=at):
        raise Conflict("This link was good for 30 days. Send the form again to get a new one.")
    if lead is None or lead.email != opt_in.email:  # the click proves the address that was asked
        raise Conflict("This link was for another address. Send the form again to get a new one.")
    opt_in.confirmed_at = at
    opt_in.save(update_fields=["confirmed_at"])
    record_consent(
        lead_ids=[opt_in.lead_id],
        purpose=opt_in.purpose,
        source=f"{opt_in.source}, confirmed"[:120],
        wording=opt_in.wording,
        wording_version=opt_in.wording_version,
        at=at,
    )
    return opt_in
