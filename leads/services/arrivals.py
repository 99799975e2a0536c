"""Where the people came from who sent a form, kept as visits."""

from collections.abc import Sequence
from datetime import timedelta

from leads.engine.arrivals import Arrival
from leads.models import Campaign, FormSubmission, Visit

SAME_VISIT = timedelta(hours=1)  # the tracking script has told of it already


def campaigns_of(submissions: Sequence[FormSubmission]) -> dict[str, Campaign]:
    """Campaigns by key, as far as the addresses that people came by name one."""
    keys = {_arrival(submission).campaign for submission in submissions} - {""}
    return {row.key: row for row in Campaign.objects.filter(key__in=keys)} if keys else {}


def record_arrivals(*, submissions: Sequence[FormSubmission]) -> int:
    """Make a visit of every submission that came from somewhere; returns how many."""
    campaigns = campaigns_of(submissions)
    told = _told_before(submissions)
    visits = [
        _visit(submission, campaigns)
        for submission in submissions
        if _arrival(submission).is_known and submission.pk not in told
    ]
    return len(Visit.objects.bulk_create(visits))


def _told_before(submissions: Sequence[FormSubmission]) -> set[int]:
    """Ids of submissions whose visit the script of the same page has reported."""
    pairs = {submission.visitor_id for submission in submissions if submission.visitor_id}
    if not pairs:
        return set()
    earliest = min(submission.received_at for submission in submissions) - SAME_VISIT
    seen: dict[object, list[Visit]] = {}
    for visit in Visit.objects.filter(visitor__in=pairs, at__gte=earliest):
        seen.setdefault(visit.visitor_id, []).append(visit)
    return {
        submission.pk
        for submission in submissions
        if any(_is_same(submission, visit) for visit in seen.get(submission.visitor_id, ()))
    }


def _is_same(submission: FormSubmission, visit: Visit) -> bool:
    arrival = _arrival(submission)
    marks = (arrival.source, arrival.medium, arrival.campaign)
    is_near = abs(submission.received_at - visit.at) <= SAME_VISIT
    return is_near and marks == (visit.source, visit.medium, visit.campaign_name)


def _visit(submission: FormSubmission, campaigns: dict[str, Campaign]) -> Visit:
    arrival = _arrival(submission)
    return Visit(
        lead_id=submission.lead_id,
        visitor_id=submission.visitor_id,
        at=submission.received_at,
        source=arrival.source[:80],
        medium=arrival.medium[:80],
        campaign_name=arrival.campaign[:120],
        campaign=campaigns.get(arrival.campaign),
        term=arrival.term[:120],
        content=arrival.content[:120],
        referrer=arrival.referrer[:500],
        landing_url=arrival.landing_url[:500],
    )


def _arrival(submission: FormSubmission) -> Arrival:
    return Arrival.of(submission.context.get("arrival"))
