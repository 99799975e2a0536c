"""What the command palette finds among leads."""

from collections.abc import Iterable

from django.urls import reverse

from leadflow.core.models import User
from leadflow.core.palette import FOUND_PER_SEARCH, Entry
from leads import queries
from leads.engine.identity import clean


def find(user: User, query: str) -> Iterable[Entry]:
    """The leads with the highest score that hold every word of `query`."""
    found = queries.find_leads(user=user, q=clean(query, most=200)).select_related("company")
    for lead in found.order_by("-score", "-id")[:FOUND_PER_SEARCH]:
        hint = lead.company.name if lead.company else lead.email
        yield Entry(lead.name, reverse("leads:detail", args=[lead.pk]), "user-round", hint)
