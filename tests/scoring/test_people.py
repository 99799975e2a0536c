"""Points of people whose records are made one, made two again, or erased."""

from datetime import timedelta

import pytest
from django.db import transaction

from leads import services as leads
from leads.models import Lead
from scoring import services as scoring
from scoring.models import LeadPoints
from tests.factories import people

pytestmark = pytest.mark.django_db


def snapshot(lead: Lead) -> tuple[int, int, str]:
    return Lead.objects.values_list("engagement", "fit", "grade").get(pk=lead.pk)


@pytest.fixture
def twins(happen, settle, at) -> tuple[Lead, Lead]:
    """Two records of one person, both with points."""
    kept, gone = (
        people.inquiry(at=at, phone="+4315550100"),
        people.inquiry(at=at, job_title="Analyst"),
    )
    for lead in (kept, gone):
        happen(lead, "form", "video")
    settle()
    return kept, gone


def test_a_merge_scores_all_that_either_did(twins, manager, settle, at) -> None:
    kept, gone = twins
    alone = snapshot(kept)

    leads.merge_leads(kept_id=kept.pk, gone_id=gone.pk, by=manager, at=at)
    settle()

    assert snapshot(kept)[0] > alone[0]
    assert set(LeadPoints.objects.values_list("lead", flat=True)) == {kept.pk}


def test_an_undone_merge_gives_both_their_points_back(twins, manager, settle, at) -> None:
    kept, gone = twins
    before = snapshot(kept), snapshot(gone)
    merge = leads.merge_leads(kept_id=kept.pk, gone_id=gone.pk, by=manager, at=at)
    settle()

    leads.undo_merge(merge_id=merge.pk, by=manager, at=at)
    settle()

    assert (snapshot(kept), snapshot(gone)) == before
    assert LeadPoints.objects.filter(lead__in=[kept, gone]).count() == 2


@pytest.mark.parametrize("score", ["everybody", "round"])
def test_who_was_erased_keeps_the_score_they_had(twins, manager, settle, at, score) -> None:
    lead, _ = twins
    scoring.refresh_scores(at=at)
    before = snapshot(lead)
    leads.erase_leads(lead_ids=[lead.pk], by=manager, at=at)
    settle()
    later = at + timedelta(days=60)

    with transaction.atomic():
        if score == "everybody":
            scoring.rescore_everybody(at=later)
        else:
            scoring.refresh_scores(at=later)

    assert snapshot(lead) == before
