"""People at the door who are on no list: written down, and let in."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from leadflow.core import events
from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads import policies
from leads.events import ActivitiesRecorded
from leads.models import Activity, Campaign, Consent, Guest, Lead
from leads.queries.suppression import keys_of, suppressed_keys
from leads.services.activities import record_activities
from leads.services.acts import Cause
from leads.services.attendees import (
    create_attendees,
    fill_in_attendees,
    key_of,
    match_attendees,
)
from leads.services.consent import keep_silent, record_consent
from leads.services.facts import FORGOTTEN
from leads.services.guests import admit_guests, list_leads_as_guests, register_guests
from leads.services.people import lock_identity

STAND = "stand"


@dataclass(frozen=True)
class WalkIn:
    """Somebody at the stand: facts are normalised; `wording` is the consent they ticked, "" for none."""

    facts: Mapping[str, str]
    company: str = ""
    note: str = ""
    product_ids: Collection[int] = field(default_factory=tuple)
    wording: str = ""


@transaction.atomic
def welcome(*, campaign: Campaign, person: WalkIn, by: User, at: datetime) -> tuple[Guest, bool]:
    """Make somebody a lead, put them on the guest list and let them in; tells whether that is new.

    Known people are known by e-mail, else by phone; what we know of them is not overwritten.
    """
    lead_id = _find_or_create(campaign, person, by=by, at=at)
    guests = list_leads_as_guests(campaign_id=campaign.pk, lead_ids=[lead_id], at=at, source=STAND)
    guest_id = guests[lead_id]
    _note_interest(lead_id, person, at=at)
    _note_consent(campaign, lead_id, person, at=at)
    fresh = admit_guests(guest_ids=[guest_id], by=by, at=at, notes={guest_id: person.note})
    if person.note and not fresh:
        _note_what_was_said(campaign, lead_id, person.note, by=by, at=at)
    if person.note:
        Guest.objects.filter(pk=guest_id, note="").update(note=person.note[:300])
    return Guest.objects.select_related("lead__company", "campaign").get(pk=guest_id), bool(fresh)


@transaction.atomic
def register_by_hand(*, campaign: Campaign, person: WalkIn, by: User, at: datetime) -> Guest:
    """Make somebody a lead where they are not known, and put them on the guest list as registered.

    Raises Invalid for a stranger who asked to be forgotten: only they themselves can come back.
    """
    if match_attendees([person.facts]).get(key_of(person.facts)) is None and suppressed_keys(
        keys_of(person.facts)
    ):
        raise Invalid(FORGOTTEN, field="email" if person.facts.get("email") else "phone")
    lead_id = _find_or_create(campaign, person, by=by, at=at)
    register_guests(campaign_ids_by_lead=[(campaign.pk, lead_id, at)], source="by hand")
    return Guest.objects.select_related("lead").get(campaign=campaign, lead=lead_id)


@transaction.atomic
def put_on_list(*, campaign: Campaign, lead_id: int, by: User, at: datetime) -> Guest:
    """Put a lead on the guest list of the event they have come to."""
    policies.check_may_manage_guests(by=by)
    list_leads_as_guests(campaign_id=campaign.pk, lead_ids=[lead_id], at=at, source=STAND)
    return Guest.objects.select_related("lead__company", "campaign").get(
        campaign=campaign, lead=lead_id
    )


def _find_or_create(campaign: Campaign, person: WalkIn, *, by: User, at: datetime) -> int:
    policies.check_may_manage_guests(by=by)
    key = key_of(person.facts)
    if not key:
        raise Invalid("Ask for an e-mail address or a phone number.", field="email")
    lock_identity()
    known = match_attendees([person.facts]).get(key)
    if known is None:
        people = [(person.facts, person.company)]
        lead_id = create_attendees(people, campaign=campaign, cause=Cause(STAND), at=at)[key]
        keep_silent(lead_ids=[lead_id])  # who stands here came by themselves
        return lead_id
    if Lead.objects.visible_to(by).filter(pk=known).exists():
        fill_in_attendees({known: (person.facts, person.company)}, at=at)
    return known


def _note_interest(lead_id: int, person: WalkIn, *, at: datetime) -> None:
    through = Lead.products.through
    known = set(through.objects.filter(lead=lead_id).values_list("product_id", flat=True))
    new = set(person.product_ids) - known
    through.objects.bulk_create(
        (through(lead_id=lead_id, product_id=pk) for pk in sorted(new)), ignore_conflicts=True
    )
    if new:
        events.publish(ActivitiesRecorded(at=at, lead_ids=(lead_id,)))


def _note_consent(campaign: Campaign, lead_id: int, person: WalkIn, *, at: datetime) -> None:
    """Keep the consent with the words that were shown; the same form sent twice gives it once."""
    purpose, source = Consent.Purpose.MARKETING, f"stand {campaign.key}"
    latest = Consent.objects.filter(lead=lead_id, purpose=purpose).order_by("-at", "-id").first()
    is_kept = latest is not None and latest.is_given and latest.source == source
    if person.wording and not is_kept:
        record_consent(
            lead_ids=[lead_id], purpose=purpose, source=source, at=at, wording=person.wording
        )


def _note_what_was_said(
    campaign: Campaign, lead_id: int, note: str, *, by: User, at: datetime
) -> None:
    said = Activity.objects.filter(lead=lead_id, campaign=campaign, properties__text=note)
    if said.exists():  # the same form sent twice
        return
    row = Activity(
        lead_id=lead_id,
        kind=Activity.Kind.NOTE,
        occurred_at=at,
        campaign=campaign,
        by=by,
        title=note.splitlines()[0][:200],
        properties={"text": note},
    )
    record_activities(activities=[row], at=at)
