"""Asking people by e-mail to confirm a consent they ticked in a form."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.db import transaction

from content.models import Asset
from leadflow.core import nudges
from leadflow.core.errors import Conflict
from leads.models import Lead, OptIn
from nurture.models import Message
from nurture.rendering import new_message_id

TEXT_KEY = "confirm-consent"


@transaction.atomic
def ask_for_consents(*, opt_in_ids: Collection[int], at: datetime) -> int:
    """Queue one operational e-mail for each consent that waits to be confirmed; safe to repeat.

    Returns how many wait. Raises Conflict while the library has no text for it.
    """
    asked = list(
        OptIn.objects.filter(pk__in=list(opt_in_ids), confirmed_at=None).select_related("lead")
    )
    if not asked:
        return 0
    text = Asset.objects.filter(key=TEXT_KEY, kind=Asset.Kind.EMAIL).first()
    if text is None:
        raise Conflict(f"The library has no e-mail “{TEXT_KEY}” that asks to confirm a consent.")
    Message.objects.bulk_create(
        (_message(opt_in, text, at=at) for opt_in in asked), ignore_conflicts=True
    )
    transaction.on_commit(_nudge_sending, robust=True)
    return len(asked)


def _message(opt_in: OptIn, text: Asset, *, at: datetime) -> Message:
    return Message(
        opt_in=opt_in,
        lead=opt_in.lead,
        to_address=opt_in.email,
        asset=text,
        asset_version=text.version,
        is_marketing=False,
        message_id=new_message_id(settings.SITE_URL),
        queued_at=at,
        next_attempt_at=at,
    )


def stale_question(opt_in: OptIn, lead: Lead) -> str:
    """Why there is no point in asking any more, in a sentence; empty when there is."""
    if opt_in.confirmed_at is not None:
        return "They have confirmed it already."
    if opt_in.email != lead.email:
        return "Their address has changed since they were asked."
    return ""


def _nudge_sending() -> None:
    nudges.nudge("send_messages")
