"""Reading the agreements between teams, and who fulfils them."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery

from leads import queries as leads
from leads.models import Activity, Handoff, Lead, Offer, Reason, StageChange
from scoring.engine.definitions import assume
from scoring.models import LeadDefinition, Rule, RuleSet
from scoring.queries.plans import current_rules, load_plan
from scoring.queries.scope import Scope
from scoring.queries.statement import Score, compute_scores

LETS_GO = ("lose", "recycle")  # whichever hand-off a lead has crossed; a rejection is about its own


def current_definition(handoff_key: str) -> LeadDefinition | None:
    """The agreement in effect for a hand-off; None where nobody has agreed on one."""
    return in_effect().filter(handoff__key=handoff_key).first()


def in_effect() -> QuerySet[LeadDefinition]:
    """The agreements in effect of all hand-offs that are switched on."""
    signed = LeadDefinition.objects.filter(state=LeadDefinition.State.SIGNED)
    return signed.filter(handoff__is_active=True).select_related("handoff__offered")


def definitions_naming(stage: str) -> list[str]:
    """Definitions, in words, that are in effect or about to be and name a stage."""
    state = LeadDefinition.State
    agreed = LeadDefinition.objects.filter(state__in=[state.SIGNED, state.DRAFT])
    return [
        f"the lead definition of “{one.handoff}”"
        for one in agreed.select_related("handoff")
        if stage in leads.values_of(one.condition, "stage")
    ]


def definitions_using_segments() -> dict[str, list[str]]:
    """Definitions, in words, that are in effect or about to be, by the keys of segments they ask for."""
    state = LeadDefinition.State
    agreed = LeadDefinition.objects.filter(state__in=[state.SIGNED, state.DRAFT])
    return leads.uses_in(
        (one.condition, f"the lead definition of “{one.handoff}”")
        for one in agreed.select_related("handoff")
    )


def ready_leads(
    definition: LeadDefinition,
    *,
    stages: Collection[str],
    at: datetime,
    lead_ids: Collection[int] | None = None,
) -> QuerySet[Lead]:
    """Leads in `stages` that fulfil a definition and are not held back, in id order."""
    ready = leads.matching(definition.condition, at=at).filter(stage__in=stages)
    ready = ready.filter(leads.has_required(definition.handoff.offered.requires))
    if lead_ids is not None:
        ready = ready.filter(pk__in=list(lead_ids))
    idle = closed_offers(definition).exclude(Exists(_earning_since(at=at)))
    ready = ready.exclude(Exists(idle.filter(lead=OuterRef("pk"))))
    ready = ready.exclude(_is_cooling(definition, at=at))
    return ready.exclude(pk__in=_ready_by_old_points(ready, definition, at=at)).order_by("pk")


def closed_offers(definition: LeadDefinition) -> QuerySet[Offer]:
    """Offers over the hand-off of a definition that were answered or ran out."""
    offers = Offer.objects.filter(handoff_id=definition.handoff_id)
    return offers.exclude(outcome=Offer.Outcome.PENDING)


def _earning_since(*, at: datetime) -> QuerySet[Activity]:
    """What may have earned points since an offer was decided: without any there is no new fact."""
    earning = Rule.objects.filter(
        rule_set__state=RuleSet.State.PUBLISHED, is_active=True, points__gt=0
    )
    return Activity.objects.filter(
        lead=OuterRef("lead"),
        occurred_at__gt=OuterRef("decided_at"),
        occurred_at__lte=at,
        is_automatic=False,
        kind__in=earning.values("kind"),
    )


def _is_cooling(definition: LeadDefinition, *, at: datetime) -> Exists:
    """Whether the reason a lead was last let go for still holds it back."""
    answered = closed_offers(definition).filter(closed_by=OuterRef("pk"), lead=OuterRef("lead"))
    let_go = StageChange.objects.in_effect()
    let_go = let_go.filter(Q(verb__in=LETS_GO) | Q(Exists(answered), verb="reject"))
    last = let_go.filter(lead=OuterRef("lead")).order_by("-id").values("pk")[:1]
    still = Q(pk__in=[])
    reasons = Reason.objects.filter(verb__in=["reject", *LETS_GO], cool_down_days__gt=0)
    for verb, code, days in reasons.values_list("verb", "code", "cool_down_days"):
        still |= Q(verb=verb, reason=code, at__gt=at - timedelta(days=days))
    return Exists(StageChange.objects.filter(still, lead=OuterRef("pk"), pk=Subquery(last)))


def _ready_by_old_points(
    ready: QuerySet[Lead], definition: LeadDefinition, *, at: datetime
) -> set[int]:
    """Who fulfils a definition only with points from before their last offer was decided."""
    answered = closed_offers(definition).filter(lead__in=ready.values("pk")).order_by()
    since = dict(answered.values_list("lead").annotate(Max("decided_at")))
    if not since:
        return set()
    scope = Scope(at=at, lead_ids=since, since=since)
    scores = {
        score.lead_id: score for score in compute_scores(scope, plan=load_plan(current_rules()))
    }
    return set(since) - fulfilling(definition.condition, scores, at=at)


def fulfilling(
    condition: Mapping[str, Any], scores: Mapping[int, Score], *, at: datetime
) -> set[int]:
    """Of leads with these scores, those that a condition is true of; a few questions at most."""
    alike: dict[str, list[int]] = {}  # what is left to ask once the score is known, of whom
    for lead_id, score in scores.items():
        asked = json.dumps(assume(condition, score_fields(score)))
        alike.setdefault(asked, []).append(lead_id)
    found: set[int] = set()
    for asked, ids in alike.items():
        true = leads.matching(json.loads(asked), at=at).filter(pk__in=ids).order_by()
        found.update(true.values_list("pk", flat=True))
    return found


def score_fields(score: Score) -> dict[str, Any]:
    """A score as the fields of the condition language."""
    return {
        "engagement": score.engagement,
        "fit": score.fit,
        "score": score.engagement + score.fit,
        "grade": score.grade,
    }


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
