"""The panel "Why this score" on the record page."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from leadflow.core import charts
from leadflow.core.models import User
from leads.models import Lead
from scoring import queries
from scoring.queries import Explanation


def load_score_panel(lead: Lead, user: User) -> Mapping[str, Any] | None:
    """The score of `lead` and the bars that make it; the bars add up to the score."""
    explanation = queries.explain(lead, timezone.now())
    parts = [*_activities(explanation), *_caps(explanation), *_facts(explanation)]
    return {"explanation": explanation, "chart": charts.score_breakdown(parts)}


def _activities(explanation: Explanation) -> list[charts.Part]:
    """One bar per rule, the strongest first."""
    by_rule: dict[str, list[float]] = {}
    first: dict[str, float] = {}
    for part in explanation.contributions:
        if part.is_counted:
            by_rule.setdefault(part.rule, []).append(part.remaining)
            first[part.rule] = first.get(part.rule, 0.0) + part.points
    bars = [
        charts.Part(rule, round(sum(left), 1), note=_note(len(left), sum(left), first[rule]))
        for rule, left in by_rule.items()
    ]
    return sorted(bars, key=lambda bar: -bar.points)


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
