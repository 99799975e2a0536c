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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

from leads.models import Lead, LeadTokens, Stage
from leads.models.people import WALKED, LeadQuerySet

STRETCH = 40_000  # rows of an index
LOOKED_UP, LOOKED_UP_LONGER = 1_500, 30_000  # rows of the table, each looked at
TOKENS, TOKENS_LONGER = 400, 4_000  # rows of the table of tokens, each looked at
SOME = 3  # of the first rows looked up fit: a longer stretch may do
GATHERED, GATHERED_LONGER = 6_000, 30_000
GATHERED_IN_INDEX = 150_000
SAMPLE = 1_500
FREQUENT = 0.004  # of the rows hold the words: their index is not asked
MORE_COMMON = 15  # times as many hold a word: it is cheaper to look at who holds the rarest one
FEW = 20_000  # leads there are
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
    ways = walk.ways_by_words() if selection.words else walk.ways()
    for find in ways:
        if (found := find()) is not None:
            return found
    return Found(walk.stretch(ENDLESS))


def are_few() -> bool:
    """Whether there are so few leads that counting them costs nothing; told without counting."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'leads_lead'::regclass")
        return bool(cursor.fetchone()[0] < FEW)


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
        self.met = 0
        self.beyond = "<" if falls else ">"
        self.sorted = "ORDER BY sort_key DESC, id DESC" if falls else "ORDER BY sort_key, id"
        self.fits, self.params = _condition(selection.rest)
        self.asked = [" & ".join(selection.words)] if selection.words else []
        self.columns = set(OF_LEADS.findall(self.fits)) | {"id"}
        self.stages = list(selection.stages) or list(Stage.objects.values_list("key", flat=True))
        in_index = IN_INDEX | set(OF_LEADS.findall(order.key))
        self.is_looked_up = bool(self.columns - in_index or "EXISTS(" in self.fits)

    def ways(self) -> Iterator[Callable[[], Found | None]]:
        """What is tried one after the other."""
        if self.is_looked_up:
            yield lambda: self.meet(LOOKED_UP)
            if self.met >= SOME:
                yield lambda: self.meet(LOOKED_UP_LONGER)
            yield lambda: self.gather_by_rest(GATHERED)
            if self.met < SOME:
                yield lambda: self.meet(LOOKED_UP_LONGER)
            yield lambda: self.gather_by_rest(GATHERED_LONGER)
        else:
            yield lambda: self.meet(STRETCH)
            yield lambda: self.gather_by_rest(GATHERED_IN_INDEX)

    def ways_by_words(self) -> Iterator[Callable[[], Found | None]]:
        """The same, where each row is looked up by its tokens."""
        yield lambda: self.meet(TOKENS)
        if self.params:
            yield lambda: self.gather_by_rest(GATHERED)
        if words := self._rare_words():
            yield lambda: self.gather_by_words(words, GATHERED_LONGER)
        else:
            yield lambda: self.meet(TOKENS_LONGER)
            yield lambda: self.gather_by_words(self.asked[0], GATHERED_LONGER)

    def meet(self, length: int) -> Found | None:
        """As many as a page shows, met on a stretch of the walk; None when it ended before."""
        ids = self.stretch(length)
        self.met = len(ids)
        return Found(ids) if self.met >= self.most else None

    def stretch(self, length: int) -> list[int]:
        """Those that fit within so many rows of the order, up to as many as a page shows."""
        paths, params = self._paths(length)
        statement = f"""
            SELECT id FROM (SELECT * FROM ({paths}) AS path {self.sorted} LIMIT {length}) AS "leads_lead"
             WHERE {self.fits} AND {self._holds('"leads_lead"."id"')}
            {self.sorted} LIMIT {self.most}
        """
        return _ids(statement, [*params, *self.params, *self.asked])

    def gather_by_rest(self, bound: int) -> Found | None:
        """Driven by everything but the words. The stages let the indexes of the orders find ranges."""
        tables = f"""
            driven AS MATERIALIZED (
                SELECT "leads_lead"."id", {self.order.key} AS sort_key FROM "leads_lead"
                 WHERE {self.fits} AND "leads_lead"."stage" = ANY(%s) LIMIT {bound + 1}
            ), fit AS MATERIALIZED (
                SELECT id, sort_key FROM driven
                 WHERE (SELECT count(*) FROM driven) <= {bound} AND {self._holds("driven.id")}
            )
        """
        return self._gather(bound, tables, [*self.params, self.stages, *self.asked])

    def gather_by_words(self, words: str, bound: int) -> Found | None:
        """Driven by the words; the index is asked for the rare ones alone."""
        tables = f"""
            driven AS MATERIALIZED (
                SELECT lead_id FROM leads_leadtokens
                 WHERE tokens @@ %s::tsquery AND (tokens @@ %s::tsquery) IS TRUE  -- not by the index
                 LIMIT {bound + 1}
            ), fit AS MATERIALIZED (
                SELECT "leads_lead"."id", {self.order.key} AS sort_key FROM "leads_lead"
                 WHERE {self.fits} AND "leads_lead"."id" IN (SELECT lead_id FROM driven)
                   AND (SELECT count(*) FROM driven) <= {bound}
            )
        """
        return self._gather(bound, tables, [words, *self.asked, *self.params])

    def _gather(self, bound: int, tables: str, params: list[Any]) -> Found | None:
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
        return None if driven > bound else Found(ids, total)

    def _rare_words(self) -> str:
        """The words that few leads hold, told by some along the order; "" where many hold all of them."""
        words = self.selection.words
        held = ", ".join(
            "count(*) FILTER (WHERE tokens @@ %s::tsquery)" for _ in [*self.asked, *words]
        )
        paths, params = self._paths(SAMPLE)
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT count(*), {held}
                  FROM (SELECT id FROM ({paths}) AS way LIMIT {SAMPLE}) AS path
                  JOIN leads_leadtokens ON lead_id = path.id
                """,
                [*self.asked, *words, *params],
            )
            seen, together, *counts = cursor.fetchone()
        if together > FREQUENT * seen:
            return ""
        most = max(MORE_COMMON * min(counts), FREQUENT * seen)
        return " & ".join(w for w, count in zip(words, counts, strict=True) if count <= most)

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
