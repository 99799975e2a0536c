"""Rows that every app may point at: people, calendars, keys, and the outbox of events."""

from leadflow.core.models.calendars import Calendar, Holiday
from leadflow.core.models.lookups import AnyOf
from leadflow.core.models.outbox import Delivery, OutboxEvent
from leadflow.core.models.people import Absence, Role, Team, User
from leadflow.core.models.tokens import ApiToken

__all__ = [
    "Absence",
    "AnyOf",
    "ApiToken",
    "Calendar",
    "Delivery",
    "Holiday",
    "OutboxEvent",
    "Role",
    "Team",
    "User",
]
