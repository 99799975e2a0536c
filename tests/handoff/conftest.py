"""Fixtures of the hand-off's tests."""

from datetime import datetime

import pytest

from leads.models import Offer, Territory
from tests.handoff.scenes import make_offers


@pytest.fixture
def north(db: None) -> Territory:
    return Territory.objects.create(key="north", name="North")


@pytest.fixture
def offer(db: None, at: datetime) -> Offer:
    """One lead that waits for sales."""
    return make_offers(1, at=at)[0]
