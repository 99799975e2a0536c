"""People who come to events and are known or not yet: found, filled in, or created."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Count, Min

from leads.models import Campaign, Lead
from leads.queries.merging import find_holders
from leads.services.acts import Cause
from leads.services.people import NewLead, create_leads, find_or_create_companies, update_facts

Facts = Mapping[str, str]
FILLED = ("phone", "first_name", "last_name")


def match_attendees(facts: Collection[Facts]) -> dict[str, int]:
    """Ids of known leads by `key_of`: by e-mail, else by a number that only one of them has."""
    emails = {one["email"] for one in facts if one["email"]}
    phones = {one["phone"] for one in facts if not one["email"]}
    found = find_holders("email", emails)
    owners = Lead.objects.filter(phone__in=phones).order_by().values("phone")
    single = owners.annotate(lead_id=Min("pk"), people=Count("pk")).filter(people=1)
    return found | dict(single.values_list("phone", "lead_id"))


def key_of(facts: Facts) -> str:
    """What one is known by."""
    return facts["email"] or facts["phone"]


def create_attendees(
    people: Sequence[tuple[Facts, str]], *, campaign: Campaign, cause: Cause, at: datetime
) -> dict[str, int]:
    """Leads that an event brought, given as (facts, company); returns their ids by `key_of`."""
    leads = create_leads(
        people=[
            NewLead(
                at=at,
                facts={**facts, "source": campaign.key, "campaign_id": campaign.pk},
                company_name=company,
            )
            for facts, company in people
        ],
        at=at,
        cause=cause,
    )
    return {key_of(facts): lead.pk for (facts, _), lead in zip(people, leads, strict=True)}


def fill_in_attendees(people: Mapping[int, tuple[Facts, str]], *, at: datetime) -> int:
    """Add what was missing of known leads, by lead id; what is known is never overwritten."""
    known = Lead.objects.in_bulk(list(people))
    lacking = {
        company for pk, (_, company) in people.items() if company and not known[pk].company_id
    }
    companies = find_or_create_companies(lacking)
    missing: dict[int, dict[str, str | int]] = {}
    for pk, (facts, company) in people.items():
        new: dict[str, str | int] = {
            name: facts[name] for name in FILLED if facts[name] and not getattr(known[pk], name)
        }
        if company and not known[pk].company_id:
            new["company_id"] = companies[company]
        if new:
            missing[pk] = new
    return update_facts(facts_by_lead=missing, at=at)
