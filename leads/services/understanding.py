"""What a submission means: whose it is, what they told of themselves, what they agreed to."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Min

from leadflow.core.errors import Invalid
from leads.engine.arrivals import Arrival
from leads.engine.identity import clean, normalize_email, normalize_phone
from leads.engine.questions import FACTS
from leads.models import Activity, Campaign, Consent, FormSubmission, Lead, Visitor
from leads.queries.merging import find_holders
from leads.services.activities import attach_visitors, record_activities
from leads.services.acts import Cause
from leads.services.arrivals import campaigns_of, record_arrivals
from leads.services.consent import keep_silent, note_consents
from leads.services.guests import register_guests
from leads.services.opt_ins import agreed_wording, ask_for_opt_ins
from leads.services.people import NewLead, create_leads, find_or_create_companies, update_facts

TEXT_FIELDS = ("first_name", "last_name", "job_title")
FILLED_IN = ("email", "phone", "country", *TEXT_FIELDS)
EXTRA = "_extra"  # what a form did not ask for
NOT_OWN = frozenset(FACTS) | {"consent", EXTRA}
MOST_ATTRIBUTE = 5_000


@dataclass(frozen=True)
class Told:
    """What somebody told of themselves: facts by column, answers of the form's own by their key."""

    facts: Mapping[str, str]
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What they are known by; "" where only their browser is."""
        return self.facts["email"] or self.facts["phone"]


def understand(submissions: Sequence[FormSubmission], *, at: datetime) -> None:
    """Make leads, activities and consents of submissions, set-based; raises Invalid for one that says nothing."""
    visitors = _recall_visitors(submissions)
    told = {submission.pk: _read(submission, visitors) for submission in submissions}
    _find_people(submissions, told, visitors)
    _create_missing(submissions, told, at=at)
    _fill_in(submissions, told, at=at)
    _attach(submissions, at=at)
    _note_interest(submissions)
    _note_consent(submissions, at=at)
    ask_for_opt_ins(submissions=submissions, at=at)
    record_arrivals(submissions=submissions)
    _put_on_guest_lists(submissions)
    for submission in submissions:
        submission.state, submission.error = FormSubmission.State.DONE, ""
    FormSubmission.objects.bulk_update(submissions, ["state", "error", "lead"])
    record_activities(activities=[_activity(submission) for submission in submissions], at=at)


def _recall_visitors(submissions: Sequence[FormSubmission]) -> dict[Any, Visitor]:
    """What we know of the browsers: where each came from first."""
    visitors = Visitor.objects.select_related("lead")
    known = visitors.in_bulk({s.visitor_id for s in submissions if s.visitor_id})
    for submission in submissions:
        visitor = known.get(submission.visitor_id) if submission.visitor_id else None
        submission.source = submission.source or (visitor.source if visitor else "")
    return known


def _read(submission: FormSubmission, visitors: Mapping[Any, Visitor]) -> Told:
    is_known = _recognised(submission, visitors) is not None
    facts = read_facts(submission.values, is_known=is_known)
    return Told(facts, dict(_own_answers(submission.values)))


def _recognised(submission: FormSubmission, visitors: Mapping[Any, Visitor]) -> Lead | None:
    """Whom the page took the sender for, by their browser; None where it did not."""
    visitor = visitors.get(submission.visitor_id)
    return visitor.lead if visitor and submission.context.get("is_known") else None


def _own_answers(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Answers to questions that leads have no column for; what was left empty says nothing."""
    for name, value in values.items():
        if name not in NOT_OWN and value not in ("", None, []):
            yield name, value[:MOST_ATTRIBUTE] if isinstance(value, str) else value


def read_facts(values: Mapping[str, Any], *, is_known: bool = False) -> dict[str, str]:
    """Facts about a person from raw form values; raises Invalid naming the field.

    Whoever is known need not say who they are.
    """
    facts = {name: clean(values.get(name, ""), most=120) for name in TEXT_FIELDS}
    facts["email"] = normalize_email(clean(values.get("email", ""), most=400))
    country = clean(values.get("country", ""), most=2).upper()
    facts["phone"] = normalize_phone(clean(values.get("phone", ""), most=60), country)
    facts["company"] = clean(values.get("company", ""), most=200)
    facts["country"] = country
    if not (facts["email"] or facts["phone"] or is_known):
        raise Invalid("Give an e-mail address or a phone number.", field="email")
    return facts


def _find_people(
    submissions: Sequence[FormSubmission],
    told: Mapping[int, Told],
    visitors: Mapping[Any, Visitor],
) -> None:
    """Match by e-mail, else by the browser that was recognised, else by a phone number.

    A browser says nothing where its person has another address; a number counts where it belongs to
    one person without an address.
    """
    facts = [one.facts for one in told.values()]
    emails = {f["email"] for f in facts if f["email"]}
    phones = {f["phone"] for f in facts if f["phone"] and not f["email"]}
    by_email = find_holders("email", emails)
    by_phone = _owners_of(phones)
    for submission in submissions:
        known, person = told[submission.pk].facts, _recognised(submission, visitors)
        found = by_email.get(known["email"])
        if person is not None and not (found or (known["email"] and person.email)):
            found = person.pk
        if not known["email"]:
            found = found or by_phone.get(known["phone"])
        submission.lead_id = found


def _owners_of(phones: Collection[str]) -> dict[str, int]:
    """Numbers that are all we have of one person; one that several share tells nobody apart."""
    leads = Lead.objects.filter(phone__in=phones, email="").order_by()
    owners = leads.values("phone").annotate(lead_id=Min("pk"), people=Count("pk")).filter(people=1)
    return dict(owners.values_list("phone", "lead_id"))


def _create_missing(
    submissions: Sequence[FormSubmission], told: Mapping[int, Told], *, at: datetime
) -> None:
    firsts: dict[str, FormSubmission] = {}
    missing = [s for s in submissions if s.lead_id is None]
    for submission in missing:
        firsts.setdefault(told[submission.pk].key, submission)
    campaigns = campaigns_of(list(firsts.values()))
    people = [_new_lead(one, told[one.pk], campaigns) for one in firsts.values()]
    leads = create_leads(people=people, at=at, cause=Cause("form", None))
    ids = dict(zip(firsts, (lead.pk for lead in leads), strict=True))
    keep_silent(lead_ids=ids.values())
    for submission in missing:
        submission.lead_id = ids[told[submission.pk].key]


def _new_lead(submission: FormSubmission, told: Told, campaigns: Mapping[str, Campaign]) -> NewLead:
    known = {name: value for name, value in told.facts.items() if name != "company"}
    named = campaigns.get(Arrival.of(submission.context.get("arrival")).campaign)
    return NewLead(
        at=submission.received_at,
        facts={
            **known,
            "source": submission.source or None,
            "campaign_id": submission.form.campaign_id or (named.pk if named else None),
        },
        attributes=told.attributes,
        company_name=told.facts["company"],
    )


def _fill_in(
    submissions: Sequence[FormSubmission], told: Mapping[int, Told], *, at: datetime
) -> None:
    """A later form adds what was missing; it never overwrites what is known."""
    leads = Lead.objects.select_for_update(no_key=True).order_by("pk")
    known = {lead.pk: lead for lead in leads.filter(pk__in={s.lead_id for s in submissions})}
    companies = find_or_create_companies(
        {told[s.pk].facts["company"] for s in submissions if not known[s.lead_id or 0].company_id}
    )
    missing: dict[int, dict[str, Any]] = {}
    for submission in submissions:
        lead, said = known[submission.lead_id or 0], told[submission.pk]
        news = missing.setdefault(lead.pk, {})
        for name in FILLED_IN:
            if said.facts[name] and not getattr(lead, name):
                news.setdefault(name, said.facts[name])
        if said.facts["company"] and not lead.company_id:
            news.setdefault("company_id", companies[said.facts["company"]])
        if set(said.attributes) - set(lead.attributes):
            news["attributes"] = {**said.attributes, **news.get("attributes", lead.attributes)}
    update_facts(facts_by_lead={pk: news for pk, news in missing.items() if news}, at=at)


def _attach(submissions: Sequence[FormSubmission], *, at: datetime) -> None:
    pairs = {s.visitor_id: s.lead_id for s in submissions if s.visitor_id and s.lead_id}
    attach_visitors(leads_by_visitor=pairs, at=at)


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


def _note_consent(submissions: Sequence[FormSubmission], *, at: datetime) -> None:
    """Keep the consent given in the form, and the one given to being remembered by whoever was."""
    said = [consent for submission in submissions for consent in _consents(submission)]
    note_consents(consents=said, at=at)


def _consents(submission: FormSubmission) -> Iterator[Consent]:
    assert submission.lead_id is not None  # everybody has been found or created by now
    version, text = agreed_wording(submission)
    if text and not submission.form.is_double_opt_in:
        yield Consent(
            lead_id=submission.lead_id,
            purpose=Consent.Purpose.MARKETING,
            is_given=True,
            wording=text,
            wording_version=version,
            source=f"form {submission.form.slug}",
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


def _put_on_guest_lists(submissions: Sequence[FormSubmission]) -> None:
    """Whoever sends the form of an event has registered for it."""
    rows = [
        (s.form.campaign.pk, s.lead_id, s.received_at)
        for s in submissions
        if s.lead_id and s.form.campaign and s.form.campaign.kind in Campaign.EVENTS
    ]
    register_guests(campaign_ids_by_lead=rows, source="form")


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
