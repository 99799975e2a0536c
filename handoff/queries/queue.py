"""The queue: what waits for an answer, most urgent first, with why this lead and why now."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q, QuerySet

from handoff import policies
from handoff.models import Notice
from leadflow.core.models import Team, User
from leads.models import Activity, Lead, Offer, Stage

MINE, OPEN, TEAM = "mine", "open", "team"
MOST = 100
URGENCY = ("-is_hand_raise", F("due_at").asc(nulls_last=True), "-lead__score", "pk")


@dataclass(frozen=True)
class QueueRow:
    """One waiting offer as the reader of the queue sees it."""

    offer: Offer
    why_now: Activity | None
    is_mine: bool
    may_take: bool

    @property
    def lead(self) -> Lead:
        """The person who waits."""
        return self.offer.lead


@dataclass(frozen=True)
class Queue:
    """One view of the queue: its rows, how many each view has, how many are late or nearly so."""

    rows: list[QueueRow]
    view: str
    counts: dict[str, int]
    late: int
    soon: int

    @property
    def total(self) -> int:
        """Offers in this view, shown or not."""
        return self.counts[self.view]

    @property
    def more(self) -> int:
        """Offers of this view beyond the rows shown."""
        return max(0, self.total - len(self.rows))


def offers_before(user: User) -> QuerySet[Offer]:
    """Pending offers that `user` may see and answer: their own, their team's, all for overseers."""
    offers = Offer.objects.pending().visible_to(user).filter(handoff__is_active=True)
    if user.role in policies.OVERSEERS:
        return offers
    if not user.has_perm("handoff.see_queue"):
        return offers.none()
    mine = Q(assignee=user)
    return offers.filter(mine | Q(team=user.team_id) if user.team_id else mine)


def queue_for(
    user: User, at: datetime, *, view: str = "", team: Team | None = None, most: int = MOST
) -> Queue:
    """The queue of `user` as of `at`: who asked for it, then time left, then score. Views: mine, open, team.

    Without a view: one's own offers, or the whole team's for those who oversee. Constant queries.
    """
    view = view or default_view(user)
    offers = _of_team(offers_before(user), team)
    counts, late, soon = _count(offers, user=user, view=view, at=at)
    shown = _shown(_of_view(offers, view, user=user), most=most)
    now = _why_now([offer.lead_id for offer in shown])
    away = _away({offer.assignee_id for offer in shown if offer.assignee_id}, at=at)
    rows = [
        QueueRow(
            offer=offer,
            why_now=now.get(offer.lead_id),
            is_mine=offer.assignee_id == user.pk,
            may_take=offer.assignee_id is None or offer.assignee_id in away - {user.pk},
        )
        for offer in shown
    ]
    return Queue(rows, view, counts, late, soon)


def default_view(user: User) -> str:
    """What a person sees first: their own offers, everybody's for those who oversee."""
    return TEAM if user.role in policies.OVERSEERS else MINE


def _of_team(offers: QuerySet[Offer], team: Team | None) -> QuerySet[Offer]:
    return offers if team is None else offers.filter(team=team)


def _of_view(offers: QuerySet[Offer], view: str, *, user: User) -> QuerySet[Offer]:
    if view == MINE:
        return offers.filter(assignee=user)
    return offers.filter(assignee=None) if view == OPEN else offers


def _count(
    offers: QuerySet[Offer], *, user: User, view: str, at: datetime
) -> tuple[dict[str, int], int, int]:
    """Offers per view, and how many of the chosen one are late or due within the hour."""
    chosen = {MINE: Q(assignee=user), OPEN: Q(assignee=None)}.get(view, Q())
    soon = Q(due_at__gt=at, due_at__lte=at + timedelta(hours=1))
    found = offers.order_by().aggregate(
        mine=Count("pk", filter=Q(assignee=user)),
        open=Count("pk", filter=Q(assignee=None)),
        team=Count("pk"),
        late=Count("pk", filter=chosen & Q(due_at__lte=at)),
        soon=Count("pk", filter=chosen & soon),
    )
    return {name: found[name] for name in (MINE, OPEN, TEAM)}, found["late"], found["soon"]


def _shown(offers: QuerySet[Offer], *, most: int) -> list[Offer]:
    rows = offers.select_related(
        "lead__company", "lead__campaign", "lead__territory", "assignee", "handoff", "team"
    ).prefetch_related("lead__products")
    return list(rows.order_by(*URGENCY)[:most])


def _why_now(lead_ids: Collection[int]) -> dict[int, Activity]:
    """The latest thing each lead did by themselves; reads the index activity_of_lead."""
    done = Activity.objects.filter(
        lead__in=lead_ids, kind__in=Activity.THEIR_OWN, is_automatic=False
    )
    latest = done.order_by("lead_id", "-occurred_at", "-id").distinct("lead_id")
    return {activity.lead_id or 0: activity for activity in latest.select_related("asset")}


def _away(user_ids: Collection[int], *, at: datetime) -> set[int]:
    present = User.objects.get_queryset().available(at).filter(pk__in=user_ids)
    return set(user_ids) - set(present.values_list("pk", flat=True))


def fingerprint(user: User, *, view: str = "", team: Team | None = None, most: int = MOST) -> str:
    """What identifies a view of the queue: changes whenever something but the clock does.

    Two queries, whatever the page shows, so that many open pages may ask often.
    """
    view = view or default_view(user)
    offers = _of_team(offers_before(user), team)
    rows = _of_view(offers, view, user=user).order_by(*URGENCY)[:most]
    facts = rows.values_list("pk", "assignee_id", "lead__score", "lead__last_activity_at")
    counts = offers.order_by().aggregate(
        all=Count("pk"), mine=Count("pk", filter=Q(assignee=user)), given=Count("assignee")
    )
    return hashlib.sha256(repr((list(facts), sorted(counts.items()))).encode()).hexdigest()[:16]


def unread_notices(user: User) -> QuerySet[Notice]:
    """What `user` was told about clocks and has not put away, newest first."""
    notices = (
        Notice.objects.visible_to(user).unread().select_related("offer__lead", "offer__assignee")
    )
    return notices.order_by("-at", "-id")


def teams_that_receive(user: User) -> list[Team]:
    """The teams an overseer may narrow the queue to."""
    if user.role not in policies.OVERSEERS:
        return []
    return list(Team.objects.filter(receives__is_active=True).distinct().order_by("name"))


def leads_in_hand(user: User) -> QuerySet[Lead]:
    """Leads that `user` has accepted and not brought to an end yet, the longest untouched first."""
    stages = Stage.objects.filter(kind=Stage.Kind.RESTS).exclude(offered_by__is_active=True)
    mine = Lead.objects.visible_to(user).filter(
        owner=user, erased_at=None, stage__in=stages.filter(owning_team=user.team_id).values("key")
    )
    return mine.select_related("company").order_by(
        F("last_activity_at").asc(nulls_first=True), "pk"
    )
