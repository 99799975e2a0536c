"""Who fulfils a definition, and is not held back by what became of an earlier offer."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Greatest

from leadflow.core.errors import Invalid
from leads import queries as leads
from leads.models import Activity, Lead, Offer, Reason, Stage, StageChange
from scoring.engine.definitions import NEVER, assume
from scoring.models import LeadDefinition, Rule, RuleSet
from scoring.queries.plans import current_rules, load_plan
from scoring.queries.scope import Scope
from scoring.queries.statement import Score, compute_scores

LETS_GO = ("lose", "recycle")  # whichever hand-off a lead has crossed; a rejection is about its own


def in_effect() -> QuerySet[LeadDefinition]:
    """The agreements in effect of all hand-offs that are switched on."""
    signed = LeadDefinition.objects.filter(state=LeadDefinition.State.SIGNED)
    return signed.filter(handoff__is_active=True).select_related("handoff__offered")


def parts_of(definition: LeadDefinition) -> tuple[dict[str, Any], ...]:
    """The conditions that a definition is made of."""
    return definition.condition, definition.hand_raise, definition.exclusions


def ready_leads(
    definition: LeadDefinition,
    *,
    stages: Collection[str],
    at: datetime,
    lead_ids: Collection[int] | None = None,
) -> QuerySet[Any]:
    """Leads in `stages` that may be offered by a definition, in id order; none is held back.

    `raises` tells those who asked for it themselves: of them nothing else is wanted.
    """
    among = leads.matching({"not": definition.exclusions}, at=at).filter(stage__in=stages)
    among = among.filter(leads.has_required(definition.handoff.offered.requires))
    if lead_ids is not None:
        among = among.filter(pk__in=list(lead_ids))
    past = _with_past(definition, among)
    raises = _raises(definition, past, at=at)
    fulfil = leads.compile_condition(definition.condition, at=at)
    proven = _proven(definition, past.filter(fulfil), at=at)
    has_past = Q(Exists(_answered(definition))) | Q(Exists(_let_go().filter(lead=OuterRef("pk"))))
    fulfil &= Q(pk__in=proven) | ~has_past
    ready = among.filter(raises | fulfil) if raises else among.filter(fulfil)
    flag = Case(When(raises, then=Value(True)), default=Value(False)) if raises else Value(False)
    return ready.annotate(raises=flag).order_by("pk")


def is_readable(definition: LeadDefinition) -> bool:
    """Whether a definition can be asked: a field may have gone with its app."""
    try:
        for part in parts_of(definition):
            leads.compile_condition(part)
    except Invalid:
        return False
    return True


def closed_offers(definition: LeadDefinition) -> QuerySet[Offer]:
    """Offers over the hand-off of a definition that were answered or ran out."""
    offers = Offer.objects.filter(handoff_id=definition.handoff_id)
    return offers.exclude(outcome=Offer.Outcome.PENDING)


def _answered(definition: LeadDefinition) -> QuerySet[Offer]:
    """What became of earlier offers of the lead in question, newest first."""
    return closed_offers(definition).filter(lead=OuterRef("pk")).order_by("-decided_at")


def _let_go() -> QuerySet[StageChange]:
    return StageChange.objects.in_effect().filter(verb__in=LETS_GO)


def _with_past(definition: LeadDefinition, among: QuerySet[Lead]) -> QuerySet[Any]:
    """Leads that were answered or let go before; `since` is when that was last."""
    answered = Subquery(_answered(definition).values("decided_at")[:1])
    let_go = _let_go().filter(lead=OuterRef("pk")).order_by("-id").values("at")[:1]
    past: QuerySet[Any] = among.annotate(since=Greatest(answered, Subquery(let_go)))
    return past.filter(since__isnull=False)  # the greatest is whichever there is


def _raises(definition: LeadDefinition, past: QuerySet[Any], *, at: datetime) -> Q | None:
    """Who asked for it themselves, since their last answer; None where a definition knows no such thing."""
    if definition.hand_raise == NEVER:
        return None
    asked = leads.compile_condition(definition.hand_raise, at=at)
    anew = leads.has_new_evidence(definition.hand_raise, since="since", lead="pk", at=at)
    old = past.filter(asked).exclude(anew).values("pk")
    return asked & ~Q(pk__in=old)


def _proven(definition: LeadDefinition, past: QuerySet[Any], *, at: datetime) -> set[int]:
    """Who fulfils a definition by what they did since they were answered, their cool-down being over."""
    cool = past.filter(Exists(_earning_since(at=at))).exclude(_is_cooling(definition, at=at))
    since = dict(cool.order_by().values_list("pk", "since"))
    if not since:
        return set()
    scope = Scope(at=at, lead_ids=since, since=since)
    scores = {one.lead_id: one for one in compute_scores(scope, plan=load_plan(current_rules()))}
    return fulfilling(definition.condition, scores, at=at)


def _earning_since(*, at: datetime) -> QuerySet[Activity]:
    """What may have earned points since an answer: without any there is no new fact."""
    earning = Rule.objects.filter(
        rule_set__state=RuleSet.State.PUBLISHED, is_active=True, points__gt=0
    )
    return Activity.objects.filter(
        lead=OuterRef("pk"),
        occurred_at__gt=OuterRef("since"),
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
    for reason in _cooling_reasons():
        since = at - timedelta(days=reason.cool_down_days)
        still |= Q(verb=reason.verb, reason=reason.code, at__gt=since)
    return Exists(StageChange.objects.filter(still, lead=OuterRef("pk"), pk=Subquery(last)))


def _cooling_reasons() -> Iterable[Reason]:
    return Reason.objects.filter(verb__in=["reject", *LETS_GO], cool_down_days__gt=0)


def moved_by_time(definition: LeadDefinition, *, since: datetime | None, at: datetime) -> list[int]:
    """Leads whom the passing of time from `since` to `at` may have made ready; never followed: None."""
    found: set[int] = set()
    if since is not None:
        for condition in parts_of(definition):
            for query in leads.crossings(condition, after=since, until=at):
                found.update(query)
    return sorted(found | _cooled_down(since=since, at=at))


def _cooled_down(*, since: datetime | None, at: datetime) -> set[int]:
    """Leads whose cool-down has ended; the list of all stages lets change_into_stage find each span."""
    reasons: dict[int, Q] = {}
    for reason in _cooling_reasons():
        known = reasons.get(reason.cool_down_days, Q(pk__in=[]))
        reasons[reason.cool_down_days] = known | Q(verb=reason.verb, reason=reason.code)
    stages = list(Stage.objects.values_list("key", flat=True))
    entered = StageChange.objects.filter(to_stage__in=stages).order_by()
    found: set[int] = set()
    for days, which in reasons.items():
        span = timedelta(days=days)
        ended = entered.filter(which, at__lte=at - span)
        ended = ended.filter(at__gt=since - span) if since else ended
        found.update(ended.values_list("lead_id", flat=True))
    return found


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
