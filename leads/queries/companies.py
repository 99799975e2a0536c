"""Companies: searched, filtered, and with what their people did."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.db.models.lookups import IsNull

from leadflow.core.models import Role, User
from leads.engine.tokens import search_query
from leads.models import Activity, Company, CompanyMerge, Lead
from leads.queries.params import Params
from leads.queries.timeline import ACTIVITY, ICONS, TONES, Position, TimelineEntry

# A search that finds fewer is answered from what it found; more are met on the way along the names
FEW = 2_000
FEW_PEOPLE = 10_000
SIZES = (
    ("1-10", "1–10 employees", 1, 10),
    ("11-50", "11–50 employees", 11, 50),
    ("51-250", "51–250 employees", 51, 250),
    ("251-1000", "251–1,000 employees", 251, 1_000),
    ("1001-", "More than 1,000", 1_001, None),
)
OVERSEERS = frozenset({Role.ADMIN, Role.MANAGER, Role.MARKETER})  # they see every lead


def list_companies(*, user: User, params: Params | None = None) -> QuerySet[Any]:
    """Companies that `user` may see and the list page asks for, to be ordered by `folded`.

    Whoever does not see every lead sees the companies of those they see.
    """
    params = params or {}
    companies: QuerySet[Any] = Company.objects.annotate(folded=Lower("name"))
    companies = companies.filter(_asked_for(params))
    if user.role not in OVERSEERS or not user.is_active:
        companies = companies.filter(_with_people_of(user))
    if q := params.get("q", "").strip():
        companies = _search(companies, q)
    return companies


def _with_people_of(user: User) -> Q:
    """Companies of leads that `user` may see.

    Whoever sees few leads gets the companies of those. For the others each company on the way is asked
    for one of its people, by the index lead_by_company: as a value, for PostgreSQL would turn an EXISTS
    into a join over all leads.
    """
    seen = Lead.objects.visible_to(user).exclude(company=None).order_by()
    few = list(seen.values_list("company_id", flat=True)[: FEW_PEOPLE + 1])
    if len(few) <= FEW_PEOPLE:
        return Q(pk__in=set(few))
    somebody = seen.filter(company=OuterRef("pk")).values("pk")[:1]
    return Q(IsNull(Subquery(somebody), False))


def _search(companies: QuerySet[Any], q: str) -> QuerySet[Any]:
    """Narrow by the words of a search; the planner cannot tell how many a beginning of a word finds."""
    asked = search_query(q[:200])
    if not asked:
        return companies.none()
    found = Company.objects.filter(tokens__holds=asked)
    ids = list(found.order_by().values_list("pk", flat=True)[: FEW + 1])
    return (
        companies.filter(pk__in=ids) if len(ids) <= FEW else companies.filter(tokens__holds=asked)
    )


def _asked_for(params: Params) -> Q:
    asked = Q()
    if industry := params.get("industry", ""):
        asked &= Q(industry=industry)
    if country := params.get("country", ""):
        asked &= Q(country=country)
    for key, _, least, most in SIZES:
        if params.get("size", "") == key:
            asked &= Q(employees__gte=least)
            asked &= Q(employees__lte=most) if most else Q()
    return asked


def count_people(*, user: User, companies: Iterable[Company]) -> dict[int, int]:
    """How many people of each company `user` may see; those without any are left out."""
    staff = Lead.objects.visible_to(user).filter(company__in=[one.pk for one in companies])
    return dict(staff.order_by().values_list("company").annotate(Count("pk")))


def company_choices() -> dict[str, list[tuple[str, str]]]:
    """What the list of companies can be narrowed to, by parameter."""
    return {
        "industry": [(word, word) for word in _values("industry")],
        "country": [(code, code) for code in _values("country")],
        "size": [(key, words) for key, words, _, _ in SIZES],
    }


def _values(column: str) -> list[str]:
    rows = Company.objects.exclude(**{column: ""}).order_by(column)
    return list(rows.values_list(column, flat=True).distinct()[:200])


def find_kept_company(gone_id: int) -> int | None:
    """The company that one which is no longer there has become."""
    merges = CompanyMerge.objects.filter(gone_id=gone_id, undone_at=None)
    return merges.values_list("kept_id", flat=True).first()


@dataclass(frozen=True)
class CompanyEntry:
    """A line of a company's story: who did it, and what."""

    lead: Lead
    entry: TimelineEntry


@dataclass(frozen=True)
class CompanyStory:
    """A stretch of a company's story, newest first; `next` is where the rest begins."""

    entries: list[CompanyEntry]
    next: Position | None


def read_company_story(
    *, company: Company, user: User, before: Position | None = None, most: int = 50
) -> CompanyStory:
    """What the people of a company whom `user` may see did and what was done with them."""
    ids = _newest_activities(company, user, before, most + 1)
    rows = Activity.objects.select_related("lead", "asset", "by").in_bulk(ids)
    page = [rows[pk] for pk in ids[:most] if pk in rows]
    last = page[-1] if len(ids) > most and page else None
    return CompanyStory(
        entries=[_entry(row) for row in page],
        next=Position(last.occurred_at, ACTIVITY, last.pk) if last else None,
    )


def _newest_activities(
    company: Company, user: User, before: Position | None, most: int
) -> list[int]:
    """The newest of each person first, by the index activity_of_lead; then the newest of those."""
    staff = Lead.objects.visible_to(user).filter(company=company, last_activity_at__isnull=False)
    wanted, params = staff.order_by().values("pk").query.sql_with_params()
    earlier = "AND (occurred_at, id) < (%s, %s)" if before else ""
    position: list[Any] = [before.at, before.id] if before else []
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT activity.id
              FROM ({wanted}) AS staff (id)
             CROSS JOIN LATERAL (
                   SELECT id, occurred_at
                     FROM leads_activity
                    WHERE lead_id = staff.id AND NOT is_automatic {earlier}
                    ORDER BY occurred_at DESC, id DESC
                    LIMIT %s
                   ) AS activity
             ORDER BY activity.occurred_at DESC, activity.id DESC
             LIMIT %s
            """,
            [*params, *position, most, most],
        )
        return [row[0] for row in cursor.fetchall()]


def _entry(row: Activity) -> CompanyEntry:
    kind = Activity.Kind(row.kind)
    assert row.lead is not None  # found by their leads
    text = row.properties.get("text", "") if isinstance(row.properties, dict) else ""
    entry = TimelineEntry(
        at=row.occurred_at,
        icon=ICONS.get(kind, "circle-small"),
        title=row.get_kind_display(),
        detail=row.asset.title if row.asset else row.title or row.url,
        by=str(row.by or ""),
        tone=TONES.get(kind, "neutral"),
        text=str(text),
    )
    return CompanyEntry(row.lead, entry)
