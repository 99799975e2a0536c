"""Acts on many leads: which ones there are, what would become of the chosen, and what became of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet
from django_fsm import TransitionNotAllowed

from leadflow.core.errors import Invalid
from leadflow.core.models import Team, User
from leads import policies
from leads.engine.pipeline import Pipeline
from leads.models import BulkAct, BulkItem, Lead, Offer, Stage
from leads.models.people import LeadQuerySet
from leads.queries.lists import list_leads
from leads.queries.requirements import AMOUNT, REQUIREMENTS

ASSIGN, INVITE, TAG, UNTAG = "assign", "invite", "tag", "untag"
STAYS = frozenset({ASSIGN, INVITE, TAG, UNTAG})  # acts that leave a lead in its stage
ANSWERS = frozenset({"accept", "reject"})
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Kind:
    """One act that can be done to many leads, in words: “Offer”, “offered”."""

    verb: str
    label: str
    participle: str
    icon: str
    is_harsh: bool = False

    @property
    def moves(self) -> bool:
        """Whether it may lead to another stage."""
        return self.verb not in STAYS


KINDS = {
    kind.verb: kind
    for kind in (
        Kind("offer", "Offer", "offered", "send"),
        Kind("accept", "Accept", "accepted", "check"),
        Kind("reject", "Reject", "rejected", "corner-up-left", is_harsh=True),
        Kind(ASSIGN, "Assign owner", "assigned", "user-round-check"),
        Kind(INVITE, "Invite to an event", "invited", "ticket"),
        Kind(TAG, "Tag", "tagged", "tag"),
        Kind(UNTAG, "Remove tag", "untagged", "tags"),
        Kind("advance", "Advance", "advanced", "arrow-right"),
        Kind("recycle", "Recycle", "recycled", "recycle"),
        Kind("win", "Won", "won", "trophy"),
        Kind("lose", "Lost", "lost", "circle-x", is_harsh=True),
        Kind("disqualify", "Disqualify", "disqualified", "ban", is_harsh=True),
        Kind("revive", "Revive", "revived", "rotate-ccw"),
    )
}


def kinds_for(user: User) -> list[Kind]:
    """The acts that the role of `user` allows, in order."""
    return [kind for kind in KINDS.values() if policies.permits(kind.verb, by=user)]


def choose_leads(
    *, user: User, ids: Iterable[str] = (), params: Mapping[str, str] | None = None
) -> LeadQuerySet:
    """Leads that `user` may see: those named, or all that the list page shows for `params`."""
    if params is not None:
        return list_leads(user=user, params=params)
    named = [_lead_id(text) for text in ids]
    return Lead.objects.visible_to(user).filter(pk__in=named)


def _lead_id(text: str) -> int:
    if not text.isdecimal() or int(text) > LARGEST_ID:
        raise Invalid(f"“{text[:40]}” names no lead.", field="lead")
    return int(text)


@dataclass(frozen=True)
class Outlook:
    """Chosen leads of one stage, where the act would lead them, and how many lack a fact."""

    stage: Stage
    count: int
    target: Stage | None = None
    lacking: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Foreseen:
    """What an act would do, by stage; `others` are offers that somebody else has to answer."""

    outlooks: tuple[Outlook, ...]
    others: int
    asks_amount: bool

    @property
    def total(self) -> int:
        """Leads chosen."""
        return sum(outlook.count for outlook in self.outlooks)

    @property
    def fitting(self) -> int:
        """Leads that stand where the act is possible."""
        return sum(outlook.count for outlook in self.outlooks if outlook.target)


def foresee(
    *, chosen: LeadQuerySet, verb: str, by: User, pipeline: Pipeline, towards: str = ""
) -> Foreseen:
    """What `verb` would do to the chosen leads, counted by stage; nothing is changed."""
    chosen = Lead.objects.filter(pk__in=chosen.order_by().values("pk"))
    counts = dict(chosen.order_by().values_list("stage").annotate(Count("pk")))
    targets = {stage: _target(stage, verb, towards, pipeline) for stage in counts}
    rows = Stage.objects.in_bulk()
    outlooks = tuple(
        Outlook(
            stage=rows[stage],
            count=counts[stage],
            target=rows.get(targets[stage] or ""),
            lacking=_lacking(chosen.filter(stage=stage), targets[stage], pipeline),
        )
        for stage in sorted(counts, key=lambda key: rows[key].position)
    )
    entered = {target for target in targets.values() if target}
    return Foreseen(
        outlooks=outlooks,
        others=_count_others(chosen, by=by) if verb in ANSWERS else 0,
        asks_amount=any(AMOUNT in pipeline.requires(target) for target in entered),
    )


def _target(stage: str, verb: str, towards: str, pipeline: Pipeline) -> str | None:
    """Where the verb leads from a stage; None where it does not fit."""
    if verb in STAYS:
        return stage
    lead = Lead(stage=stage)
    lead.pipeline, lead.towards = pipeline, towards
    try:
        getattr(lead, verb)()
    except TransitionNotAllowed:
        return None
    return str(lead.stage)


def _lacking(
    leads: LeadQuerySet, target: str | None, pipeline: Pipeline
) -> tuple[tuple[str, int], ...]:
    """Facts that the stage ahead requires and how many lack them; an amount is asked for anyway."""
    names = pipeline.requires(target) if target else ()
    counts = {
        REQUIREMENTS[name].label.lower(): leads.exclude(REQUIREMENTS[name].known).count()
        for name in names
    }
    return tuple((label, count) for label, count in counts.items() if count)


def _count_others(chosen: LeadQuerySet, *, by: User) -> int:
    """Offers of the chosen leads that other people have to answer."""
    offers = Offer.objects.pending().filter(lead__in=chosen.values("pk")).order_by()
    groups = offers.values_list("team", "assignee").annotate(Count("pk"))
    teams = Team.objects.in_bulk()
    return sum(
        count
        for team_id, assignee_id, count in groups
        if policies.decision_refused(Offer(team=teams.get(team_id), assignee_id=assignee_id), by=by)
    )


def group_refusals(act: BulkAct) -> list[tuple[str, int]]:
    """Why leads were refused, as (sentence, leads), the most frequent first."""
    refused = act.items.filter(outcome=BulkItem.Outcome.REFUSED).order_by()
    grouped = refused.values_list("sentence").annotate(count=Count("pk"))
    return list(grouped.order_by("-count", "sentence")[:50])


def list_items(
    *, act: BulkAct, user: User, outcome: str = "", sentence: str = ""
) -> QuerySet[BulkItem]:
    """Leads of an act with what became of each; `is_visible` tells whom `user` may see by now."""
    items = BulkItem.objects.filter(act=act).select_related("lead__company")
    if outcome:
        items = items.filter(outcome=outcome)
    if sentence:
        items = items.filter(sentence=sentence)
    seen = Lead.objects.visible_to(user).filter(pk=OuterRef("lead_id"))
    return items.annotate(is_visible=Exists(seen)).order_by("id")
