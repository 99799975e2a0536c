"""A stage without its line of history cannot be committed, whichever way somebody tries."""

import subprocess
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from leadflow.core.models import User
from leadflow.runtime import addresses, cluster
from leads import services as leads
from leads.models import Lead, StageChange
from tests.factories import people

pytestmark = pytest.mark.django_db(transaction=True)
TIE = "lead_stage_is_last_change"


@pytest.fixture
def lead(at: datetime) -> Lead:
    return people.inquiry(at=at)


def test_psql_is_refused_at_the_commit(lead: Lead) -> None:
    base = addresses.database_url().replace(
        f"/{addresses.DATABASE}?", f"/{connection.settings_dict['NAME']}?"
    )
    tries = f"BEGIN; UPDATE leads_lead SET stage = 'customer' WHERE id = {lead.pk}; COMMIT;"

    answer = subprocess.run(
        [cluster.binaries() / "psql", base, "-v", "ON_ERROR_STOP=1", "-c", tries],
        capture_output=True,
        text=True,
        env=cluster.environment(),
        check=False,
    )

    assert answer.returncode != 0
    assert TIE in answer.stderr
    assert Lead.objects.get(pk=lead.pk).stage == "inquiry"


def _update(lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(stage="customer")


def _bulk_update(lead: Lead) -> None:
    row = Lead.objects.get(pk=lead.pk)
    row.__dict__["stage"] = "customer"
    Lead.objects.bulk_update([row], ["stage"])


def _save(lead: Lead) -> None:
    row = Lead.objects.get(pk=lead.pk)
    row.__dict__["stage"] = "customer"
    row.save(update_fields=["stage"])


def _other_history(lead: Lead) -> None:
    """Another lead's line of history is no line of this one."""
    other = people.inquiry(at=lead.created_at)
    leads.offer(lead_ids=[other.pk], at=lead.created_at)
    line = StageChange.objects.get(lead=other, to_stage="mql").pk
    Lead.objects.filter(pk=lead.pk).update(stage="mql", last_change=line)


def _drop_history(lead: Lead) -> None:
    StageChange.objects.filter(lead=lead).delete()


def _rewrite_history(lead: Lead) -> None:
    StageChange.objects.filter(lead=lead).update(to_stage="customer")


@pytest.mark.parametrize(
    "attempt", [_update, _bulk_update, _save, _other_history, _drop_history, _rewrite_history]
)
def test_the_orm_is_refused_at_the_commit(attempt: Callable[[Lead], None], lead: Lead) -> None:
    with pytest.raises(IntegrityError, match=TIE), transaction.atomic():
        attempt(lead)

    assert Lead.objects.get(pk=lead.pk).stage == "inquiry"
    assert StageChange.objects.filter(lead=lead, to_stage="inquiry").exists()


def test_the_admin_has_no_way_to_a_stage(lead: Lead, admin: User) -> None:
    client = Client()
    client.force_login(admin)
    address = f"/admin/leads/lead/{lead.pk}/change/"

    assert client.get(address).status_code == 200
    answer = client.post(address, {"stage": "customer", "email": "x@example.com"})

    assert answer.status_code == 403
    assert Lead.objects.get(pk=lead.pk).stage == "inquiry"
