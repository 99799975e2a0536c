"""The list of leads: which ones, in which order."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from leadflow.core.errors import Invalid
from leadflow.core.models import Role, User
from leads.engine.tokens import search_words
from leads.models import Lead, Stage, StageChange
from leads.models.history import COMBINE, OfferQuerySet
from leads.models.people import LeadQuerySet, sight_of
from leads.queries.filters import (
    FILTERS,
    TOUCHED,
    filter_words,
    grades_of,
    narrow_by,
    narrow_by_ranges,
    quiet_since,
)
from leads.queries.leaks import find_leak, leak_words
from leads.queries.offers import asks_for_offers, narrow_offers, offer_words, period_words
from leads.queries.params import (
    NOW,
    Chosen,
    Params,
    after,
    between,
    day,
    days,
    number,
    parts,
    whole,
)
from leads.queries.paths import stages_from
from leads.queries.segments import narrow_by_condition, where_words
from leads.queries.walks import ORDERS, Order, Selection

TOLD_ONLY = ("merge", COMBINE)  # nobody gets further by these


def list_leads(*, user: User, params: Params, at: datetime | None = None) -> LeadQuerySet:
    """Leads that `user` may see and the parameters of the list page ask for; raises Invalid.

    Leaks are told as of `at`, now when it is left out.
    """
    leads = select_leads(user=user, params=params, at=at).leads()
    return leads.annotate(touched_at=TOUCHED).select_related("company", "owner")


def select_leads(*, user: User, params: Params, at: datetime | None = None) -> Selection:
    """The same leads, told so that a page of a million of them is found at once; raises Invalid."""
    q = params.get("q", "")[:200].strip()
    words = search_words(q)
    within = sight_of(user)
    leads = Lead.objects.visible_to(user, within=within)
    if q and not words:
        leads = leads.none()
    for name in FILTERS:
        if params.get(name, ""):
            leads = leads.filter(narrow_by(name, params[name], user))
    leads = leads.filter(_cohort(params) & narrow_by_ranges(params))
    if asks_for_offers(params):
        leads = leads.filter(Exists(narrow_offers(params).filter(lead=OuterRef("pk"))))
    if leak := params.get("leak", ""):
        leads = leads.filter(find_leak(leak, at=at or timezone.now()))
    if where := params.get("where", ""):
        leads = narrow_by_condition(leads, where, at=at)
    return Selection(
        rest=leads,
        words=tuple(words),
        stages=_stages(user, params, within),
        grades=tuple(grades_of(parts(params.get("grade", ""), "grade"))),
        ranges=_ranges(params),
    )


def _stages(user: User, params: Params, within: Collection[Any]) -> tuple[str, ...]:
    """The only stages where leads of the list can stand; none named: in any.

    Customer care sees customers, and few of them own other leads besides.
    """
    chosen = tuple(parts(params.get("stage", ""), "stage"))
    if chosen or not user.is_authenticated or user.role != Role.CARE:
        return chosen
    others = Lead.objects.filter(owner=user).exclude(stage__in=within)
    return () if others.exists() else tuple(within)


def _ranges(params: Params) -> dict[str, tuple[Any, Any]]:
    """Between which keys of an order the list lies: lowest, and the first beyond.

    Nothing happens with a lead before it comes: what came late was touched late, what is quiet came early.
    """
    is_about_them = not params.get("reached") and not asks_for_offers(params)
    came = days(params, "from", "to") if is_about_them else (None, None)
    active = days(params, "active_from", "active_to")
    quiet = quiet_since(params)
    low, high = params.get("score_from", ""), params.get("score_to", "")
    return {
        "score": (
            whole(low, "score_from") if low else None,
            whole(high, "score_to") + 1 if high else None,
        ),
        "created_at": (came[0], min(filter(None, (came[1], quiet)), default=None)),
        "touched_at": (active[0] or came[0], quiet or active[1]),
        "stage_since": days(params, "since_from", "since_to"),
    }


def list_rows(fetched: Iterable[str] = ()) -> LeadQuerySet:
    """Leads with what the list shows of them; `fetched` names further relations."""
    rows = Lead.objects.annotate(touched_at=TOUCHED)
    rows = rows.select_related("company", "owner", "campaign", "territory")
    return rows.prefetch_related(*fetched)


def list_offers(params: Params) -> OfferQuerySet:
    """Offers that the parameters of a report ask for, also by what is known of their leads."""
    offers = narrow_offers(params)
    for name in ("source", "campaign", "product"):
        if value := params.get(name, ""):
            offers = offers.filter(lead__in=Lead.objects.filter(narrow_by(name, value, None)))
    return offers


def sort_keys(params: Params) -> tuple[str, ...]:
    """The keys a list is paged along."""
    order = order_of(params)
    sign = "-" if order.falls else ""
    return f"{sign}{order.name}", f"{sign}id"


def order_of(params: Params) -> Order:
    """The order asked for; the highest score first when it is none."""
    return ORDERS.get(params.get("sort", ""), ORDERS["score"])


def chosen_filters(params: Params) -> list[Chosen]:
    """All that narrows the list, in words."""
    return filter_words(params) + drill_down(params)


def drill_down(params: Params) -> list[Chosen]:
    """What a report asked for when it linked to the list, in words."""
    chosen = []
    if reached := params.get("reached", ""):
        stage = Stage.objects.filter(key=reached).first()
        chosen.append(Chosen(f"reached {stage or reached}", ("reached", "as_of")))
        if cycle := params.get("cycle", ""):
            chosen.append(Chosen(f"in cycle {number(cycle, 'cycle')}", ("cycle",)))
    chosen += offer_words(params) + period_words(params)
    if leak := params.get("leak", ""):
        chosen.append(Chosen(leak_words(leak), ("leak",)))
    if where := params.get("where", ""):
        chosen.append(Chosen(where_words(where), ("where",)))
    return chosen


def _cohort(params: Params) -> Q:
    """Leads that came between two days, or whose cycle began then and reached a stage in it."""
    if reached := params.get("reached", ""):
        began = _measured().filter(
            Q(from_stage=None) | Q(verb="revive"),
            between("at", params),
            _by_cycle(params),
            lead=OuterRef("pk"),
        )
        further = _measured().filter(
            lead=OuterRef("lead"),
            cycle=OuterRef("cycle"),
            to_stage__in=_from_stage_on(reached, params),
        )
        return Q(Exists(began.filter(Exists(further.exclude(verb__in=TOLD_ONLY)))))
    return Q() if asks_for_offers(params) else between("created_at", params)


def _measured() -> QuerySet[StageChange]:
    """History without the changes that were taken back, and without taking them back."""
    corrected = StageChange.objects.filter(corrects=OuterRef("pk"), corrects__isnull=False)
    return StageChange.objects.filter(~Exists(corrected), corrects=None)


def _by_cycle(params: Params) -> Q:
    cycle = params.get("cycle", "")
    return Q(cycle=number(cycle, "cycle")) if cycle else Q()


def _from_stage_on(key: str, params: Params) -> list[str]:
    """A stage and those behind it on the path of then, also those out of use: history holds them."""
    found = stages_from(key, until=_path_of(params))
    if found:
        return found
    if not Stage.objects.filter(key=key).exists():
        raise Invalid(f"There is no stage “{key[:40]}”.", field="reached")
    return [key]


def _path_of(params: Params) -> datetime | None:
    """The moment whose path counts: the end of `as_of`, or else of the period; None = now."""
    if params.get("as_of") == NOW:
        return None
    last = day(params, "as_of") or day(params, "to")
    return after(last) if last else None
