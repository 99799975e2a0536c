"""What may be demanded of a lead before it enters a stage: facts that must be known."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from content.models import Persona
from leads.models import Lead, Opportunity


@dataclass(frozen=True)
class Requirement:
    """A fact that must be known: its name, what to do about it, and who has it."""

    label: str
    sentence: str
    known: Q


def _filled(column: str) -> Q:
    return ~Q(**{column: ""})


def _linked(column: str) -> Q:
    return Q(**{f"{column}__isnull": False})


AMOUNT = "amount"
REQUIREMENTS: dict[str, Requirement] = {
    AMOUNT: Requirement(
        "Amount expected",
        "Say what amount you expect",
        Q(Exists(Opportunity.objects.filter(lead=OuterRef("pk"), state=Opportunity.State.OPEN))),
    ),
    "email": Requirement("E-mail address", "Add an e-mail address", _filled("email")),
    "phone": Requirement("Phone number", "Add a phone number", _filled("phone")),
    "last_name": Requirement("Last name", "Add a last name", _filled("last_name")),
    "job_title": Requirement("Job title", "Add a job title", _filled("job_title")),
    "company": Requirement("Company", "Add a company", _linked("company")),
    "country": Requirement("Country", "Add a country", _filled("country")),
    "persona": Requirement("Persona", "Choose a persona", ~Q(persona=Persona.UNKNOWN)),
    "product": Requirement(
        "Product of interest",
        "Choose a product of interest",
        Q(Exists(Lead.products.through.objects.filter(lead=OuterRef("pk")))),
    ),
    "territory": Requirement("Territory", "Choose a territory", _linked("territory")),
    "campaign": Requirement("Campaign", "Choose a campaign", _linked("campaign")),
}


def requirement_choices() -> list[tuple[str, str]]:
    """Facts that a stage may require, as (key, words)."""
    return [(key, one.label) for key, one in REQUIREMENTS.items()]


def has_required(requires: Collection[str]) -> Q:
    """A filter for leads of which every required fact is known."""
    found = Q()
    for name in requires:
        found &= REQUIREMENTS[name].known
    return found


def find_lacking(*, lead_ids: Collection[int], requires: Collection[str]) -> dict[str, set[int]]:
    """Of `lead_ids`, those that lack each required fact; one query per fact."""
    lacking = {}
    for name in requires:
        leads = Lead.objects.filter(pk__in=list(lead_ids)).exclude(REQUIREMENTS[name].known)
        lacking[name] = set(leads.order_by().values_list("pk", flat=True))
    return lacking
