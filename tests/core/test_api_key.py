"""A key from the command line opens the API as its user."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from leadflow.core.models import ApiToken, User

pytestmark = pytest.mark.django_db


def test_a_key_acts_as_its_user_until_it_is_revoked(
    manager: User, client: Client, at: object
) -> None:
    out = StringIO()
    call_command("api_key", manager.email, stdout=out)
    headers = {"Authorization": f"Bearer {out.getvalue().strip()}"}

    assert client.get("/api/v1/leads/", headers=headers).status_code == 200

    ApiToken.objects.update(revoked_at=at)
    assert client.get("/api/v1/leads/", headers=headers).status_code == 401


def test_a_key_for_nobody_is_refused() -> None:
    with pytest.raises(CommandError, match="Nobody active"):
        call_command("api_key", "nobody@example.com")
