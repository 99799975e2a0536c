"""The list of leads: which ones, in which order."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads.models import Lead, Stage, StageChange
from leads.models.history import COMBINE, OfferQuerySet
from leads.models.people import LeadQuerySet
from leads.queries.guests import guest_words, is_guest, touched_by, touched_words
from leads.queries.leads import find_leads
from leads.queries.leaks import find_leak, leak_words
from leads.queries.offers import asks_for_offers, narrow_offers, offer_words, period_words
from leads.queries.params import (
    BLANK,
    NONE,
    NOW,
    Chosen,
    Params,
    after,
    between,
    day,
    is_nothing,
    number,
)
from leads.queries.paths import stages_from

SORTS = {
    "score": ("-score", "-id"),
    "newest": ("-created_at", "-id"),
    "activity": ("-touched_at", "-id"),
}
MOST_IDS = 1_000
TOLD_ONLY = ("merge", COMBINE)  # nobody gets further by these


def list_leads(*, user: User, params: Params, at: datetime | None = None) -> LeadQuerySet:
    """Leads that `user` may see and the parameters of the list page ask for; raises Invalid.

    Leaks are told as of `at`, now when it is left out.
    """
    leads = find_leads(user=user, q=params.get("q", "")[:200])
    for name, narrow in _FILTERS.items():
        if value := params.get(name, ""):
            leads = leads.filter(narrow(value, user))
    leads = leads.filter(_cohort(params))
    if asks_for_offers(params):
        leads = leads.filter(Exists(narrow_offers(params).filter(lead=OuterRef("pk"))))
    if leak := params.get("leak", ""):
        leads = leads.filter(find_leak(leak, at=at or timezone.now()))
    touched = Coalesce("last_activity_at", "created_at")
    return leads.annotate(touched_at=touched).select_related("company", "owner")


def list_offers(params: Params) -> OfferQuerySet:
    """Offers that the parameters of a report ask for, also by what is known of their leads."""
    offers = narrow_offers(params)
    for name in ("source", "campaign", "product"):
        if value := params.get(name, ""):
            offers = offers.filter(lead__in=Lead.objects.filter(_FILTERS[name](value, None)))
    return offers


def sort_keys(params: Params) -> tuple[str, ...]:
    """The keys a list is paged along."""
    return SORTS.get(params.get("sort", ""), SORTS["score"])


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
    if params.get("ids"):
        chosen.append(Chosen("picked leads", ("ids",)))
    if touched := params.get("touched", ""):
        chosen.append(Chosen(touched_words(touched), ("touched",)))
    if guest := params.get("guest", ""):
        chosen.append(Chosen(guest_words(guest), ("guest",)))
    return chosen


def _by_stage(value: str, user: User | None) -> Q:
    return Q(stage__in=value.split(","))


def _by_grade(value: str, user: User | None) -> Q:
    """A whole grade, or its letter alone."""
    return Q(grade__startswith=value) if len(value) == 1 else Q(grade=value)


def _by_source(value: str, user: User | None) -> Q:
    if value == NONE:
        return Q(source=None)
    return Q(source="" if value == BLANK else value)


def _by_owner(value: str, user: User | None) -> Q:
    if value == "me":
        return Q(owner=user)
    return Q(owner=None) if value in {"nobody", NONE} else Q(owner=number(value, "owner"))


def _by_ids(value: str, user: User | None) -> Q:
    return Q(pk__in=[number(part, "ids") for part in value.split(",")[:MOST_IDS]])


def _by_key(path: str) -> Any:
    """Rows that a key names; none, for leads without any."""

    def narrow(value: str, user: User | None) -> Q:
        if is_nothing(value):
            return Q(**{path: None})
        return Q(**{f"{path}__key": value})

    return narrow


def _by_product(value: str, user: User | None) -> Q:
    """Through a subquery: a lead with two products appears once."""
    through = Lead.products.through.objects.filter(lead=OuterRef("pk"))
    if is_nothing(value):
        return ~Q(Exists(through))
    return Q(Exists(through.filter(product__key=value)))


def _exactly(column: str) -> Any:
    return lambda value, user: Q(**{column: "" if is_nothing(value) else value})


_FILTERS = {
    "stage": _by_stage,
    "owner": _by_owner,
    "grade": _by_grade,
    "source": _by_source,
    "campaign": _by_key("campaign"),
    "product": _by_product,
    "territory": _by_key("territory"),
    "persona": _exactly("persona"),
    "country": _exactly("country"),
    "company": lambda value, user: Q(company=number(value, "company")),
    "ids": _by_ids,
    "touched": lambda value, user: touched_by(value),
    "guest": lambda value, user: is_guest(value),
}


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


def list_sources(*, user: User) -> list[tuple[str, str]]:
    """Sources of leads that `user` may see, as (value of the filter, words)."""
    found = Lead.objects.visible_to(user).order_by(F("source").asc(nulls_last=True))
    named = found.values_list("source", flat=True).distinct()[:200]
    return [(_source_key(source), _source_words(source)) for source in named]


def _source_key(source: str | None) -> str:
    return NONE if source is None else source or BLANK


def _source_words(source: str | None) -> str:
    return "not recorded" if source is None else source.replace("_", " ") or "blank"
