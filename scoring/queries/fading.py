"""Points as they are kept, read at a later moment: halved by age, capped, added up, rounded.

Every function gives a piece of SQL over a row of `scoring_leadpoints` (or one shaped like it).
"""

from scoring.models import ScoreGroup
from scoring.queries.plans import Plan

# Half up; what doubles lose on their way must not decide which way a half goes.
ROUNDING = "0.5000001"


def share_left(group: ScoreGroup, seconds: str) -> str:
    """What is left of fading points after so many seconds: 1 at first, never more."""
    if group.half_life_days is None:
        return "1"
    halvings = f"GREATEST({seconds}, 0) / {group.half_life_days * 86_400}.0::double precision"
    return f"power(2::double precision, -LEAST({halvings}, 1000))"


def seconds_between(earlier: str, later: str) -> str:
    """Seconds from one moment to another, as a double."""
    return f"date_part('epoch', {later} - {earlier})"


def exact_engagement(plan: Plan, *, row: str, at: str) -> str:
    """Engagement before rounding, at the moment `at`, of the points in `row`."""
    seconds = seconds_between(f"{row}.at", at)
    groups = [
        capped(f"{row}.lasting[{n}] + {row}.fading[{n}] * {share_left(group, seconds)}", group.cap)
        for n, group in enumerate(plan.groups, 1)
    ]
    total = " + ".join(groups) or "0::double precision"
    return capped(total, plan.rule_set.engagement_cap)


def rounded(points: str) -> str:
    """Whole points of exact ones."""
    return f"floor({points} + {ROUNDING})::int"


def grade(plan: Plan, *, engagement: str, fit: str) -> str:
    """The grade of two figures: fit gives the letter, engagement the number."""
    bands = plan.rule_set
    return (
        f"CASE WHEN {fit} >= {bands.fit_a_from} THEN 'A' "
        f"WHEN {fit} >= {bands.fit_b_from} THEN 'B' ELSE 'C' END || "
        f"CASE WHEN {engagement} >= {bands.engagement_1_from} THEN '1' "
        f"WHEN {engagement} >= {bands.engagement_2_from} THEN '2' ELSE '3' END"
    )


def capped(points: str, cap: int | None) -> str:
    return f"({points})" if cap is None else f"LEAST({points}, {cap}::double precision)"
