"""Reading the agreements between teams, and who fulfils them."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from leads.engine.pipeline import Pipeline
from leads.models import Activity, Lead, Offer, Reason
from leads.models.people import LeadQuerySet
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
    pipeline: Pipeline,
    at: datetime,
    lead_ids: Collection[int] | None = None,
) -> LeadQuerySet:
    """Leads before the hand-off that fulfil its definition and are not held back, in id order."""
    handoff = definition.handoff
    before = [
        key
        for key in pipeline.path
        if pipeline.offer_ahead(key, handoff.key) == handoff.offered_id
    ]
    ready = Lead.objects.filter(fits(definition.condition), stage__in=before)
    if lead_ids is not None:
        ready = ready.filter(pk__in=list(lead_ids))
    held_back = closed_offers(definition).filter(_holds_back(at=at), lead=OuterRef("pk"))
    return ready.exclude(Exists(held_back)).order_by("pk")


def closed_offers(definition: LeadDefinition) -> QuerySet[Offer]:
    """Offers over the hand-off of a definition that were answered or ran out."""
    offers = Offer.objects.filter(handoff_id=definition.handoff_id)
    return offers.exclude(outcome=Offer.Outcome.PENDING)


def _holds_back(*, at: datetime) -> Q:
    """Nobody is offered twice for the same facts, nor before the cool-down of the reason is over."""
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
    query = ~Exists(since)
    for code, days in Reason.objects.filter(verb="reject").values_list("code", "cool_down_days"):
        query |= Q(reason=code, decided_at__gt=at - timedelta(days=days))
    return Q(query)
