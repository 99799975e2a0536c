"""Tags and segments of the demo company."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from leadflow.core.models import User
from leads import services as leads
from leads.models import Segment

TAGGED = (
    # tag, every so many leads
    ("Press", 37),
    ("Partner", 23),
)
SEGMENTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    # name, what it is for, whom it means
    (
        "Active",
        "Whom the inside team looks at on Monday mornings",
        {
            "field": "activities",
            "op": "at_least",
            "value": 2,
            "kinds": ["page_view", "download"],
            "days": 30,
        },
    ),
    (
        "Warm, without an owner",
        "",
        {
            "all": [
                {"field": "score", "op": "gte", "value": 40},
                {"field": "owner", "op": "unknown"},
                {"not": {"field": "tag", "op": "in", "value": ["press", "partner"]}},
            ]
        },
    ),
    (
        "Decision makers gone quiet",
        "For the letter in spring",
        {
            "all": [
                {"field": "persona", "op": "eq", "value": "decision_maker"},
                {"field": "last_activity", "op": "older_days", "value": 60},
                {"field": "won", "op": "unknown"},
            ]
        },
    ),
    (
        "Call list",
        "What the inside team calls first",
        {
            "all": [
                {"field": "segment", "op": "has", "value": "warm-without-an-owner"},
                {"field": "phone", "op": "known"},
            ]
        },
    ),
)


def group_people(ids: Sequence[int], *, by: User, at: datetime) -> None:
    """Tag some leads, and write the segments where there are none."""
    for name, step in TAGGED:
        leads.tag_leads(lead_ids=ids[::step], names=[name], by=by, at=at)
    known = set(Segment.objects.values_list("name", flat=True))
    for name, description, condition in SEGMENTS:
        if name not in known:
            leads.create_segment(
                name=name, description=description, condition=condition, by=by, at=at
            )
    leads.fill_segments(at=at)
