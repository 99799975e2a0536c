"""What the record page shows of how a lead came."""

from collections.abc import Mapping
from typing import Any

from leads import queries
from leads.engine.arrivals import site_of
from leads.models import Lead, Visit

SHOWN = 10


def load_origin(lead: Lead, user: Any) -> Mapping[str, Any] | None:
    """The newest touches of a lead, one of them more than is shown; None hides the box."""
    visits = queries.visits_of(lead_id=lead.pk, most=SHOWN + 1)
    if not visits:
        return None
    touches = [_touch(visit) for visit in visits[:SHOWN]]
    return {"touches": touches, "has_more": len(visits) > SHOWN, "shown": SHOWN}


def _touch(visit: Visit) -> dict[str, Any]:
    """A visit with the name of where it came from, and the page that linked where that is another."""
    linked = site_of(visit.referrer)
    name = visit.source or linked
    through = linked if linked not in {"", name} else ""
    return {"visit": visit, "name": name, "through": through}
