"""How the demo leads came and what marketing made of them: a site, visits, tags, segments, views."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from leadflow.core.models import User
from leadflow.operations.demo.company import Company
from leadflow.operations.demo.story import Story
from leads import services as leads
from leads.models import Campaign, SavedView, Segment, Site, Visit

HOSTS = ("www.quietplant.example", "quietplant.example")
MEDIUMS = {
    # source of a lead → utm_source, utm_medium, referrer
    "organic_search": ("", "", "https://www.search.example/"),
    "paid_search": ("search-ads", "cpc", "https://www.search.example/"),
    "social": ("social", "post", "https://www.social.example/"),
    "email": ("newsletter", "email", ""),
    "referral": ("", "", "https://partners.example/"),
}
SEGMENTS: Sequence[tuple[str, str, dict[str, Any]]] = (
    # name, description, condition
    (
        "Warm, but no phone number",
        "They read a lot; ask for a number before sales can call.",
        {
            "all": [
                {"field": "engagement", "op": "gte", "value": 15},
                {"field": "phone", "op": "unknown"},
            ]
        },
    ),
    (
        "Quiet for ninety days",
        "Once interested, silent since: the list for a fresh start.",
        {
            "all": [
                {"field": "last_activity", "op": "older_days", "value": 90},
                {"field": "stage", "op": "in", "value": ["inquiry", "recycled"]},
            ]
        },
    ),
    (
        "Downloaded twice in a month",
        "Two papers in thirty days is more than curiosity.",
        {
            "field": "activities",
            "op": "at_least",
            "value": 2,
            "kinds": ["download"],
            "days": 30,
        },
    ),
)
VIEWS = (
    # name, query string, is shared
    ("Hot and unowned", "grade=A&owner=nobody&sort=score", True),
    ("New this week", "sort=newest", True),
)


def write_interest(
    stories: Sequence[Story], ids: Sequence[int], company: Company, *, at: datetime
) -> None:
    """Everything about how leads came that the stories alone do not tell."""
    marketer = company.marketer
    site = _open_site(marketer)
    _write_visits(stories, ids, company, site, at=at)
    leads.tag_leads(lead_ids=ids[:: max(len(ids) // 12, 1)], names=["VIP"], by=marketer, at=at)
    for name, description, condition in SEGMENTS:
        if not Segment.objects.filter(name=name).exists():
            leads.create_segment(
                name=name, description=description, condition=condition, by=marketer, at=at
            )
    for name, query, is_shared in VIEWS:
        SavedView.objects.get_or_create(
            owner=marketer, name=name, defaults={"query": query, "is_shared": is_shared}
        )


def _open_site(by: User) -> Site:
    found = Site.objects.filter(name="Quiet Plant").first()
    return found or leads.save_site(name="Quiet Plant", hosts=HOSTS, mode=Site.Mode.ASK, by=by)


def _write_visits(
    stories: Sequence[Story], ids: Sequence[int], company: Company, site: Site, *, at: datetime
) -> None:
    """The first arrival of everybody who came over the web."""
    visits = [
        _visit(pk, story, company.campaigns, site)
        for pk, story in zip(ids, stories, strict=True)
        if story.facts["source"] in MEDIUMS
    ]
    leads.append_history(activities=[], consents=[], visits=visits, at=at)


def _visit(pk: int, story: Story, campaigns: Mapping[str, Campaign], site: Site) -> Visit:
    source, medium, referrer = MEDIUMS[story.facts["source"]]
    campaign = campaigns.get(story.facts["source"]) if source else None
    return Visit(
        lead_id=pk,
        site=site,
        at=story.at,
        source=source,
        medium=medium,
        campaign=campaign,
        campaign_name=campaign.key if campaign else "",
        referrer=referrer,
        landing_url=f"https://{HOSTS[0]}/{story.product}/",
    )
