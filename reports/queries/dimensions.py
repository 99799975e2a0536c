"""What figures can be told apart by: the column in SQL, and the words for its values."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from content.models import Persona, Product
from leadflow.core.errors import Invalid
from leadflow.core.models import Team, User
from leads.models import Campaign, Territory
from scoring.models import LeadDefinition

BLANK = "blank"
NOT_RECORDED = "not recorded"
Value = str | int | None
Words = Mapping[Value, tuple[str, str]]  # value in SQL → key, label


@dataclass(frozen=True)
class Group:
    """One value of a dimension; `key` names it in JSON: None = not recorded, "" = left blank."""

    key: str | None
    label: str


@dataclass(frozen=True)
class Dimension:
    """One way to split: SQL over `lead`, `entry` (its cycle) or `offer`, and the words for it.

    `param` is the filter of the list of leads that takes a key; "" for months, which narrow the
    period. `is_exclusive` tells that a lead has one value at a time, so that groups add up to the
    total; `is_ordered` that values follow each other, so that the largest does not come first.
    """

    key: str
    name: str
    column: str
    param: str = ""
    join: str = ""
    words: Callable[[Collection[Value]], Words] | None = None
    nothing: str = NOT_RECORDED
    is_exclusive: bool = True
    is_ordered: bool = False

    @property
    def is_month(self) -> bool:
        """Whether the values are months."""
        return self.key == "month"

    @property
    def is_of_lead(self) -> bool:
        """Whether the column needs the row of the lead."""
        return bool(self.join) or self.column.startswith("lead.")

    def groups(self, values: Collection[Value]) -> dict[Value, Group]:
        """The words for values as SQL has them; blank, not recorded and "unknown" stay apart."""
        known = self.words(values) if self.words else {}
        return {value: self._group(value, known) for value in values}

    def label_of(self, param: str) -> str:
        """The words for a value as the filters of the list of leads call it."""
        if param in {"__none", "__blank"}:
            return self.nothing if param == "__none" else BLANK
        values: list[Value] = [param, *([int(param)] if param.isdecimal() else [])]
        known = self.words(values) if self.words else {}
        return next((known[value][1] for value in values if value in known), param)

    def _group(self, value: Value, known: Words) -> Group:
        if value is None:
            return Group(None, self.nothing)
        if value == "":
            return Group("", BLANK)
        key, label = known.get(value, (str(value), str(value)))
        return Group(key, label)


def _campaigns(values: Collection[Value]) -> Words:
    return _named(Campaign.objects.all(), values)


def _products(values: Collection[Value]) -> Words:
    return _named(Product.objects.all(), values)


def _territories(values: Collection[Value]) -> Words:
    return _named(Territory.objects.all(), values)


def _teams(values: Collection[Value]) -> Words:
    return _named(Team.objects.all(), values)


def _people(values: Collection[Value]) -> Words:
    people = User.objects.filter(pk__in=_ids(values))
    return {person.pk: (str(person.pk), str(person)) for person in people}


def _personas(values: Collection[Value]) -> Words:
    return {str(key): (str(key), str(name)) for key, name in Persona.choices}


def _spaced(values: Collection[Value]) -> Words:
    return {value: (str(value), str(value).replace("_", " ")) for value in values if value}


def _months(values: Collection[Value]) -> Words:
    months = {str(value): date.fromisoformat(f"{value}-01") for value in values if value}
    return {month: (month, f"{first:%b %Y}") for month, first in months.items()}


def _definitions(values: Collection[Value]) -> Words:
    rows = LeadDefinition.objects.filter(pk__in=_ids(values)).select_related("handoff")
    return {row.pk: (str(row.pk), str(row)) for row in rows}


def _cycles(values: Collection[Value]) -> Words:
    return {value: (str(value), f"{_ordinal(value)} cycle") for value in _ids(values)}


def _ordinal(number: int) -> str:
    teen = number % 100 in {11, 12, 13}
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _named(rows: QuerySet[Any], values: Collection[Value]) -> Words:
    """Words for rows by their ids, and by their keys where those were given."""
    keys = [value for value in values if isinstance(value, str)]
    found = rows.order_by().filter(Q(pk__in=_ids(values)) | Q(key__in=keys))
    named = list(found.values_list("pk", "key", "name"))
    by_id: dict[Value, tuple[str, str]] = {pk: (key, name) for pk, key, name in named}
    return by_id | {key: (key, name) for _, key, name in named if key in keys}


def _ids(values: Collection[Value]) -> list[int]:
    return [value for value in values if isinstance(value, int)]


PRODUCT_JOIN = "LEFT JOIN leads_lead_products AS interest ON interest.lead_id = lead.id"
SOURCE = Dimension("source", "Source", "lead.source", "source", words=_spaced)
CAMPAIGN = Dimension(
    "campaign", "Campaign", "lead.campaign_id", "campaign", words=_campaigns, nothing="no campaign"
)
PRODUCT = Dimension(
    "product",
    "Product of interest",
    "interest.product_id",
    "product",
    join=PRODUCT_JOIN,
    words=_products,
    nothing="no product",
    is_exclusive=False,
)

LEAD_DIMENSIONS = {
    dimension.key: dimension
    for dimension in (
        SOURCE,
        CAMPAIGN,
        PRODUCT,
        Dimension("owner", "Owner", "lead.owner_id", "owner", words=_people, nothing="nobody"),
        Dimension(
            "territory",
            "Territory",
            "lead.territory_id",
            "territory",
            words=_territories,
            nothing="no territory",
        ),
        Dimension("persona", "Persona", "lead.persona", "persona", words=_personas),
        Dimension("country", "Country", "lead.country", "country"),
        Dimension(
            "cycle",
            "Cycle",
            "entry.cycle",
            "cycle",
            words=_cycles,
            is_exclusive=False,
            is_ordered=True,
        ),
        Dimension(
            "month",
            "Month of entry",
            "to_char(entry.at AT TIME ZONE %(zone)s, 'YYYY-MM')",
            words=_months,
            is_exclusive=False,
            is_ordered=True,
        ),
    )
}
OFFER_DIMENSIONS = {
    dimension.key: dimension
    for dimension in (
        Dimension("team", "Team", "offer.team_id", "offer_team", words=_teams, nothing="no team"),
        Dimension(
            "rep",
            "Rep",
            "COALESCE(offer.decided_by_id, offer.assignee_id)",
            "offer_rep",
            words=_people,
            nothing="nobody yet",
        ),
        SOURCE,
        CAMPAIGN,
        PRODUCT,
        Dimension(
            "definition",
            "Lead definition",
            "CASE WHEN offer.cause_kind = 'definition' THEN offer.cause_id END",
            "definition",
            words=_definitions,
            nothing="not by a definition",
        ),
        Dimension("cycle", "Cycle", "offer.cycle", "offer_cycle", words=_cycles, is_ordered=True),
        Dimension(
            "month",
            "Month of the offer",
            "to_char(offer.offered_at AT TIME ZONE %(zone)s, 'YYYY-MM')",
            words=_months,
            is_ordered=True,
        ),
    )
}


def dimension(by: str | None, known: Mapping[str, Dimension]) -> Dimension | None:
    """The dimension called `by`, None for none; raises Invalid naming what there is."""
    if not by:
        return None
    if by not in known:
        choices = ", ".join(known)
        raise Invalid(f"There is no “{by}” to split by. Choose one of: {choices}.", field="by")
    return known[by]
