"""One page of a long list in bounded time, whatever the list is narrowed by.

No single plan does: many that fit are met soon on a walk along the order, few are found fast by what
narrows them, and the planner mistakes one for the other (beginnings of words, and filters that go with
the order). So both are tried, the cheaper first and each within bounds:

1. Walk along the order, a stretch of it; further where that met some. The indexes begin with the stage,
   so the walk merges one path for each stage (or each grade, where grades are asked for along the
   score). They hold what leads are most often narrowed by: a row costs a fraction of a microsecond.
2. Gather all that fit by the indexes of what narrows them, up to a bound, and sort those. Words are
   looked up first, or last for each row, as they are rarer or more frequent than the rest.
3. More than the bound fit: then they are dense enough to be met by walking on without end.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

from leads.models import Lead, LeadTokens, Stage
from leads.models.people import WALKED, LeadQuerySet

STRETCH = 40_000  # rows of an index
LOOKED_UP = 1_500  # rows that are looked up one by one, in the table or by their tokens
SOME = 6  # of a first stretch fit: twenty more will do
GATHERED = 6_000
FREQUENT, COMMON = (
    0.005,
    0.1,
)  # of the rows hold the words: the index of words is not asked, or not for that one
ENDLESS = 2**62
COLUMNS = {column.name: column.column for column in Lead._meta.concrete_fields}
IN_INDEX = {str(COLUMNS[name]) for name in WALKED} | {"id", "stage"}
OF_LEADS = re.compile(r'"leads_lead"\."(\w+)"')


@dataclass(frozen=True)
class Order:
    """A way to sort: the key in SQL and as an attribute of the rows; two ways share a key."""

    label: str
    key: str
    name: str
    falls: bool = True


_TOUCHED = 'GREATEST("leads_lead"."last_activity_at", "leads_lead"."created_at")'
ORDERS = {
    "score": Order("Highest score", '"leads_lead"."score"', "score"),
    "lowest": Order("Lowest score", '"leads_lead"."score"', "score", falls=False),
    "newest": Order("Newest", '"leads_lead"."created_at"', "created_at"),
    "oldest": Order("Oldest", '"leads_lead"."created_at"', "created_at", falls=False),
    "activity": Order("Latest activity", _TOUCHED, "touched_at"),
    "quiet": Order("Longest quiet", _TOUCHED, "touched_at", falls=False),
    "moved": Order("Latest in stage", '"leads_lead"."stage_since"', "stage_since"),
    "waiting": Order("Longest in stage", '"leads_lead"."stage_since"', "stage_since", falls=False),
}


@dataclass(frozen=True)
class Selection:
    """The leads of a list: `rest` is all that narrows them but the words, each a tsquery.

    `stages`, `grades` and `ranges` (by the name of a key: lowest, and the first beyond) say again what
    `rest` says already, for the walk.
    """

    rest: LeadQuerySet
    words: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    ranges: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    def leads(self) -> LeadQuerySet:
        """All of them, for whatever takes a queryset."""
        if not self.words:
            return self.rest
        named = LeadTokens.objects.filter(tokens__holds=" & ".join(self.words))
        return self.rest.filter(pk__in=named.values("lead"))


@dataclass(frozen=True)
class Found:
    """Ids in order, and how many leads there are in all where that came to light."""

    ids: list[int]
    total: int | None = None


def find_page(
    selection: Selection,
    order: Order,
    *,
    position: Sequence[Any] | None,
    backwards: bool,
    most: int,
) -> Found:
    """The first `most` leads beyond a position (key, id), in the direction of the order or against it."""
    try:
        walk = _Walk(selection, order, position, order.falls != backwards, most)
    except EmptyResultSet:
        return Found([], 0)
    length = LOOKED_UP if walk.is_looked_up else STRETCH
    met = walk.stretch(length)
    if SOME <= len(met) < most and walk.is_looked_up:
        met = walk.stretch(20 * length)
    if len(met) >= most:
        return Found(met)
    found = walk.gather()
    return found if found is not None else Found(walk.stretch(ENDLESS))


class _Walk:
    """The statements of one page of one selection; their parameters stand in the order of the text."""

    def __init__(
        self,
        selection: Selection,
        order: Order,
        position: Sequence[Any] | None,
        falls: bool,
        most: int,
    ) -> None:
        self.selection, self.order, self.position, self.most = selection, order, position, most
        self.beyond = "<" if falls else ">"
        self.sorted = "ORDER BY sort_key DESC, id DESC" if falls else "ORDER BY sort_key, id"
        self.fits, self.params = _condition(selection.rest)
        self.asked = [" & ".join(selection.words)] if selection.words else []
        self.columns = set(OF_LEADS.findall(self.fits)) | {"id"}
        self.stages = list(selection.stages) or list(Stage.objects.values_list("key", flat=True))
        in_index = IN_INDEX | set(OF_LEADS.findall(order.key))
        self.is_looked_up = bool(self.asked or self.columns - in_index or "EXISTS(" in self.fits)

    def stretch(self, length: int) -> list[int]:
        """Those that fit within so many rows of the order, up to as many as a page shows."""
        paths, params = self._paths(length)
        statement = f"""
            SELECT id FROM (SELECT * FROM ({paths}) AS path {self.sorted} LIMIT {length}) AS "leads_lead"
             WHERE {self.fits} AND {self._holds('"leads_lead"."id"')}
            {self.sorted} LIMIT {self.most}
        """
        return _ids(statement, [*params, *self.params, *self.asked])

    def gather(self) -> Found | None:
        """All that fit, sorted; None when there are too many to look at."""
        found = self._gather_by_rest() if self.params or not self.asked else None
        if found is None and self.asked and (words := self._rare_words()):
            return self._gather_by_words(words)
        return found

    def _gather_by_rest(self) -> Found | None:
        """Driven by everything but the words. The stages let the indexes of the orders find ranges."""
        tables = f"""
            driven AS MATERIALIZED (
                SELECT "leads_lead"."id", {self.order.key} AS sort_key FROM "leads_lead"
                 WHERE {self.fits} AND "leads_lead"."stage" = ANY(%s) LIMIT {GATHERED + 1}
            ), fit AS MATERIALIZED (
                SELECT id, sort_key FROM driven WHERE {self._holds("driven.id")}
            )
        """
        return self._gather(tables, [*self.params, self.stages, *self.asked])

    def _gather_by_words(self, words: str) -> Found | None:
        """Driven by the words; the index is asked for the rare ones alone."""
        tables = f"""
            driven AS MATERIALIZED (
                SELECT lead_id FROM leads_leadtokens
                 WHERE tokens @@ %s::tsquery AND tokens @@ %s::tsquery LIMIT {GATHERED + 1}
            ), fit AS MATERIALIZED (
                SELECT "leads_lead"."id", {self.order.key} AS sort_key FROM "leads_lead"
                 WHERE {self.fits} AND "leads_lead"."id" IN (SELECT lead_id FROM driven)
            )
        """
        return self._gather(tables, [words, *self.asked, *self.params])

    def _gather(self, tables: str, params: list[Any]) -> Found | None:
        beyond = f"WHERE (sort_key, id) {self.beyond} (%s, %s)" if self.position else ""
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                WITH {tables}
                SELECT (SELECT count(*) FROM driven), (SELECT count(*) FROM fit),
                       ARRAY(SELECT id FROM fit {beyond} {self.sorted} LIMIT {self.most})
                """,
                [*params, *(self.position or ())],
            )
            driven, total, ids = cursor.fetchone()
        return None if driven > GATHERED else Found(ids, total)

    def _rare_words(self) -> str:
        """The words that few leads hold, told by some along the order; "" where many hold all of them."""
        words = self.selection.words
        held = ", ".join(
            "count(*) FILTER (WHERE tokens @@ %s::tsquery)" for _ in [*self.asked, *words]
        )
        paths, params = self._paths(LOOKED_UP)
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT count(*), {held} FROM ({paths} LIMIT {LOOKED_UP}) AS path
                  JOIN leads_leadtokens ON lead_id = path.id
                """,
                [*self.asked, *words, *params],
            )
            seen, together, *counts = cursor.fetchone()
        if together > FREQUENT * seen:
            return ""
        rare = [word for word, count in zip(words, counts, strict=True) if count <= COMMON * seen]
        return " & ".join(rare or words)

    def _paths(self, length: int) -> tuple[str, list[Any]]:
        """The order within each stage or grade: sorted subqueries, which PostgreSQL merges lazily."""
        by_grade = bool(self.selection.grades) and self.order.name == "score"
        keys = self.selection.grades if by_grade else self.stages
        bounds, params = self._bounds()
        columns = ", ".join(f'"leads_lead"."{name}"' for name in sorted(self.columns))
        path = f"""(
            SELECT {columns}, {self.order.key} AS sort_key FROM "leads_lead"
             WHERE "leads_lead"."{"grade" if by_grade else "stage"}" = %s {bounds}
            {self.sorted} LIMIT {length})
        """
        return " UNION ALL ".join([path] * len(keys)), [v for key in keys for v in (key, *params)]

    def _bounds(self) -> tuple[str, list[Any]]:
        """Where a path begins and ends: beyond the position, within the range asked for."""
        low, high = self.selection.ranges.get(self.order.name, (None, None))
        key, bounds, params = self.order.key, "", []
        for compare, value in ((">=", low), ("<", high)):
            if value is not None:
                bounds += f" AND {key} {compare} %s"
                params.append(value)
        if self.position:
            bounds += f" AND ({key}, id) {self.beyond} (%s, %s)"
            params += self.position
        return bounds, params

    def _holds(self, lead: str) -> str:
        """Whether the tokens of a row hold the words: looked up for each, never joined."""
        if not self.asked:
            return "true"
        return f"(SELECT tokens @@ %s::tsquery FROM leads_leadtokens WHERE lead_id = {lead})"


def _condition(rest: LeadQuerySet) -> tuple[str, list[Any]]:
    """The condition of a queryset as SQL over "leads_lead"; raises EmptyResultSet."""
    statement, params = rest.order_by().values("pk").query.sql_with_params()
    told = statement.partition(' FROM "leads_lead"')[2].strip()
    if not told:
        return "true", []
    if not told.startswith("WHERE "):  # other tables are joined: asked apart
        return _condition(Lead.objects.filter(pk__in=rest.order_by().values("pk")))
    return f"({told.removeprefix('WHERE ')})", list(params)


def _ids(statement: str, params: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [row[0] for row in cursor.fetchall()]
