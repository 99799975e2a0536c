"""What a condition means, told a second time in plain Python: slow, naive, and independent of the engine."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from content.models import Asset, Persona, Product
from leadflow.core.models import Team, User
from leads import services as leads
from leads.models import (
    Activity,
    Campaign,
    Consent,
    Guest,
    Lead,
    Opportunity,
    Segment,
    SegmentMember,
    Tag,
    Territory,
    Visit,
)

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
TEXTS = ("", "Plant manager", "plant MANAGER", "Händler", "50 %_off", "Buyer")
KINDS = ("page_view", "download", "form")
KEYS = {
    "product": ("pump", "line"),
    "campaign": ("expo", "fair"),
    "asset": ("paper", "sheet"),
    "tag": ("hot", "cold"),
    "segment": ("first", "second"),
    "territory": ("north", "south"),
    "team": ("sales", "marketing"),
}


@dataclass
class Facts:
    """All that is known of one lead: a list of values for each field, empty where nothing is known."""

    lead_id: int
    values: dict[str, list[Any]] = field(default_factory=dict)
    activities: list[dict[str, Any]] = field(default_factory=list)


def is_true(condition: Mapping[str, Any], facts: Facts, at: datetime) -> bool:
    """Whether a condition is true of a lead."""
    if "all" in condition:
        return all(is_true(part, facts, at) for part in condition["all"])
    if "any" in condition:
        return any(is_true(part, facts, at) for part in condition["any"])
    if "not" in condition:
        return not is_true(condition["not"], facts, at)
    if condition["field"] == "activities":
        return _counts(condition, facts, at)
    values = facts.values[condition["field"]]
    return _ASKED[condition["op"]](values, condition.get("value"), at)


def _counts(condition: Mapping[str, Any], facts: Facts, at: datetime) -> bool:
    found = [one for one in facts.activities if _is_counted(condition, one, at)]
    asked = condition["value"]
    return {
        "at_least": len(found) >= asked,
        "at_most": len(found) <= asked,
        "exactly": len(found) == asked,
    }[condition["op"]]


def _is_counted(condition: Mapping[str, Any], one: dict[str, Any], at: datetime) -> bool:
    days = condition.get("days")
    return (
        (not condition.get("kinds") or one["kind"] in condition["kinds"])
        and (not condition.get("asset") or one["asset"] in condition["asset"])
        and (not condition.get("campaign") or one["campaign"] in condition["campaign"])
        and (not condition.get("product") or bool(one["products"] & set(condition["product"])))
        and (condition.get("title", "").lower() in one["title"].lower())
        and (days is None or one["at"] > at - timedelta(days=days))
    )


def _known(values: list[Any]) -> bool:
    return any(value not in (None, "") for value in values)


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        return float(value) if re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,10})?", value) else None
    return None if value is None else float(value)


def _compares(test: Any) -> Any:
    def ask(values: list[Any], asked: Any, at: datetime) -> bool:
        numbers = [_number(value) for value in values]
        return any(number is not None and test(number, asked) for number in numbers)

    return ask


def _same(value: Any, asked: Any) -> bool:
    if isinstance(value, str):
        return value.lower() == str(asked).lower()
    return value is not None and value == asked


def _reads(test: Any) -> Any:
    def ask(values: list[Any], asked: Any, at: datetime) -> bool:
        return any(value is not None and test(value.lower(), asked.lower()) for value in values)

    return ask


def _dated(test: Any) -> Any:
    """A test of (value, now, asked), with days where the value is one."""

    def ask(values: list[Any], asked: Any, at: datetime) -> bool:
        return any(
            test(value, at if isinstance(value, datetime) else at.date(), asked)
            for value in values
            if value is not None
        )

    return ask


def _day(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value


def _ahead(value: Any, now: Any, days: int) -> bool:
    begun = value > now if isinstance(value, datetime) else value >= now
    return begun and value <= now + timedelta(days)


def _not(ask: Any) -> Any:
    return lambda *said: not ask(*said)


_eq = lambda values, asked, at: any(_same(value, asked) for value in values)  # noqa: E731
_in = lambda values, asked, at: any(value in asked for value in values)  # noqa: E731
_contains = _reads(lambda value, asked: asked in value)
_is_known = lambda values, asked, at: _known(values)  # noqa: E731
_ASKED: dict[str, Any] = {
    "gte": _compares(lambda value, asked: value >= asked),
    "lte": _compares(lambda value, asked: value <= asked),
    "gt": _compares(lambda value, asked: value > asked),
    "lt": _compares(lambda value, asked: value < asked),
    "eq": _eq,
    "ne": _not(_eq),
    "has": _eq,
    "in": _in,
    "none": _not(_in),
    "contains": _contains,
    "lacks": _not(_contains),
    "starts": _reads(lambda value, asked: value.startswith(asked)),
    "known": _is_known,
    "filled": _is_known,
    "unknown": _not(_is_known),
    "empty": _not(_is_known),
    "yes": lambda values, asked, at: bool(values and values[0]),
    "no": lambda values, asked, at: not (values and values[0]),
    "last_days": _dated(lambda value, now, days: now - timedelta(days) < value <= now),
    "older_days": _dated(lambda value, now, days: value <= now - timedelta(days)),
    "next_days": _dated(_ahead),
    "before": _dated(lambda value, now, day: _day(value) < date.fromisoformat(day)),
    "after": _dated(lambda value, now, day: _day(value) > date.fromisoformat(day)),
    "on": _dated(lambda value, now, day: _day(value) == date.fromisoformat(day)),
}


# ---- a world to ask about


def make_world(random: Random, count: int = 30) -> None:
    """Leads of every kind, most of them with something missing."""
    things = _make_things()
    people = leads.create_leads(
        people=[_person(random, number, things) for number in range(count)],
        at=NOW - timedelta(days=200),
        is_silent=True,
    )
    for lead in people:
        _describe(lead, random)
        _relate(lead, random, things)


def _make_things() -> dict[str, list[Any]]:
    products = [Product.objects.create(key=key, name=key) for key in KEYS["product"]]
    assets = [Asset.objects.create(key=key, title=key, kind="white_paper") for key in KEYS["asset"]]
    assets[0].products.set(products)
    assets[1].products.set(products[:1])
    campaigns = [
        Campaign.objects.create(
            key=key, name=key, kind=Campaign.Kind.TRADE_SHOW, starts_on=NOW.date() + timedelta(days)
        )
        for key, days in zip(KEYS["campaign"], (3, -3), strict=True)
    ]
    owners = [
        User.objects.create_user(
            f"{key}@example.com", "x", name=key, role="rep", team=Team.objects.get(key=key)
        )
        for key in KEYS["team"]
    ]
    segments = [
        Segment.objects.create(
            key=key, name=key, condition={"all": []}, followed_to=NOW, as_of=NOW, created_at=NOW,
            changed_at=NOW,
        )
        for key in KEYS["segment"]
    ]  # fmt: skip
    return {
        "products": products,
        "assets": assets,
        "campaigns": campaigns,
        "owners": owners,
        "segments": segments,
        "tags": [Tag.objects.create(key=key, name=key) for key in KEYS["tag"]],
        "territories": [Territory.objects.create(key=k, name=k) for k in KEYS["territory"]],
    }


def _person(random: Random, number: int, things: dict[str, list[Any]]) -> Any:
    pick = random.choice
    owner, territory = pick([None, *things["owners"]]), pick([None, *things["territories"]])
    campaign = pick([None, *things["campaigns"]])
    return leads.NewLead(
        at=NOW - timedelta(days=random.randint(0, 60), hours=random.randint(0, 23)),
        facts={
            "email": pick(["", f"p{number}@Acme.example", f"q{number}@mail.example"]),
            "phone": pick(["", "+4930901820"]),
            "job_title": pick(TEXTS),
            "source": pick([None, *TEXTS]),
            "country": pick(["", "DE", "SE"]),
            "language": pick(["", "de", "DE-at"]),
            "persona": pick(Persona.values),
            "owner_id": owner and owner.pk,
            "territory_id": territory and territory.pk,
            "campaign_id": campaign and campaign.pk,
        },
        attributes=pick([{}, {"budget": 100}, {"budget": "25.5"}, {"budget": "much"}]),
        company_name=pick(["", "Acme", "Bolt"]),
    )


def _describe(lead: Lead, random: Random) -> None:
    engagement, fit = random.randint(0, 9), random.randint(-3, 3)
    Lead.objects.filter(pk=lead.pk).update(
        engagement=engagement,
        fit=fit,
        score=engagement + fit,
        grade=random.choice(["", "A1", "C3"]),
    )
    if lead.company_id:
        company = lead.company
        company.industry = random.choice(["", "Energy", "Water"])
        company.employees = random.choice([None, 5, 500])
        company.country = random.choice(["", "DE"])
        company.save()


def _relate(lead: Lead, random: Random, things: dict[str, list[Any]]) -> None:
    some = lambda rows: random.sample(rows, random.randint(0, len(rows)))  # noqa: E731
    lead.products.set(some(things["products"]))
    lead.tags.set(some(things["tags"]))
    for segment in some(things["segments"]):
        SegmentMember.objects.create(segment=segment, lead=lead, since=NOW)
    for campaign in some(things["campaigns"]):
        Visit.objects.create(lead=lead, at=NOW, campaign=campaign)
    for campaign in some(things["campaigns"]):
        when = lambda: random.choice([None, NOW])  # noqa: E731
        Guest.objects.create(
            lead=lead, campaign=campaign, invited_at=when(), registered_at=when(),
            attended_at=when(), cancelled_at=when(),
        )  # fmt: skip
    for purpose in Consent.Purpose.values:
        for minutes in range(random.randint(0, 2)):
            Consent.objects.create(
                lead=lead, purpose=purpose, is_given=random.random() < 0.5, source="test",
                at=NOW - timedelta(minutes=minutes),
            )  # fmt: skip
    for state in some([Opportunity.State.OPEN, Opportunity.State.WON, Opportunity.State.WON]):
        ended = None if state == "open" else NOW - timedelta(days=random.randint(0, 40))
        Opportunity.objects.create(
            lead=lead, amount=random.choice([0, 50, 99.5]), state=state, opened_at=NOW,
            closed_at=ended,
        )  # fmt: skip
    leads.record_activities(
        activities=[
            Activity(
                lead=lead,
                kind=random.choice(KINDS),
                occurred_at=NOW
                - timedelta(days=random.randint(0, 40), minutes=random.randint(0, 9)),
                asset=random.choice([None, *things["assets"]]),
                campaign=random.choice([None, *things["campaigns"]]),
                title=random.choice(TEXTS),
                is_automatic=random.random() < 0.2,
            )
            for _ in range(random.randint(0, 6))
        ],
        at=NOW,
        is_silent=True,
    )


def read_world() -> list[Facts]:
    """Everything that is known of everybody, read row by row."""
    related = ("company", "owner__team", "territory", "campaign")
    return [_read(lead) for lead in Lead.objects.select_related(*related).order_by("pk")]


def _read(lead: Lead) -> Facts:
    facts = Facts(lead.pk)
    company = lead.company
    one = lambda thing, name: [getattr(thing, name)] if thing else []  # noqa: E731
    facts.values = {
        name: [getattr(lead, name)]
        for name in (
            "score", "engagement", "fit", "grade", "stage", "cycle", "persona", "job_title",
            "country", "language", "email", "phone", "source", "stage_since",
        )
    }  # fmt: skip
    budget = lead.attributes.get("budget")
    facts.values |= {
        "created": [lead.created_at],
        "last_activity": [lead.last_activity_at],
        "email_domain": [lead.email.partition("@")[2]],
        "owner": [str(lead.owner_id)] if lead.owner_id else [],
        "owner_team": one(lead.owner and lead.owner.team, "key"),
        "territory": one(lead.territory, "key"),
        "campaign": one(lead.campaign, "key"),
        "company": one(company, "name"),
        "industry": one(company, "industry"),
        "employees": one(company, "employees"),
        "company_country": one(company, "country"),
        "product": [row.key for row in lead.products.all()],
        "tag": [row.key for row in lead.tags.all()],
        "segment": [row.segment.key for row in lead.memberships.select_related("segment")],
        "visited": [row.campaign.key for row in lead.visits.select_related("campaign")],
        "attribute.budget": [] if budget is None else [str(budget)],
    }
    facts.values |= _read_guests(lead) | _read_money(lead) | _read_consents(lead)
    facts.activities = [
        {
            "kind": row.kind,
            "asset": row.asset.key if row.asset else None,
            "products": {p.key for p in row.asset.products.all()} if row.asset else set(),
            "campaign": row.campaign.key if row.campaign else None,
            "title": row.title,
            "at": row.occurred_at,
        }
        for row in lead.activities.filter(is_automatic=False)
    ]
    return facts


def _read_guests(lead: Lead) -> dict[str, list[Any]]:
    rows = list(lead.invitations.select_related("campaign"))
    coming = [row for row in rows if row.registered_at and not row.cancelled_at]
    return {
        "invited": [row.campaign.key for row in rows if row.invited_at],
        "registered": [row.campaign.key for row in coming],
        "attended": [row.campaign.key for row in rows if row.attended_at],
        "event_starts": [row.campaign.starts_on for row in coming],
    }


def _read_money(lead: Lead) -> dict[str, list[Any]]:
    rows = list(lead.opportunities.all())
    return {
        "open_opportunity": [any(row.state == "open" for row in rows)],
        "open_amount": [row.amount for row in rows if row.state == "open"],
        "won": [row.closed_at for row in rows if row.state == "won"],
    }


def _read_consents(lead: Lead) -> dict[str, list[Any]]:
    found = {}
    for purpose in Consent.Purpose.values:
        rows = sorted(lead.consents.filter(purpose=purpose), key=lambda row: (row.at, row.pk))
        found[f"consent_{purpose}"] = [bool(rows) and rows[-1].is_given]
        found[f"withdrew_{purpose}"] = [bool(rows) and not rows[-1].is_given]
    return found
