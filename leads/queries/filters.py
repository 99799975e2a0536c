"""What the list of leads can be narrowed by, one filter a parameter: the condition, and its words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest, Lower
from django.db.models.lookups import GreaterThanOrEqual, LessThan
from django.utils import timezone

from content.models import Persona, Product
from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads.models import Campaign, Company, Lead, Segment, SegmentMember, Stage, Tag, Territory
from leads.queries.guests import guest_words, is_guest, touched_by, touched_words
from leads.queries.params import (
    BLANK,
    NONE,
    Chosen,
    Params,
    between,
    day,
    day_words,
    days,
    is_nothing,
    number,
    parts,
    whole,
)

MOST_IDS = 1_000
MOST_DAYS = 36_500
NOBODY, ME = "nobody", "me"
# When anything last happened with a lead, its arrival included
TOUCHED = Greatest("last_activity_at", "created_at")


@dataclass(frozen=True)
class Filter:
    """`narrow` tells leads by the values of a parameter for a reader; `say` puts the values in words."""

    label: str
    narrow: Callable[[Sequence[str], User | None], Q]
    say: Callable[[Sequence[str]], str]


def narrow_by(name: str, text: str, user: User | None) -> Q:
    """The condition of one filter; raises Invalid where it makes no sense."""
    return FILTERS[name].narrow(parts(text, name), user)


def narrow_by_ranges(params: Params) -> Q:
    """Scores and times between two ends, both included."""
    found = Q()
    if params.get("score_from"):
        found &= Q(score__gte=whole(params["score_from"], "score_from"))
    if params.get("score_to"):
        found &= Q(score__lte=whole(params["score_to"], "score_to"))
    found &= between("stage_since", params, "since_from", "since_to")
    first, last = days(params, "active_from", "active_to")
    if first or last:
        found &= Q(last_activity_at__isnull=False)
    if first:
        found &= Q(GreaterThanOrEqual(TOUCHED, first))
    for end in filter(None, (last, quiet_since(params))):
        found &= Q(LessThan(TOUCHED, end))
    return found


def quiet_since(params: Params) -> datetime | None:
    """Since when nothing has happened with leads that are quiet for so many days."""
    said = params.get("quiet", "")
    if not said:
        return None
    return timezone.now() - timedelta(days=min(number(said, "quiet"), MOST_DAYS))


def filter_words(params: Params) -> list[Chosen]:
    """The filters in use, in words."""
    said = []
    if q := params.get("q", "").strip():
        said.append(Chosen(f"“{q[:60]}”", ("q",)))
    for name, one in FILTERS.items():
        if values := parts(params.get(name, ""), name):
            said.append(Chosen(_with_label(one.label, one.say(values)), (name,)))
    return said + _range_words(params)


def _with_label(label: str, words: str) -> str:
    return f"{label}: {words}" if label else words


def _range_words(params: Params) -> list[Chosen]:
    low, high = params.get("score_from", ""), params.get("score_to", "")
    said = []
    if low or high:
        words = f"{low}–{high}" if low and high else f"from {low}" if low else f"up to {high}"
        said.append(Chosen(f"Score: {words}", ("score_from", "score_to")))
    for label, first, last in (
        ("Last activity", "active_from", "active_to"),
        ("In this stage since", "since_from", "since_to"),
    ):
        if day(params, first) or day(params, last):
            said.append(Chosen(f"{label}: {day_words(params, first, last)}", (first, last)))
    if quiet := params.get("quiet", ""):
        said.append(Chosen(f"Quiet for {number(quiet, 'quiet')} days", ("quiet",)))
    return said


# What one parameter means


def _by_stage(values: Sequence[str], user: User | None) -> Q:
    return Q(stage__in=values)


def grades_of(values: Sequence[str]) -> list[str]:
    """Whole grades; a letter alone stands for each of its own."""
    return [
        grade
        for value in values
        for grade in ([f"{value}{digit}" for digit in "123"] if len(value) == 1 else [value])
    ]


def _by_source(values: Sequence[str], user: User | None) -> Q:
    named = ["" if value == BLANK else value for value in values if value != NONE]
    found = Q(source__in=named) if named else Q()
    return found | Q(source=None) if NONE in values else found


def _by_owner(values: Sequence[str], user: User | None) -> Q:
    found = Q()
    ids = [
        user.pk if value == ME and user else number(value, "owner")
        for value in values
        if value not in {NOBODY, NONE}
    ]
    if ids:
        found |= Q(owner__in=ids)
    return found | Q(owner=None) if {NOBODY, NONE} & set(values) else found


def _by_ids(values: Sequence[str], user: User | None) -> Q:
    return Q(pk__in=[number(value, "ids") for value in values[:MOST_IDS]])


def _by_row(column: str, model: type[Model]) -> Callable[[Sequence[str], User | None], Q]:
    """Leads that point at one of the rows with these keys, or at none."""

    def narrow(values: Sequence[str], user: User | None) -> Q:
        keys = [value for value in values if not is_nothing(value)]
        found = Q(**{f"{column}__in": _ids(model, keys)}) if keys else Q()
        return found | Q(**{column: None}) if len(keys) < len(values) else found

    return narrow


def _by_link(
    through: type[Model], column: str, model: type[Model]
) -> Callable[[Sequence[str], User | None], Q]:
    """Leads tied to one of the rows with these keys, or to none; a lead with two appears once."""

    def narrow(values: Sequence[str], user: User | None) -> Q:
        rows = through._default_manager.filter(lead=OuterRef("pk"))
        keys = [value for value in values if not is_nothing(value)]
        found = Q()
        if keys:
            found |= Q(Exists(rows.filter(**{f"{column}__in": _ids(model, keys)})))
        return found | ~Q(Exists(rows)) if len(keys) < len(values) else found

    return narrow


def _ids(model: type[Model], keys: Sequence[str]) -> list[int]:
    """Ids of rows by key, asked now: the planner knows how frequent they are, not a subquery's."""
    return list(model._default_manager.filter(key__in=keys).values_list("pk", flat=True))


def _by_company(values: Sequence[str], user: User | None) -> Q:
    """Companies by id, or by name as it is written, whatever its case."""
    ids = [number(value, "company") for value in values if value.isdecimal()]
    names = [value.lower() for value in values if not value.isdecimal()]
    if names:
        folded = Company.objects.annotate(folded=Lower("name")).filter(folded__in=names)
        ids += folded.values_list("pk", flat=True)
    return Q(company__in=ids)


def _exactly(column: str) -> Callable[[Sequence[str], User | None], Q]:
    def narrow(values: Sequence[str], user: User | None) -> Q:
        return Q(**{f"{column}__in": ["" if is_nothing(value) else value for value in values]})

    return narrow


def _has(column: str) -> Callable[[Sequence[str], User | None], Q]:
    """Whether something is known: “yes” or “no”."""

    def narrow(values: Sequence[str], user: User | None) -> Q:
        answer = values[0]
        if answer not in {"yes", "no"}:
            raise Invalid(f"“{answer[:40]}” is neither yes nor no.", field=column)
        return ~Q(**{column: ""}) if answer == "yes" else Q(**{column: ""})

    return narrow


# Its words


def _plain(values: Sequence[str]) -> str:
    return ", ".join("none" if is_nothing(value) else value.replace("_", " ") for value in values)


def _names(rows: Callable[[], "QuerySet[Any]"], key: str = "key") -> Callable[[Sequence[str]], str]:
    """The names that rows have, in the order of the values; what has no row is said as it is."""

    def say(values: Sequence[str]) -> str:
        known = [value for value in values if not is_nothing(value)]
        named = dict(rows().filter(**{f"{key}__in": known}).values_list(key, "name"))
        return ", ".join(
            "none" if is_nothing(value) else str(named.get(value) or value[:40]) for value in values
        )

    return say


def _owner_words(values: Sequence[str]) -> str:
    fixed = {ME: "me", NOBODY: "nobody", NONE: "nobody"}
    ids = [number(value, "owner") for value in values if value not in fixed]
    named = {
        str(pk): name for pk, name in User.objects.filter(pk__in=ids).values_list("pk", "name")
    }
    return ", ".join(fixed.get(value) or named.get(value) or "somebody" for value in values)


def _company_words(values: Sequence[str]) -> str:
    ids = [number(value, "company") for value in values if value.isdecimal()]
    named = {
        str(pk): name for pk, name in Company.objects.filter(pk__in=ids).values_list("pk", "name")
    }
    return ", ".join(named.get(value, value[:60]) for value in values)


def _persona_words(values: Sequence[str]) -> str:
    named = dict(Persona.choices)
    return ", ".join(str(named.get(value, value[:40])) for value in values)


FILTERS = {
    "stage": Filter("Stage", _by_stage, _names(lambda: Stage.objects.all())),
    "owner": Filter("Owner", _by_owner, _owner_words),
    "grade": Filter(
        "Grade",
        lambda values, user: Q(grade__in=grades_of(values)),
        lambda values: ", ".join(values),
    ),
    "source": Filter("Source", _by_source, _plain),
    "campaign": Filter(
        "Campaign", _by_row("campaign", Campaign), _names(lambda: Campaign.objects.all())
    ),
    "product": Filter(
        "Product",
        _by_link(Lead.products.through, "product", Product),
        _names(lambda: Product.objects.all()),
    ),
    "persona": Filter("Persona", _exactly("persona"), _persona_words),
    "country": Filter("Country", _exactly("country"), _plain),
    "territory": Filter(
        "Territory", _by_row("territory", Territory), _names(lambda: Territory.objects.all())
    ),
    "company": Filter("Company", _by_company, _company_words),
    "tag": Filter(
        "Tag", _by_link(Lead.tags.through, "tag", Tag), _names(lambda: Tag.objects.all())
    ),
    "segment": Filter(
        "Segment",
        _by_link(SegmentMember, "segment", Segment),
        _names(lambda: Segment.objects.all()),
    ),
    "phone": Filter(
        "",
        _has("phone"),
        lambda values: "with a phone number" if values[0] == "yes" else "without a phone number",
    ),
    "email": Filter(
        "",
        _has("email"),
        lambda values: (
            "with an e-mail address" if values[0] == "yes" else "without an e-mail address"
        ),
    ),
    "ids": Filter("", _by_ids, lambda values: "picked leads"),
    "touched": Filter(
        "", lambda values, user: touched_by(values[0]), lambda values: touched_words(values[0])
    ),
    "guest": Filter(
        "", lambda values, user: is_guest(values[0]), lambda values: guest_words(values[0])
    ),
}
