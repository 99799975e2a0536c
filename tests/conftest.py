"""Fixtures that every test may use."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from leadflow.core import intake, outbox
from leadflow.core.models import Role, Team, User
from tests.factories import people


@pytest.fixture(autouse=True)
def _quick_passwords(settings: object) -> None:
    """Argon2 is slow on purpose; sign-ins in tests need not be."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """A database with open connections cannot be dropped."""
    yield
    intake.close_all()


@pytest.fixture
def at() -> datetime:
    """A Tuesday morning."""
    return datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


@pytest.fixture
def settle() -> Callable[[], int]:
    """Deliver every event until none is left; returns how many deliveries ran."""

    def run() -> int:
        total = 0
        for _ in range(50):
            delivered = outbox.deliver_due(at=timezone.now())
            if not delivered:
                return total
            total += delivered
        raise AssertionError("events keep causing events")

    return run


@pytest.fixture
def sales(db: None) -> Team:
    return Team.objects.get(key="sales")


@pytest.fixture
def admin(db: None) -> User:
    return people.user(Role.ADMIN, is_staff=True, is_superuser=True)


@pytest.fixture
def manager(db: None) -> User:
    return people.user(Role.MANAGER)


@pytest.fixture
def marketer(db: None) -> User:
    return people.user(Role.MARKETER, team="marketing")


@pytest.fixture
def rep(db: None) -> User:
    return people.user(Role.REP, team="sales")


@pytest.fixture
def other_rep(db: None) -> User:
    return people.user(Role.REP, team="sales")


@pytest.fixture
def care(db: None) -> User:
    return people.user(Role.CARE, team="care")
