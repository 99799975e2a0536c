"""What is said with a verb, and what came of it: values that the verbs take and give."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from leadflow.core.errors import Conflict
from leadflow.core.models import User


@dataclass(frozen=True)
class Cause:
    """What made a change when no person did: a kind and the id of its row."""

    kind: str = ""
    id: int | None = None


NOBODY = Cause()
INTEREST = "interest"  # its id is the activity that showed it
# Causes that nobody can be asked about: what verbs ask of people, they do not ask of a rule
RULES = frozenset({"definition", "handoff", INTEREST})


@dataclass(frozen=True)
class Act:
    """One verb with all that is said along with it.

    What comes in bulk says per lead when it happened, who did it (user id), which row caused it, the
    reason and the amount.
    """

    verb: str
    at: datetime
    by: User | None = None
    cause: Cause = NOBODY
    reason: str = ""
    note: str = ""
    towards: str = ""
    amount: Decimal | None = None
    currency: str = "EUR"
    is_silent: bool = False
    has_clock: bool | None = None  # None: unless it is silent
    may_skip: bool = False
    is_hand_raise: bool = False  # they asked for it themselves: their offers are first in line
    at_by_lead: Mapping[int, datetime] = field(default_factory=dict)
    by_id_by_lead: Mapping[int, int] = field(default_factory=dict)
    cause_id_by_lead: Mapping[int, int] = field(default_factory=dict)
    reason_by_lead: Mapping[int, str] = field(default_factory=dict)
    amount_by_lead: Mapping[int, Decimal] = field(default_factory=dict)

    def is_by_rule(self) -> bool:
        """Whether no person stands behind it."""
        return self.by is None and self.cause.kind in RULES

    def starts_clock(self) -> bool:
        """Whether offers that open get a due time."""
        return not self.is_silent if self.has_clock is None else self.has_clock

    def time_of(self, lead_id: int) -> datetime:
        """When it happened to this lead."""
        return self.at_by_lead.get(lead_id, self.at)

    def by_id_of(self, lead_id: int) -> int | None:
        """Who did it to this lead."""
        return self.by_id_by_lead.get(lead_id, self.by.pk if self.by else None)

    def cause_id_of(self, lead_id: int) -> int | None:
        """The row that caused it for this lead."""
        return self.cause_id_by_lead.get(lead_id, self.cause.id)

    def reason_of(self, lead_id: int) -> str:
        """Why it was done to this lead."""
        return self.reason_by_lead.get(lead_id, self.reason)

    def amount_of(self, lead_id: int) -> Decimal | None:
        """The money expected of this lead, where it was said."""
        return self.amount_by_lead.get(lead_id, self.amount)


class Change(NamedTuple):
    """One lead's move, as written to history."""

    lead_id: int
    id: int
    from_stage: str | None
    to_stage: str
    at: datetime
    cycle: int
    seconds: int | None = None
    business_seconds: int | None = None
    owner_before: int | None = None
    corrects: int | None = None


@dataclass(frozen=True)
class Moved:
    """What a batch did: the changes, and a sentence for each lead that could not be moved."""

    changes: tuple[Change, ...]
    refused: Mapping[int, str]

    def or_raise(self) -> "Moved":
        """Raise Conflict with the first refusal, for callers that move one lead."""
        if self.refused:
            raise Conflict(next(iter(self.refused.values())))
        return self
