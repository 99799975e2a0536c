"""Sending a public form as a browser does."""

from typing import Any

from django.test import Client
from django.utils import timezone

from leads import services as leads
from leads.models import Form
from leads.views import slips
from leads.views.slips import Slip


def slip(form: Form, *, seconds_ago: float = 5, **said: Any) -> str:
    """What a page that was opened a moment ago gives along."""
    at = timezone.now().timestamp() - seconds_ago
    wording = (form.consent_version, form.consent_text)
    said = {"wording": wording, "asked": [row["name"] for row in form.fields]} | said
    return slips.seal(Slip(form=form.pk, id="abc", at=at, **said))


def send(form: Form, client: Client | None = None, headers: Any = None, **values: Any) -> Any:
    """Send a form as the page of it does."""
    values = {"token": slip(form), "email": "ada@example.com"} | values
    return (client or Client()).post(f"/f/{form.slug}/", values, headers=headers)


def process() -> int:
    """Understand what was sent."""
    return leads.process_submissions(at=timezone.now())


def shown_token(page: str) -> str:
    """The slip that a page holds."""
    return page.split('name="token" value="')[1].split('"')[0]
