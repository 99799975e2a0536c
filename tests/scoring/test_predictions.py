"""Chances of leads: kept fresh, told in conditions, never moving anybody by themselves."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from leadflow.core.errors import NotAllowed
from leadflow.core.models import User
from leads import queries as lead_queries
from leads import services as leads
from leads.models import Activity, Lead, Offer, StageChange
from scoring import queries
from scoring import services as scoring
from scoring.models import LeadDefinition, LeadPrediction, PredictionModel
from tests.factories import people

pytestmark = pytest.mark.django_db

SOON = timedelta(minutes=1)


def read(lead: Lead, *, at: datetime, count: int = 1) -> None:
    rows = [Activity(lead=lead, kind="page_view", occurred_at=at) for _ in range(count)]
    leads.record_activities(activities=rows, at=at)


def percent_of(lead: Lead) -> float | None:
    return LeadPrediction.objects.filter(lead=lead).values_list("percent", flat=True).first()


def test_a_chance_follows_what_a_lead_does(
    learned: PredictionModel, settle: Callable[[], int], at: datetime
) -> None:
    lead = people.inquiry(at=timezone.now() - SOON)
    settle()
    before = percent_of(lead)

    read(lead, at=timezone.now(), count=6)
    settle()

    after = percent_of(lead)
    assert before is not None
    assert after is not None
    assert after > before


def test_the_page_and_the_list_tell_the_same(learned: PredictionModel, at: datetime) -> None:
    lead = people.inquiry(at=at, phone="+4930123456")
    scoring.predict_leads(lead_ids=[lead.pk], at=at)

    found = queries.lead_chance(lead, at=at)

    assert found is not None
    assert round(100 * found.chance.share, 1) == percent_of(lead)
    assert "Phone number known" in [reason.words for reason in found.chance.reasons_for]


def test_predicting_moves_nobody(learned: PredictionModel, settle: Any, at: datetime) -> None:
    rows = people.inquiries(5, at=at, phone="+4930123456")
    settle()
    changes, offers = StageChange.objects.count(), Offer.objects.count()

    PredictionModel.objects.update(card={**learned.card, "bias": 9.0})
    changed = scoring.predict_leads(lead_ids=[row.pk for row in rows], at=timezone.now())
    settle()

    assert changed == sorted(row.pk for row in rows)
    assert (StageChange.objects.count(), Offer.objects.count()) == (changes, offers)


def test_a_signed_definition_may_ask_for_a_chance(
    learned: PredictionModel, settle: Any, definition: LeadDefinition, at: datetime
) -> None:
    likely = people.inquiry(at=timezone.now(), phone="+4930123456")
    unlikely = people.inquiry(at=timezone.now())
    definition.condition = {"field": "win_probability", "op": "gte", "value": 20}
    definition.save()

    settle()

    assert [percent_of(likely) >= 20, percent_of(unlikely) >= 20] == [True, False]
    assert [row.stage for row in people.fresh([likely, unlikely])] == ["mql", "inquiry"]


def test_conditions_tell_chances_apart(learned: PredictionModel, at: datetime) -> None:
    likely, unlikely = people.inquiry(at=at, phone="+4930123456"), people.inquiry(at=at)
    scoring.predict_leads(lead_ids=[likely.pk, unlikely.pk], at=at)
    condition = {"field": "win_probability", "op": "gte", "value": 20}

    found = lead_queries.matching(condition, at=at)

    assert list(found.values_list("pk", flat=True)) == [likely.pk]
    assert lead_queries.describe(condition) == "chance to win in per cent is at least 20"


def test_whoever_leaves_the_path_has_no_chance_any_more(
    learned: PredictionModel, at: datetime
) -> None:
    lead = people.inquiry(at=at)
    scoring.predict_leads(lead_ids=[lead.pk], at=at)
    leads.disqualify(lead_ids=[lead.pk], at=at, reason="student").or_raise()

    changed = scoring.predict_leads(lead_ids=[lead.pk], at=at)

    assert changed == [lead.pk]
    assert percent_of(lead) is None
    assert queries.lead_chance(people.fresh([lead])[0], at=at) is None


def test_a_late_event_does_not_undo_a_newer_look(learned: PredictionModel, at: datetime) -> None:
    lead = people.inquiry(at=at - timedelta(days=30))
    scoring.predict_leads(lead_ids=[lead.pk], at=at)
    newer = percent_of(lead)

    scoring.predict_leads(lead_ids=[lead.pk], at=at - timedelta(days=20))

    assert percent_of(lead) == newer


def test_switched_off_chances_are_dropped_and_on_again_they_come_back(
    learned: PredictionModel, manager: User, at: datetime
) -> None:
    lead = people.inquiry(at=at)
    scoring.predict_leads(lead_ids=[lead.pk], at=at)

    scoring.switch_prediction(is_on=False, by=manager, at=at)
    assert queries.lead_chance(lead, at=at) is None
    scoring.refresh_predictions(at=at)
    assert percent_of(lead) is None

    scoring.switch_prediction(is_on=True, by=manager, at=at + SOON)
    scoring.refresh_predictions(at=at + SOON)
    assert percent_of(lead) is not None


def test_only_managers_switch_it(marketer: User, rep: User, at: datetime) -> None:
    for user in (marketer, rep):
        with pytest.raises(NotAllowed, match="switch prediction"):
            scoring.switch_prediction(is_on=False, by=user, at=at)


def test_whoever_is_erased_keeps_no_chance(
    learned: PredictionModel, admin: User, settle: Any, at: datetime
) -> None:
    lead = people.inquiry(at=at, phone="+4930123456")
    scoring.predict_leads(lead_ids=[lead.pk], at=at)

    leads.erase_leads(lead_ids=[lead.pk], by=admin, at=at)
    settle()

    assert not LeadPrediction.objects.filter(lead=lead).exists()
    assert queries.looks_now(at=at, lead_ids=[lead.pk]) == []


def test_everybody_is_looked_at_once_a_day(learned: PredictionModel, at: datetime) -> None:
    lead = people.inquiry(at=at)
    scoring.refresh_predictions(at=at)
    before = percent_of(lead)

    scoring.refresh_predictions(at=at + timedelta(hours=12))
    at_noon = percent_of(lead)
    scoring.refresh_predictions(at=at + timedelta(days=20))

    assert before == at_noon
    assert percent_of(lead) < before
