"""What was handed out and erased, and which addresses must stay silent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leadflow.core.parts import address_checks
from leads.engine.identity import normalize_email, normalize_phone
from leads.models import Consent, Lead, PrivacyRequest, Suppression
from leads.queries.suppression import suppressed_keys


def list_requests(*, user: User, kind: str = "") -> QuerySet[PrivacyRequest]:
    """What was handed out and erased of leads that `user` may see, newest first."""
    seen = Lead.objects.visible_to(user)
    requests = PrivacyRequest.objects.filter(lead__in=seen).select_related("lead", "by")
    return requests.filter(kind=kind) if kind in PrivacyRequest.Kind.values else requests


def count_suppressed() -> int:
    """How many addresses stay silent because somebody asked to be forgotten."""
    return Suppression.objects.count()


def why_silent(address: str) -> list[str]:
    """Why an e-mail address or a number gets nothing, in sentences; none when nothing speaks against it.

    Raises Invalid for what is neither.
    """
    key = _key_of(address)
    words = [sentence for check in address_checks.values() if (sentence := check(key[1]))]
    if suppressed_keys([key]):
        words.insert(0, "Its owner asked to be forgotten: imports and the API turn it away.")
    return words


def _key_of(address: str) -> tuple[str, str]:
    if "@" in address:
        return "email", normalize_email(address)
    try:
        return "phone", normalize_phone(address)
    except Invalid:
        raise Invalid(
            "Give an e-mail address, or a number with its country code.", field="address"
        ) from None


@dataclass(frozen=True)
class PurposeHistory:
    """What somebody said about one purpose, the last word first; none when they said nothing."""

    purpose: str
    label: str
    words: list[Consent]

    @property
    def latest(self) -> Consent | None:
        """What counts."""
        return self.words[0] if self.words else None


def consent_history(*, lead: Lead) -> list[PurposeHistory]:
    """Every purpose with what was said about it; one query."""
    said: dict[str, list[Consent]] = {}
    for consent in Consent.objects.filter(lead=lead).select_related("by").order_by("-at", "-id"):
        said.setdefault(consent.purpose, []).append(consent)
    return [
        PurposeHistory(key, str(label), said.get(key, [])) for key, label in Consent.Purpose.choices
    ]


def consent_panel(lead: Lead, user: User) -> Mapping[str, Any]:
    """What the record page shows of consent."""
    purposes = consent_history(lead=lead)
    marketing = purposes[0].latest
    return {
        "purposes": purposes,
        "no_marketing": marketing is None or not marketing.is_given,
        "may_edit": user.has_perm("leads.edit"),
    }
