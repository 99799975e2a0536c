"""The API against its own description: nothing that is sent makes it crash."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error

from leadflow.core.models import ApiToken, User
from tests.factories import people

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def key(manager: User, at: Any) -> dict[str, str]:
    """The header of somebody who may see everything; two leads exist."""
    people.inquiries(2, at=at)
    return {"Authorization": "Bearer " + ApiToken.objects.issue(user=manager, name="test")}


def test_no_request_makes_the_api_crash(live_server: Any, key: dict[str, str]) -> None:
    described = schemathesis.openapi.from_url(
        f"{live_server.url}/api/v1/schema/?format=json", headers=key
    )
    asked = set()

    for found in described.get_all_operations():
        operation = found.ok()
        asked.add(operation.label)
        _ask(operation.as_strategy(), key)

    assert "POST /api/v1/leads/{lead_id}/{verb}/" in asked


def _ask(cases: Any, key: dict[str, str]) -> None:
    """Send what the description allows; any answer but a crash is fine."""

    @settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def ask(case: Any) -> None:
        case.call_and_validate(headers=key, checks=[not_a_server_error])

    ask()
