"""The demo is believable, sound, and the same for the same seed."""

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, QuerySet

from leadflow.operations.demo import build_demo
from leadflow.operations.invariants import find_broken
from leads.models import Activity, Lead, Offer, Opportunity, StageChange

pytestmark = pytest.mark.django_db
PRESENT = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)


def numbers(rows: QuerySet, field: str) -> dict[str, int]:
    return dict(rows.order_by().values_list(field).annotate(n=Count("pk")))


def test_every_outcome_occurs_and_the_data_is_sound() -> None:
    build_demo(count=300, days=200, seed=1, at=PRESENT)

    assert set(numbers(Offer.objects, "outcome")) == {"accepted", "rejected", "expired", "pending"}
    assert set(numbers(Opportunity.objects, "state")) == {"open", "won", "lost"}
    assert {"inquiry", "mql", "sal", "sql", "customer", "recycled", "lost"} <= set(
        numbers(Lead.objects, "stage")
    )
    assert not StageChange.objects.filter(at__gt=PRESENT).exists()
    assert Lead.objects.filter(score__gt=0).count() > 100
    assert not Offer.objects.pending().filter(assignee=None).exists()
    assert find_broken() == []


def test_the_same_seed_builds_the_same_company() -> None:
    first = _digest(seed=5)
    Lead.objects.all().delete()

    assert _digest(seed=5) == first


def _digest(*, seed: int) -> list[object]:
    build_demo(count=60, days=100, seed=seed, at=PRESENT)
    facts = Lead.objects.order_by("email").values_list("email", "stage", "score", "owner__email")
    return [list(facts), numbers(Activity.objects, "kind"), numbers(StageChange.objects, "verb")]


def test_a_database_with_leads_is_left_alone() -> None:
    build_demo(count=3, days=30, seed=1, at=PRESENT)

    with pytest.raises(CommandError, match="has leads already"):
        call_command("demo", "--leads", "3")
