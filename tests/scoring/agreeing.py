"""Definitions as the tests write and sign them."""

from datetime import datetime
from typing import Any

from leadflow.core.models import User
from leads.models import Lead
from scoring import services as scoring
from scoring.models import LeadDefinition

ANY_SCORE = {"field": "score", "op": "gte", "value": 50}
DEMO = {
    "field": "activities",
    "op": "at_least",
    "value": 1,
    "kinds": ["form"],
    "title": "demo",
    "days": 30,
}


def propose(by: User, at: datetime, condition: Any = ANY_SCORE, **said: Any) -> LeadDefinition:
    return scoring.propose_definition(
        handoff_key="mql_sal", condition=condition, by=by, at=at, **said
    )


def agree(marketer: User, rep: User, at: datetime, **said: Any) -> LeadDefinition:
    """A version that both sides have signed."""
    draft = propose(marketer, at, **said)
    scoring.sign_definition(definition_id=draft.pk, side="marketing", by=marketer, at=at)
    return scoring.sign_definition(definition_id=draft.pk, side="sales", by=rep, at=at)


def stages_of(rows: list[Lead]) -> list[str]:
    found = dict(Lead.objects.values_list("pk", "stage"))
    return [found[row.pk] for row in rows]
