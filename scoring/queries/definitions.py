"""Reading the agreements between teams, and who fulfils them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from leads import queries as leads
from leads.models import Activity, Handoff, Lead, Offer, Reason
from scoring.models import LeadDefinition, Rule, RuleSet
from scoring.queries.statement import fits


def current_definition(handoff_key: str) -> LeadDefinition | None:
    """The agreement in effect for a hand-off; None where nobody has agreed on one."""
    return in_effect().filter(handoff__key=handoff_key).first()


def in_effect() -> QuerySet[LeadDefinition]:
    """The agreements in effect of all hand-offs that are switched on."""
    signed = LeadDefinition.objects.filter(state=LeadDefinition.State.SIGNED)
    return signed.filter(handoff__is_active=True).select_related("handoff")


def ready_leads(
    definition: LeadDefinition,
    *,
    stages: Collection[str],
    at: datetime,
    lead_ids: Collection[int] | None = None,
) -> QuerySet[Lead]:
    """Leads in `stages` that fulfil a definition and are not held back, in id order."""
    ready = Lead.objects.filter(fits(definition.condition), stage__in=stages)
    if lead_ids is not None:
        ready = ready.filter(pk__in=list(lead_ids))
    held_back = closed_offers(definition).filter(_holds_back(at=at), lead=OuterRef("pk"))
    return ready.exclude(Exists(held_back)).order_by("pk")


def closed_offers(definition: LeadDefinition) -> QuerySet[Offer]:
    """Offers over the hand-off of a definition that were answered or ran out."""
    offers = Offer.objects.filter(handoff_id=definition.handoff_id)
    return offers.exclude(outcome=Offer.Outcome.PENDING)


def _holds_back(*, at: datetime) -> Q:
    """Nobody is offered twice for the same facts, nor before the cool-down is over."""
    earning = Rule.objects.filter(
        rule_set__state=RuleSet.State.PUBLISHED, is_active=True, points__gt=0
    )
    since = Activity.objects.filter(
        lead=OuterRef("lead"),
        occurred_at__gt=OuterRef("decided_at"),
        occurred_at__lte=at,
        is_automatic=False,
        kind__in=earning.values("kind"),
    )
    query = Q(~Exists(since))
    for code, days in Reason.objects.filter(verb="reject").values_list("code", "cool_down_days"):
        query |= Q(reason=code, decided_at__gt=at - timedelta(days=days))
    return query


@dataclass(frozen=True)
class Agreement:
    """A hand-off with the definition in effect, the draft, and those before in words."""

    handoff: Handoff
    current: LeadDefinition | None
    draft: LeadDefinition | None
    earlier: list[tuple[LeadDefinition, str]]
    clauses: list[str]


def agreements() -> list[Agreement]:
    """Every hand-off that is switched on with what was agreed for it, newest version first."""
    people = ("author", "signed_by_marketing", "signed_by_sales")
    versions = LeadDefinition.objects.select_related("handoff", *people).order_by("-version")
    by_handoff: dict[int, list[LeadDefinition]] = {}
    for definition in versions:
        by_handoff.setdefault(definition.handoff_id, []).append(definition)
    handoffs = Handoff.objects.filter(is_active=True).select_related("offered", "accepted")
    return [_agreement(handoff, by_handoff.get(handoff.pk, [])) for handoff in handoffs]


def clauses(condition: Mapping[str, Any]) -> list[str]:
    """What a definition asks for, one sentence a part."""
    parts = condition.get("all", [condition])
    return [leads.describe(part) for part in parts]


def _agreement(handoff: Handoff, versions: list[LeadDefinition]) -> Agreement:
    state = LeadDefinition.State
    current = next((one for one in versions if one.state == state.SIGNED), None)
    return Agreement(
        handoff=handoff,
        current=current,
        draft=next((one for one in versions if one.state == state.DRAFT), None),
        earlier=[
            (one, leads.describe(one.condition)) for one in versions if one.state == state.RETIRED
        ],
        clauses=clauses(current.condition) if current else [],
    )
