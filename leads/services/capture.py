"""What people send through forms: stored first, understood afterwards."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import Count, Min

from leadflow.core import nudges
from leadflow.core.errors import Invalid
from leads.engine.identity import clean, normalize_email, normalize_phone
from leads.models import Activity, Consent, Form, FormSubmission, Lead, Visitor
from leads.services.activities import attach_visitors, record_activities
from leads.services.acts import Cause
from leads.services.people import NewLead, create_leads, lock_identity, update_facts

logger = logging.getLogger(__name__)

BATCH = 200
TEXT_FIELDS = ("first_name", "last_name", "job_title")


def receive_submission(
    *,
    form: Form,
    values: Mapping[str, Any],
    token: str,
    visitor_id: UUID | None,
    source: str,
    at: datetime,
) -> None:
    """Keep what was sent, once per `token`; when this returns, nothing can lose it."""
    FormSubmission.objects.bulk_create(
        [
            FormSubmission(
                form=form,
                values=dict(values),
                token=token,
                visitor_id=visitor_id,
                source=source[:80],
                received_at=at,
            )
        ],
        ignore_conflicts=True,
    )
    nudges.nudge("process_submissions")


def process_submissions(*, at: datetime) -> int:
    """Turn waiting submissions into leads, activities and consents; returns how many were taken."""
    taken = 0
    while batch := _process_batch(at=at):
        taken += batch
    return taken


def reprocess_submissions(*, submission_ids: Collection[int], at: datetime) -> int:
    """Try failed submissions again; returns how many of them could now be understood."""
    failed = FormSubmission.objects.filter(
        pk__in=list(submission_ids), state=FormSubmission.State.FAILED
    )
    ids = list(failed.values_list("pk", flat=True))
    failed.filter(pk__in=ids).update(state=FormSubmission.State.RECEIVED, error="")
    process_submissions(at=at)
    return FormSubmission.objects.filter(pk__in=ids, state=FormSubmission.State.DONE).count()


@transaction.atomic
def _process_batch(*, at: datetime) -> int:
    submissions = list(
        FormSubmission.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("form")
        .filter(state=FormSubmission.State.RECEIVED)
        .order_by("id")[:BATCH]
    )
    if submissions:
        lock_identity()
        _understand_each(submissions, at=at)
    return len(submissions)


def _understand_each(submissions: Sequence[FormSubmission], *, at: datetime) -> None:
    """All at once; when something in the batch breaks, one by one, so that it stands alone.

    Trouble of the database (a deadlock, a lock held for too long) is no fault of theirs: it is
    raised, and they wait for the next sweep.
    """
    try:
        with transaction.atomic():
            _understand(submissions, at=at)
    except OperationalError:
        raise
    except Exception as error:
        if len(submissions) == 1:
            logger.exception("submission %s could not be understood", submissions[0].pk)
            submissions[0].state, submissions[0].error = (
                FormSubmission.State.FAILED,
                str(error)[:2000],
            )
            submissions[0].save(update_fields=["state", "error"])
            return
        for submission in submissions:
            _understand_each([submission], at=at)


def _understand(submissions: Sequence[FormSubmission], *, at: datetime) -> None:
    facts = {submission.pk: read_facts(submission.values) for submission in submissions}
    _recall_visitors(submissions)
    _find_people(submissions, facts)
    _create_missing(submissions, facts, at=at)
    _fill_in(submissions, facts, at=at)
    attach_visitors(
        leads_by_visitor={
            s.visitor_id: s.lead_id for s in submissions if s.visitor_id and s.lead_id
        },
        at=at,
    )
    _note_interest(submissions)
    _note_consent(submissions)
    for submission in submissions:
        submission.state = FormSubmission.State.DONE
    FormSubmission.objects.bulk_update(submissions, ["state", "lead"])
    record_activities(activities=[_activity(submission) for submission in submissions], at=at)


def _recall_visitors(submissions: Sequence[FormSubmission]) -> None:
    """What we know of the browser: where it came from first. One never seen before is nobody."""
    known = Visitor.objects.in_bulk({s.visitor_id for s in submissions if s.visitor_id})
    for submission in submissions:
        visitor = known.get(submission.visitor_id) if submission.visitor_id else None
        submission.visitor_id = visitor.pk if visitor else None
        submission.source = submission.source or (visitor.source if visitor else "")


def read_facts(values: Mapping[str, Any]) -> dict[str, str]:
    """Facts about a person from raw form values; raises Invalid naming the field."""
    facts = {name: clean(values.get(name, ""), most=120) for name in TEXT_FIELDS}
    facts["email"] = normalize_email(clean(values.get("email", ""), most=400))
    country = clean(values.get("country", ""), most=2).upper()
    facts["phone"] = normalize_phone(clean(values.get("phone", ""), most=60), country)
    facts["company"] = clean(values.get("company", ""), most=200)
    facts["country"] = country
    if not (facts["email"] or facts["phone"]):
        raise Invalid("Give an e-mail address or a phone number.", field="email")
    return facts


def _find_people(
    submissions: Sequence[FormSubmission], facts: Mapping[int, Mapping[str, str]]
) -> None:
    """Match by e-mail, else by phone where the number belongs to one person without an address."""
    emails = {f["email"] for f in facts.values() if f["email"]}
    phones = {f["phone"] for f in facts.values() if f["phone"] and not f["email"]}
    by_email = dict(Lead.objects.filter(email__in=emails).values_list("email", "pk"))
    by_phone = _owners_of(phones)
    for submission in submissions:
        known = facts[submission.pk]
        found = by_email.get(known["email"]) if known["email"] else by_phone.get(known["phone"])
        submission.lead_id = found


def _owners_of(phones: Collection[str]) -> dict[str, int]:
    """Numbers that are all we have of one person; one that several share tells nobody apart."""
    leads = Lead.objects.filter(phone__in=phones, email="").order_by()
    owners = leads.values("phone").annotate(lead_id=Min("pk"), people=Count("pk")).filter(people=1)
    return dict(owners.values_list("phone", "lead_id"))


def _create_missing(
    submissions: Sequence[FormSubmission], facts: Mapping[int, Mapping[str, str]], *, at: datetime
) -> None:
    firsts: dict[str, FormSubmission] = {}
    missing = [s for s in submissions if s.lead_id is None]
    for submission in missing:
        firsts.setdefault(_key(facts[submission.pk]), submission)
    people = [_new_lead(submission, facts[submission.pk]) for submission in firsts.values()]
    leads = create_leads(people=people, at=at, cause=Cause("form", None))
    ids = dict(zip(firsts, (lead.pk for lead in leads), strict=True))
    for submission in missing:
        submission.lead_id = ids[_key(facts[submission.pk])]


def _key(facts: Mapping[str, str]) -> str:
    return facts["email"] or facts["phone"]


def _new_lead(submission: FormSubmission, facts: Mapping[str, str]) -> NewLead:
    known = {name: value for name, value in facts.items() if name != "company"}
    return NewLead(
        at=submission.received_at,
        facts={
            **known,
            "source": submission.source or None,
            "campaign_id": submission.form.campaign_id,
        },
        company_name=facts["company"],
    )


def _fill_in(
    submissions: Sequence[FormSubmission], facts: Mapping[int, Mapping[str, str]], *, at: datetime
) -> None:
    """A later form adds what was missing; it never overwrites what is known."""
    known = Lead.objects.in_bulk({s.lead_id for s in submissions})
    missing: dict[int, dict[str, str]] = {}
    for submission in submissions:
        lead = known[submission.lead_id]
        for name in ("phone", "country", *TEXT_FIELDS):
            value = facts[submission.pk][name]
            if value and not getattr(lead, name):
                missing.setdefault(lead.pk, {}).setdefault(name, value)
    update_facts(facts_by_lead=missing, at=at)


def _note_interest(submissions: Sequence[FormSubmission]) -> None:
    through = Lead.products.through
    through.objects.bulk_create(
        (
            through(lead_id=s.lead_id, product_id=s.form.product_id)
            for s in submissions
            if s.form.product_id
        ),
        ignore_conflicts=True,
    )


def _note_consent(submissions: Sequence[FormSubmission]) -> None:
    """Keep the consent given in the form, and the one given to being remembered by whoever was."""
    Consent.objects.bulk_create(
        consent for submission in submissions for consent in _consents(submission)
    )


def _consents(submission: FormSubmission) -> Iterator[Consent]:
    form = submission.form
    assert submission.lead_id is not None  # everybody has been found or created by now
    if form.consent_text and submission.values.get("consent"):
        yield Consent(
            lead_id=submission.lead_id,
            purpose=Consent.Purpose.MARKETING,
            is_given=True,
            wording=form.consent_text,
            wording_version=form.consent_version,
            source=f"form {form.slug}",
            at=submission.received_at,
        )
    if submission.visitor_id:
        yield Consent(
            lead_id=submission.lead_id,
            purpose=Consent.Purpose.TRACKING,
            is_given=True,
            source="consent bar",
            at=submission.received_at,
        )


def _activity(submission: FormSubmission) -> Activity:
    message = submission.values.get("message")
    return Activity(
        lead_id=submission.lead_id,
        visitor_id=submission.visitor_id,
        kind=Activity.Kind.FORM,
        occurred_at=submission.received_at,
        asset_id=submission.form.asset_id,
        campaign_id=submission.form.campaign_id,
        title=submission.form.name,
        properties={"text": str(message)[:5_000]} if message else {},
        source_kind="submission",
        source_id=submission.pk,
    )
