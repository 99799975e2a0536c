"""The panel "Why this score" on the record page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from leadflow.core import charts
from leadflow.core.models import User
from leads.models import Company, Lead
from scoring import queries
from scoring.queries import Explanation

PRODUCTS = 3


@dataclass(frozen=True)
class ProductInterest:
    """A product with the points of everybody together."""

    product: str
    points: float


def load_company_panel(company: Company, user: User) -> Mapping[str, Any] | None:
    """What the people of a company add up to, and what they care about; None where nobody is seen."""
    score = queries.company_scores([company.pk], user=user).get(company.pk)
    if score is None:
        return None
    people = queries.most_engaged(company.pk, user=user)
    points: dict[str, float] = {}
    for found in queries.interests(people, at=timezone.now(), most=PRODUCTS).values():
        for one in found:
            points[one.product] = points.get(one.product, 0.0) + one.points
    ranked = sorted(points.items(), key=lambda one: (-one[1], one[0]))[:PRODUCTS]
    return {"score": score, "interests": [ProductInterest(*one) for one in ranked]}


def load_score_panel(lead: Lead, user: User) -> Mapping[str, Any] | None:
    """The score of `lead` and the bars that make it; the bars add up to the score."""
    explanation = queries.explain(lead, timezone.now(), most=0)
    company_id = lead.company_id
    scores = queries.company_scores([company_id], user=user) if company_id else {}
    parts = [*_activities(explanation), *_caps(explanation), *_facts(explanation)]
    return {
        "lead": lead,
        "explanation": explanation,
        "company_score": scores.get(company_id or 0),
        "chart": charts.score_breakdown(parts),
    }


def _activities(explanation: Explanation) -> list[charts.Part]:
    """One bar per rule, the strongest first."""
    return [
        charts.Part(
            total.rule,
            round(total.remaining, 1),
            note=_note(total.counted, total.remaining, total.points),
        )
        for total in explanation.rules
        if total.counted
    ]


def _note(times: int, left: float, first: float) -> str:
    said = f"{times} times" if times > 1 else ""
    faded = f"{first:g} at first" if round(left, 1) < first else ""
    return ", ".join(part for part in (said, faded) if part)


def _caps(explanation: Explanation) -> list[charts.Part]:
    caps = [
        charts.Part(f"Above the cap of {group.name.lower()}", -round(group.lost_to_cap, 1))
        for group in explanation.groups
        if round(group.lost_to_cap, 1) > 0
    ]
    if round(explanation.lost_to_total_cap, 1) > 0:
        caps.append(
            charts.Part("Above the cap of all engagement", -round(explanation.lost_to_total_cap, 1))
        )
    return caps


def _facts(explanation: Explanation) -> list[charts.Part]:
    return [charts.Part(fact.label, fact.points) for fact in explanation.facts]
