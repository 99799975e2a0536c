"""Leads with a story, for the scoring tests."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from content.models import Asset
from leadflow.core.models import User
from leads import services as leads
from leads.models import Activity, Lead
from scoring import services as scoring
from scoring.engine.chances import Card
from scoring.models import LeadDefinition, PredictionModel, RuleSet
from tests.factories import people

Happen = Callable[..., list[Activity]]


@pytest.fixture
def white_paper(db: None) -> Asset:
    return Asset.objects.create(key="paper", title="Saving energy", kind=Asset.Kind.WHITE_PAPER)


@pytest.fixture
def happen(at: datetime) -> Happen:
    """Record activities of one lead: `happen(lead, "form", "page_view", ago=timedelta(days=3))`."""

    def record(
        lead: Lead, *kinds: str, ago: timedelta = timedelta(), silent: bool = False, **facts: Any
    ) -> list[Activity]:
        rows = [Activity(lead=lead, kind=kind, occurred_at=at - ago, **facts) for kind in kinds]
        return leads.record_activities(activities=rows, at=at, is_silent=silent)

    return record


@pytest.fixture
def hot_lead(at: datetime, white_paper: Asset, happen: Happen) -> Callable[..., Lead]:
    """A lead that read two pages and a white paper and sent a form with its phone number."""

    def make(*, silent: bool = False, ago: timedelta = timedelta(), **facts: Any) -> Lead:
        facts = {"phone": "+4930123456"} | facts
        person = leads.NewLead(at=at - ago, facts=facts | {"first_name": "Ada"})
        (lead,) = leads.create_leads(people=[person], at=at, is_silent=silent)
        happen(lead, "page_view", "page_view", "form", silent=silent, ago=ago)
        happen(lead, "download", asset=white_paper, silent=silent, ago=ago)
        return lead

    return make


@pytest.fixture
def definition(db: None) -> LeadDefinition:
    return LeadDefinition.objects.get(handoff__key="mql_sal", state="signed")


@pytest.fixture
def draft(marketer: User, at: datetime) -> RuleSet:
    """The next version, begun as a copy of the shipped one."""
    return scoring.start_draft(by=marketer, at=at)


@pytest.fixture
def learned(at: datetime) -> PredictionModel:
    """A model as a training would publish it."""
    card = Card(
        bias=-2.0, weights={"phone": 1.0, "pages": 0.5, "age": -0.2}, usual={"phone": 0.5}, names={}
    )
    return PredictionModel.objects.create(
        number=1,
        state=PredictionModel.State.IN_USE,
        trained_at=at,
        horizon_days=90,
        card=card.as_json(),
        figures={"leads": 500},
    )


def now(lead: Lead) -> Lead:
    """The lead as it is in the database now."""
    return people.fresh([lead])[0]


def far_apart(at: datetime) -> list[Lead]:
    """Two leads whose ids are in different blocks of scoring."""
    first = people.inquiry(at=at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('leads_lead_id_seq', %s)", [first.pk + 1_000_000])
        second = people.inquiry(at=at)
        cursor.execute("SELECT setval('leads_lead_id_seq', %s)", [first.pk])
    return [first, second]
