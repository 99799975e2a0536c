"""How the demo leads came and what marketing made of them: a site, visits, guests, tags, segments, views."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any

from leadflow.core.models import User
from leadflow.operations.demo.company import Company
from leadflow.operations.demo.story import Story
from leads import services as leads
from leads.models import Campaign, Guest, SavedView, Segment, Site, Visit

HOSTS = ("www.quietplant.example", "quietplant.example")
MEDIUMS = {
    # source of a lead → utm_source, utm_medium, referrer
    "organic_search": ("", "", "https://www.search.example/"),
    "paid_search": ("search-ads", "cpc", "https://www.search.example/"),
    "social": ("social", "post", "https://www.social.example/"),
    "email": ("newsletter", "email", ""),
    "referral": ("", "", "https://partners.example/"),
}
OPEN_HOUSE = "open-house"
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
    stories: Sequence[Story], ids: Sequence[int], company: Company, *, at: datetime, random: Random
) -> None:
    """Everything about how leads came that the stories alone do not tell."""
    marketer = company.marketer
    site = _open_site(marketer)
    _write_visits(stories, ids, company, site, at=at)
    _fill_guest_lists(stories, ids, company, at=at)
    _announce(company, ids, at=at, random=random)
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


def _fill_guest_lists(
    stories: Sequence[Story], ids: Sequence[int], company: Company, *, at: datetime
) -> None:
    """Whoever came by an event had registered for it, and three of four were there."""
    for source in ("event", "webinar"):
        campaign = company.campaigns[source]
        mine = [
            pk for pk, story in zip(ids, stories, strict=True) if story.facts["source"] == source
        ]
        held_at = datetime.combine(campaign.starts_on or at.date(), time(9), tzinfo=UTC)
        leads.register_guests(
            campaign_ids_by_lead=[(campaign.pk, pk, held_at - timedelta(days=9)) for pk in mine],
            source="form",
        )
        guests = Guest.objects.filter(campaign=campaign).order_by("pk").values_list("pk", flat=True)
        here = [pk for number, pk in enumerate(guests) if number % 4]
        leads.admit_guests(guest_ids=here, by=None, at=at, came_at=held_at)


def _announce(company: Company, ids: Sequence[int], *, at: datetime, random: Random) -> None:
    """An open house in two weeks: some are invited, some have registered."""
    day = (at + timedelta(days=15)).date()
    facts = {
        "name": "Open house at the quiet plant",
        "kind": Campaign.Kind.SEMINAR,
        "place": "Riverton, Harbour Street 4",
        "starts_on": day,
        "ends_on": day,
        "expected_guests": 60,
    }
    campaign = Campaign.objects.filter(key=OPEN_HOUSE).first()
    campaign = campaign or leads.add_campaign(key=OPEN_HOUSE, facts=facts, by=company.marketer)
    chosen = random.sample(list(ids), min(len(ids), 70))
    leads.invite_guests(
        campaign_id=campaign.pk, lead_ids=chosen, by=company.marketer, at=at - timedelta(days=12)
    )
    leads.register_guests(
        campaign_ids_by_lead=[
            (campaign.pk, pk, at - timedelta(days=random.uniform(1, 11)))
            for pk in chosen[: len(chosen) // 2]
        ],
        source="form",
    )
