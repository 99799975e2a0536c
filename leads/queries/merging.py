"""Two records side by side: what differs, what would move, and what stands in the way of a merge."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import QuerySet, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Concat, NullIf, Trim

from content.models import Persona
from leadflow.core.models import User
from leadflow.core.parts import PersonTable, person_tables
from leads import policies
from leads.models import Consent, Lead, Merge, Offer, Opportunity, Stage
from leads.queries.paths import places_in
from leads.queries.pipeline import load_pipeline

KEPT, GONE = "kept", "gone"
NOT_KNOWN = (None, "", Persona.UNKNOWN)


@dataclass(frozen=True)
class Fact:
    """A fact of which one value lives on: its name, its words, its column, and how it is shown."""

    name: str
    label: str
    column: str
    path: str = ""

    def show(self, lead: Lead) -> str:
        """The value as people read it."""
        if self.name == "persona":
            return "" if lead.persona == Persona.UNKNOWN else str(lead.get_persona_display())
        if self.name == "source":
            return (lead.source or "").replace("_", " ").capitalize()
        value = getattr(lead, self.path or self.column)
        return "" if value is None else str(value)


FACTS = {
    fact.name: fact
    for fact in (
        Fact("first_name", "First name", "first_name"),
        Fact("last_name", "Last name", "last_name"),
        Fact("email", "E-mail", "email"),
        Fact("phone", "Phone", "phone"),
        Fact("company", "Company", "company_id", "company"),
        Fact("job_title", "Job title", "job_title"),
        Fact("persona", "Persona", "persona"),
        Fact("country", "Country", "country"),
        Fact("language", "Language", "language"),
        Fact("owner", "Owner", "owner_id", "owner"),
        Fact("territory", "Territory", "territory_id", "territory"),
        Fact("source", "Source", "source"),
        Fact("campaign", "Campaign", "campaign_id", "campaign"),
        Fact("external_id", "External id", "external_id"),
    )
}


def choose_fact(kept: Lead, gone: Lead, fact: Fact, side: str = "") -> Lead:
    """The record whose value of a fact lives on: the one named, else the kept one where it knows."""
    if side:
        return gone if side == GONE else kept
    mine, theirs = getattr(kept, fact.column), getattr(gone, fact.column)
    return gone if mine in NOT_KNOWN and theirs not in NOT_KNOWN else kept


@dataclass(frozen=True)
class FactRow:
    """A fact of both records; `side` is the one that lives on."""

    fact: Fact
    kept: str
    gone: str
    differs: bool
    side: str

    @property
    def is_kept(self) -> bool:
        """Whether the value of the kept record lives on."""
        return self.side == KEPT

    @property
    def is_gone(self) -> bool:
        """Whether the value of the record that goes lives on."""
        return self.side == GONE


@dataclass(frozen=True)
class Comparison:
    """Two records before they are merged; `refusal` says why they cannot be."""

    kept: Lead
    gone: Lead
    facts: list[FactRow]
    moving: list[tuple[str, int]]
    refusal: str
    warnings: list[str]
    suggested: int
    why: str


def compare_leads(*, kept: Lead, gone: Lead) -> Comparison:
    """Everything that the page of a merge shows, in a fixed number of queries."""
    suggested, why = suggest_kept(kept, gone)
    return Comparison(
        kept=kept,
        gone=gone,
        facts=[_compare_fact(kept, gone, fact) for fact in FACTS.values()],
        moving=count_moving(gone),
        refusal=merge_refusal(kept=kept, gone=gone),
        warnings=_warn(kept, gone),
        suggested=suggested,
        why=why,
    )


def _compare_fact(kept: Lead, gone: Lead, fact: Fact) -> FactRow:
    mine, theirs = fact.show(kept), fact.show(gone)
    side = GONE if choose_fact(kept, gone, fact) is gone else KEPT
    return FactRow(fact, mine, theirs, mine != theirs, side)


def count_moving(gone: Lead) -> list[tuple[str, int]]:
    """What would go over to the record that is kept, table by table; empty ones are left out."""
    counts = [
        (table.label, table.model.objects.filter(**{table.lead: gone}).count())
        for _, table in moving_tables()
        if table.exported
    ]
    return [(label, count) for label, count in counts if count]


def moving_tables() -> list[tuple[str, PersonTable]]:
    """Tables whose rows go over from one lead to another, by their names."""
    return [
        (name, table)
        for name, table in person_tables.items()
        if "__" not in table.lead and not table.stays
    ]


def merge_refusal(*, kept: Lead, gone: Lead) -> str:
    """Why two leads cannot be merged this way round, in a sentence; empty when they can."""
    both = [kept.pk, gone.pk]
    waiting = set(Offer.objects.pending().filter(lead__in=both).values_list("lead_id", flat=True))
    money = Opportunity.objects.filter(lead__in=both, state=Opportunity.State.OPEN)
    return policies.merge_refused(
        kept=kept, gone=gone, waiting=waiting, open_money={one.lead_id: one for one in money}
    )


def suggest_kept(one: Lead, other: Lead) -> tuple[int, str]:
    """Which of two should live on, and why: further along the path, more history, older."""
    waiting = Offer.objects.pending().filter(lead__in=[one, other])
    ids = set(waiting.values_list("lead_id", flat=True))
    if len(ids) == 1:
        return ids.pop(), "it waits for an answer"
    places = places_in(load_pipeline())
    asked = (
        ("it is further along the path", lambda lead: places.get(lead.stage, -1)),
        ("more is known to have happened", _count_history),
        ("it came first", lambda lead: -lead.created_at.timestamp()),
    )
    for why, measure in asked:
        mine, theirs = measure(one), measure(other)
        if mine != theirs:
            return (one.pk if mine > theirs else other.pk), why
    return min(one.pk, other.pk), "it was written down first"


def _count_history(lead: Lead) -> int:
    return lead.activities.count() + lead.changes.count()


def _warn(kept: Lead, gone: Lead) -> list[str]:
    """What somebody should know before they merge."""
    stages = Stage.objects.in_bulk([kept.stage, gone.stage])
    found = []
    if kept.stage != gone.stage:
        found.append(
            f"The record stays in “{stages[kept.stage]}”. That the other one stood in "
            f"“{stages[gone.stage]}” is kept in its history."
        )
    refused = _refusing(kept, gone)
    if refused:
        found.append(f"The last word on {refused} is a no, from whichever record: it stays a no.")
    return found


def _refusing(kept: Lead, gone: Lead) -> str:
    """Purposes on which the two records disagree and the last word is a no."""
    latest = Consent.objects.filter(lead__in=[kept, gone]).order_by(
        "lead_id", "purpose", "-at", "-id"
    )
    words: dict[str, list[Consent]] = {}
    for consent in latest.distinct("lead_id", "purpose"):
        words.setdefault(str(consent.get_purpose_display()).lower(), []).append(consent)
    return ", ".join(
        name
        for name, said in words.items()
        if len({one.is_given for one in said}) == 2
        and not max(said, key=lambda one: (one.at, not one.is_given)).is_given
    )


def list_merges(*, user: User) -> QuerySet[Merge]:
    """Merges of records that `user` may see, without the rows they keep; `gone_name` names who went."""
    nothing = Value("", output_field=TextField())
    first, last, email, phone = (
        Coalesce(KT(f"before__lead__{name}"), nothing)
        for name in ("first_name", "last_name", "email", "phone")
    )
    space = Value(" ", output_field=TextField())
    full = Trim(Concat(first, space, last, output_field=TextField()))
    known = [NullIf(part, nothing) for part in (full, email, phone)]
    unknown = Value("A record without a name", output_field=TextField())
    merges = Merge.objects.filter(kept__in=Lead.objects.visible_to(user)).defer("before")
    return merges.annotate(gone_name=Coalesce(*known, unknown)).select_related(
        "kept", "by", "undone_by"
    )


def follow_merges(lead_ids: Collection[int]) -> dict[int, int]:
    """Where leads that were merged away live on, by their old numbers."""
    merges = Merge.objects.filter(gone_id__in=list(lead_ids), undone_at=None).order_by()
    return dict(merges.values_list("gone_id", "kept_id"))


def find_holders(key: str, values: Collection[str]) -> dict[str, int]:
    """Who is known by an `email` or `external_id`: its lead, or the one that its lead was merged into."""
    found = dict(Lead.objects.filter(**{f"{key}__in": values}).order_by().values_list(key, "pk"))
    missing = [value for value in values if value and value not in found]
    return find_heirs(key, missing) | found


def find_heirs(key: str, values: Collection[str]) -> dict[str, int]:
    """Leads that records with such an `email` or `external_id` were merged into."""
    if not values:
        return {}
    merges = Merge.objects.filter(undone_at=None, **{f"gone_{key}__in": values})
    heirs = merges.exclude(**{f"gone_{key}": ""}).order_by("pk")
    return dict(heirs.values_list(f"gone_{key}", "kept_id"))
