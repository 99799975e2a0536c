"""The list of leads: which ones, in which order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.dateparse import parse_date

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads.models import Lead, Offer, Stage, StageChange
from leads.models.people import LeadQuerySet
from leads.queries.leads import find_leads

SORTS = {
    "score": ("-score", "-id"),
    "newest": ("-created_at", "-id"),
    "activity": ("-touched_at", "-id"),
}
BLANK, NONE = "__blank", "__none"
MOST_IDS = 1_000


@dataclass(frozen=True)
class Chosen:
    """A filter in use, in words; `params` are those that switch it off when left out."""

    words: str
    params: tuple[str, ...]


def list_leads(*, user: User, params: Mapping[str, str]) -> LeadQuerySet:
    """Leads that `user` may see and the parameters of the list page ask for; raises Invalid."""
    leads = find_leads(user=user, q=params.get("q", "")[:200])
    for name, narrow in _FILTERS.items():
        if value := params.get(name, ""):
            leads = leads.filter(narrow(value, user))
    leads = leads.filter(_cohort(params))
    if outcome := params.get("outcome", ""):
        leads = leads.filter(_offered(outcome, params))
    touched = Coalesce("last_activity_at", "created_at")
    return leads.annotate(touched_at=touched).select_related("company", "owner")


def sort_keys(params: Mapping[str, str]) -> tuple[str, ...]:
    """The keys a list is paged along."""
    return SORTS.get(params.get("sort", ""), SORTS["score"])


def drill_down(params: Mapping[str, str]) -> list[Chosen]:
    """What a report asked for when it linked to the list, in words."""
    chosen = []
    if reached := params.get("reached", ""):
        stage = Stage.objects.filter(key=reached).first()
        chosen.append(Chosen(f"reached {stage or reached}", ("reached",)))
    if outcome := params.get("outcome", ""):
        key, _, result = outcome.partition(":")
        chosen.append(Chosen(f"{key.replace('_', ' ')}: {result or 'offered'}", ("outcome",)))
    first, last = _day(params, "from"), _day(params, "to")
    if first or last:
        what = "offered" if outcome else "came"
        words = " ".join(
            part
            for part in (f"from {first}" if first else "", f"to {last}" if last else "")
            if part
        )
        chosen.append(Chosen(f"{what} {words}", ("from", "to")))
    if params.get("ids"):
        chosen.append(Chosen("picked leads", ("ids",)))
    return chosen


def _by_stage(value: str, user: User) -> Q:
    return Q(stage__in=value.split(","))


def _by_grade(value: str, user: User) -> Q:
    """A whole grade, or its letter alone."""
    return Q(grade__startswith=value) if len(value) == 1 else Q(grade=value)


def _by_source(value: str, user: User) -> Q:
    if value == NONE:
        return Q(source=None)
    return Q(source="" if value == BLANK else value)


def _by_owner(value: str, user: User) -> Q:
    if value == "me":
        return Q(owner=user)
    return Q(owner=None) if value in {"nobody", NONE} else Q(owner=_number(value, "owner"))


def _by_ids(value: str, user: User) -> Q:
    return Q(pk__in=[_number(part, "ids") for part in value.split(",")[:MOST_IDS]])


def _by_key(path: str) -> Any:
    """Rows that a key names; none, for leads without any."""

    def narrow(value: str, user: User) -> Q:
        if value in {NONE, BLANK}:
            return Q(**{path: None})
        return Q(**{f"{path}__key": value})

    return narrow


def _by_product(value: str, user: User) -> Q:
    """Through a subquery: a lead with two products appears once."""
    through = Lead.products.through.objects.filter(lead=OuterRef("pk"))
    if value in {NONE, BLANK}:
        return ~Q(Exists(through))
    return Q(Exists(through.filter(product__key=value)))


def _exactly(column: str) -> Any:
    return lambda value, user: Q(**{column: "" if value in {NONE, BLANK} else value})


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
    "company": lambda value, user: Q(company=_number(value, "company")),
    "ids": _by_ids,
}


def _cohort(params: Mapping[str, str]) -> Q:
    """Leads that came between two days, or whose cycle began then and reached a stage in it."""
    if reached := params.get("reached", ""):
        began = StageChange.objects.filter(
            Q(from_stage=None) | Q(verb="revive"), _between("at", params), lead=OuterRef("pk")
        )
        further = StageChange.objects.filter(
            lead=OuterRef("lead"), cycle=OuterRef("cycle"), to_stage__in=_from_stage_on(reached)
        )
        return Q(Exists(began.filter(Exists(further))))
    return Q() if params.get("outcome") else _between("created_at", params)


def _from_stage_on(key: str) -> list[str]:
    """A stage and those behind it on the path, also those out of use: history may hold them."""
    path = Stage.objects.exclude(kind=Stage.Kind.DETOUR)
    stage = Stage.objects.filter(key=key).first()
    if stage is None:
        raise Invalid(f"There is no stage “{key[:40]}”.", field="reached")
    if stage.kind == Stage.Kind.DETOUR:
        return [stage.key]
    return list(path.filter(position__gte=stage.position).values_list("key", flat=True))


def _offered(value: str, params: Mapping[str, str]) -> Q:
    """Leads with an offer over a hand-off in the period, by its outcome ("" = any)."""
    handoff, _, outcome = value.partition(":")
    offers = Offer.objects.filter(_between("offered_at", params), lead=OuterRef("pk"))
    offers = offers.filter(handoff__key=handoff)
    if outcome == "decided":
        offers = offers.exclude(outcome=Offer.Outcome.PENDING)
    elif outcome:
        offers = offers.filter(outcome=outcome)
    return Q(Exists(offers))


def _between(column: str, params: Mapping[str, str]) -> Q:
    """From the first moment of one day to the last of another, in the reader's zone."""
    first, last = _day(params, "from"), _day(params, "to")
    found = Q()
    if first:
        found &= Q(**{f"{column}__gte": _midnight(first)})
    if last:
        found &= Q(**{f"{column}__lt": _midnight(date.fromordinal(last.toordinal() + 1))})
    return found


def _day(params: Mapping[str, str], name: str) -> date | None:
    text = params.get(name, "")
    try:
        day = parse_date(text[:10]) if text else None
    except ValueError:
        day = None
    if text and (day is None or not 1900 <= day.year <= 9000):
        raise Invalid(f"“{text[:40]}” is no date; write it like 2026-03-31.", field=name)
    return day


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _number(text: str, name: str) -> int:
    """A row's id; raises Invalid."""
    if not text.isdecimal() or len(text) > 18:
        raise Invalid(f"“{text[:40]}” names no row.", field=name)
    return int(text)


def list_sources(*, user: User) -> list[tuple[str, str]]:
    """Sources of leads that `user` may see, as (value of the filter, words)."""
    found = Lead.objects.visible_to(user).order_by(F("source").asc(nulls_last=True))
    named = found.values_list("source", flat=True).distinct()[:200]
    return [(_source_key(source), _source_words(source)) for source in named]


def _source_key(source: str | None) -> str:
    return NONE if source is None else source or BLANK


def _source_words(source: str | None) -> str:
    return "not recorded" if source is None else source.replace("_", " ") or "blank"
