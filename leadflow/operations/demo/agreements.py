"""What marketing and sales of the demo company agreed a lead is, and what they are talking about now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from leadflow.core.models import User
from leadflow.operations.demo.company import Company
from scoring import services as scoring
from scoring.models import LeadDefinition

HANDOFF = "mql_sal"
PHONE = {"field": "phone", "op": "known"}
DEMO_REQUEST = {
    "field": "activities",
    "op": "at_least",
    "value": 1,
    "kinds": ["form"],
    "title": "demo",
    "days": 30,
}
LEFT_OUT: dict[str, Any] = {
    "any": [
        {"field": "won", "op": "known"},
        {"field": "job_title", "op": "contains", "value": "student"},
        {"field": "company", "op": "contains", "value": "Competitor"},
    ]
}


@dataclass(frozen=True)
class Agreed:
    """Ids of the two versions that the history of the company knows, and when the second began."""

    first: int | None
    second: int | None
    since: datetime

    def at(self, moment: datetime) -> int | None:
        """The version that offered leads at a moment."""
        return self.second if moment >= self.since else self.first


def agree_early(company: Company, *, days: int, at: datetime) -> Agreed:
    """The shipped definition from the beginning, and the one that replaced it on the way."""
    since = at - timedelta(days=days * 0.45)
    first = scoring.backdate_shipped(at=at - timedelta(days=days + 1))
    versions = LeadDefinition.objects.filter(handoff__key=HANDOFF, version__gt=1)
    if versions.exists():  # more people for a company that is there already
        known = versions.filter(state=LeadDefinition.State.SIGNED).first()
        return Agreed(first.pk if first else None, known.pk if known else None, since)
    second = _propose(
        company.marketer,
        55,
        at=since - timedelta(days=6),
        hand_raise=DEMO_REQUEST,
        exclusions=LEFT_OUT,
        comment="Fewer bought contacts, and nobody waits who asks for a demo",
    )
    _say(second, _rep(company), "Good. Buyers without a phone number cost us a day each.", at=since)
    _sign(second, "marketing", company.marketer, at=since - timedelta(days=2))
    _sign(second, "sales", _rep(company), at=since)
    return Agreed(first.pk if first else None, second.pk, since)


def propose_late(company: Company, *, at: datetime) -> None:
    """A proposal that sales has not signed yet, and a word about it."""
    if LeadDefinition.objects.filter(handoff__key=HANDOFF, version__gt=2).exists():
        return
    draft = _propose(
        company.marketer,
        65,
        at=at - timedelta(days=1),
        hand_raise=DEMO_REQUEST,
        exclusions=LEFT_OUT,
        takes_effect=LeadDefinition.TakesEffect.DAILY,
        a_day=5,
        first_come=LeadDefinition.Order.SCORE,
        comment="Acceptance is below what we agreed: ask for more",
    )
    _sign(draft, "marketing", company.marketer, at=at - timedelta(hours=23))
    words = "Would we still see those from the trade show? They read little and buy anyway."
    _say(draft, _rep(company), words, at=at - timedelta(hours=5))


def _propose(by: User, points: int, *, at: datetime, **said: Any) -> LeadDefinition:
    condition = {
        "all": [
            {"field": "score", "op": "gte", "value": points},
            {"field": "engagement", "op": "gte", "value": 25},
            PHONE,
        ]
    }
    return scoring.propose_definition(
        handoff_key=HANDOFF, condition=condition, by=by, at=at, **said
    )


def _sign(definition: LeadDefinition, side: str, by: User, *, at: datetime) -> None:
    scoring.sign_definition(definition_id=definition.pk, side=side, by=by, at=at)


def _say(definition: LeadDefinition, by: User, text: str, *, at: datetime) -> None:
    scoring.comment_definition(definition_id=definition.pk, text=text, by=by, at=at)


def _rep(company: Company) -> User:
    return company.reps["north"][0]
