"""Personal links: a signed token that tells, for a while, whose browser opened it."""

from datetime import UTC, datetime, timedelta

from django.core import signing

SALT = "leads.visitor"
HOUR = timedelta(hours=1)


def make_visitor_token(*, lead_id: int, at: datetime, lasts: timedelta = HOUR) -> str:
    """A token for the parameter `lf` of a link, or for `leadflow.identify`; good until `at` + `lasts`."""
    until = int((at + lasts).timestamp())
    return signing.Signer(salt=SALT).sign_object([lead_id, until], compress=False)


def read_visitor_token(token: str, *, at: datetime) -> int | None:
    """The id of the lead a token names; None for one that is not ours, or was too old at `at`."""
    try:
        lead_id, until = signing.Signer(salt=SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return lead_id if at <= datetime.fromtimestamp(until, UTC) else None
