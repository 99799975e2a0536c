"""What people choose: no marketing mail, or mail again; and addresses that are blocked."""

from collections.abc import Collection
from datetime import datetime

from django.core import signing
from django.db import transaction

from leads import queries as lead_queries
from leads import services as leads
from leads.models import Activity, Consent, Lead
from nurture import queries
from nurture.models import ExitReason, Message, Suppression
from nurture.rendering import SALT
from nurture.services.enrollments import exit_leads


def read_token(token: str) -> Message | None:
    """The message whose receiver holds this token; None when it is forged or the message gone.

    Where its lead was merged into another, and the message given up because both had it, it is the
    last one to the lead that was kept: a link in a mail works as long as there is the mail.
    """
    try:
        lead_id, message_id = signing.Signer(salt=SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    messages = Message.objects.select_related("lead")
    home = lead_queries.follow_merges([lead_id]).get(lead_id)
    return messages.filter(pk=message_id).first() or messages.filter(lead=home).first()


@transaction.atomic
def unsubscribe(*, message: Message, at: datetime) -> bool:
    """Withdraw consent, block the address, leave every program: all or nothing; safe to repeat.

    Returns whether anything changed.
    """
    lead_id = leads.hold_leads([message.lead_id]).get(message.lead_id, message.lead_id)
    lead = Lead.objects.select_for_update(no_key=True, of=("self",)).get(pk=lead_id)
    is_given, _ = queries.marketing_words([lead.pk]).get(lead.pk, (True, at))
    suppress(
        addresses={message.to_address, lead.email}, reason=Suppression.Reason.UNSUBSCRIBED, at=at
    )
    if not is_given:
        return False
    leads.withdraw_consent(
        lead_ids=[lead.pk], purpose=Consent.Purpose.MARKETING, source="unsubscribe link", at=at
    )
    exit_leads(lead_ids=[lead.pk], reason=ExitReason.UNSUBSCRIBED, at=at)
    _call_off_rest(lead.pk)
    leads.record_activities(
        activities=[
            Activity(
                lead_id=lead.pk,
                kind=Activity.Kind.UNSUBSCRIBE,
                occurred_at=at,
                asset_id=message.asset_id,
                title="Does not want marketing e-mails any more",
            )
        ],
        at=at,
    )
    return True


def _call_off_rest(lead_id: int) -> None:
    """Marketing messages outside of programs go nowhere either."""
    Message.objects.filter(lead=lead_id, is_marketing=True, state=Message.State.QUEUED).update(
        state=Message.State.CANCELLED, error="Unsubscribed"
    )


@transaction.atomic
def resubscribe(*, message: Message, at: datetime) -> None:
    """Somebody changed their mind on the page of their own link: they get marketing mail again."""
    addresses = {message.to_address, message.lead.email}
    Suppression.objects.filter(
        address_hash__in=queries.hash_addresses(addresses), reason=Suppression.Reason.UNSUBSCRIBED
    ).delete()
    leads.record_consent(
        lead_ids=[message.lead_id],
        purpose=Consent.Purpose.MARKETING,
        source="preference page",
        wording="Yes, send me marketing e-mails again.",
        at=at,
    )


@transaction.atomic
def suppress(*, addresses: Collection[str], reason: str, at: datetime) -> int:
    """Block addresses; a graver reason than before replaces the old one, a newer date too."""
    rows = [
        Suppression(address_hash=queries.hash_address(address), reason=reason, at=at)
        for address in sorted({address.lower() for address in addresses if address})
    ]
    graver = reason != Suppression.Reason.UNSUBSCRIBED
    known = Suppression.objects.filter(address_hash__in=[row.address_hash for row in rows])
    if not graver:
        known = known.filter(reason=Suppression.Reason.UNSUBSCRIBED)
    known.update(reason=reason, at=at)
    Suppression.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
