"""What a page that shows a form gives along, signed, to come back with the answers.

It stands in for a CSRF cookie, says since when the page was open, and carries what must not be lost
or made up in between: where somebody came from, what they were asked, the consent as it was worded.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from django.core import signing
from django.utils import timezone
from django.utils.crypto import salted_hmac

from leads.models import Form

SALT, WORDING_SALT = "leads.form", "leads.form.wording"
OPEN_FOR_SECONDS = 2 * 86_400
LEAST_SECONDS = 1
WINDOW_SECONDS = 600

TOO_OLD = "This form was open for too long. Nothing is lost: check it and send it once more."
TOO_FAST = "That was faster than people write. Wait a moment and send it again."


@dataclass(frozen=True)
class Slip:
    """`via`: page, embed or html; `visitor`: the browser that was recognised."""

    form: int
    id: str
    at: float
    via: str = "page"
    source: str = ""
    arrival: Mapping[str, str] = field(default_factory=dict)
    asked: list[str] | None = None
    visitor: str = ""
    hidden: Mapping[str, str] = field(default_factory=dict)
    wording: tuple[int, str] = (0, "")

    @property
    def visitor_id(self) -> UUID | None:
        """The browser as it is known."""
        return UUID(self.visitor) if self.visitor else None


def seal(slip: Slip) -> str:
    """The slip as text that only we can write."""
    said = {name: value for name, value in asdict(slip).items() if value not in (None, "", {})}
    return signing.dumps(said, salt=SALT, compress=True)


def unseal(text: str, *, form: Form) -> tuple[Slip | None, str]:
    """What the slip says (None for none of ours), and why it is not enough ("" when it is)."""
    try:
        slip = Slip(**signing.loads(text, salt=SALT, max_age=OPEN_FOR_SECONDS))
    except (signing.BadSignature, TypeError):
        return None, TOO_OLD
    if slip.form != form.pk:
        return None, TOO_OLD
    is_quick = timezone.now().timestamp() - slip.at < LEAST_SECONDS
    return slip, TOO_FAST if is_quick else ""


def new_id() -> str:
    """What tells one shown page from every other."""
    return secrets.token_hex(8)


def seal_wording(form: Form) -> str:
    """Version and wording of the consent for a copy of the form on somebody's own page."""
    return signing.dumps(
        [form.consent_version, form.consent_text], salt=WORDING_SALT, compress=True
    )


def unseal_wording(text: str) -> tuple[int, str] | None:
    """Version and wording that a copy of the form shows; None where it does not say."""
    try:
        version, wording = signing.loads(text, salt=WORDING_SALT)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    return int(version), str(wording)


def fingerprint(slip_id: str, values: Mapping[str, Any]) -> str:
    """The same values sent twice from one page are one submission; corrected ones are another."""
    said = json.dumps(values, sort_keys=True)
    return hashlib.sha256(f"{slip_id}:{said}".encode("utf-8", "replace")).hexdigest()


def fingerprints_of_copy(form: Form, values: Mapping[str, Any], *, network: str) -> tuple[str, str]:
    """The same values from one network within ten minutes are one submission: now, and just before.

    Keyed, so that nobody can read the network back.
    """
    window = int(timezone.now().timestamp()) // WINDOW_SECONDS
    said = json.dumps(values, sort_keys=True)
    now, before = (
        salted_hmac(SALT, f"{form.pk}:{at}:{network}:{said}", algorithm="sha256").hexdigest()
        for at in (window, window - 1)
    )
    return now, before
