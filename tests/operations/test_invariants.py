"""check_invariants is silent on sound data and names the rows of broken data."""

import json
from datetime import datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from leadflow.operations.invariants import find_broken
from leads import services as leads
from leads.models import Offer, StageChange
from tests.factories import people

pytestmark = pytest.mark.django_db


def test_sound_data_breaks_nothing(at: datetime) -> None:
    people.offered(at=at, count=3)

    assert find_broken() == []


def test_a_broken_rule_is_named_with_its_rows(at: datetime) -> None:
    (lead,) = people.offered(at=at)
    Offer.objects.all().delete()
    out = StringIO()

    with pytest.raises(SystemExit) as end:
        call_command("check_invariants", "--json", stdout=out)

    assert end.value.code == 1
    (broken,) = json.loads(out.getvalue())["broken"]
    assert broken["rows"] == [f"lead {lead.pk}"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (
            "UPDATE leads_stagechange SET from_stage = 'lost' WHERE verb = 'accept'",
            "line of history",
        ),
        ("DELETE FROM leads_stagechange WHERE verb = 'accept'", "last row of its history"),
    ],
)
def test_damage_to_history_is_found(at: datetime, damage: str, words: str) -> None:
    (lead,) = people.offered(at=at)
    leads.accept(lead_ids=[lead.pk], at=at)
    assert StageChange.objects.filter(lead=lead).count() == 3

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(damage)  # the constraints are deferred, and this is never committed
        found = find_broken()
        transaction.set_rollback(True)

    assert any(words in broken.name for broken in found)
