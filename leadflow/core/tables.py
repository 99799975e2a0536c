"""Paging by key: the millionth row is as near as the first, for no row is counted over."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import date, datetime
from functools import cached_property
from operator import attrgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import BooleanField, F, Field, Func, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan
from django.http import QueryDict

MOST_COUNTED = 10_000
AFTER, BEFORE = "after", "before"


class KeysetPage:
    """One page of rows and the addresses of its neighbours; counted only when asked."""

    def __init__(
        self,
        rows: list[Any],
        *,
        next_url: str,
        previous_url: str,
        counted: "QuerySet[Any]",
        cap: int,
        total: int | None = None,
    ) -> None:
        self.rows = rows
        self.next_url = next_url
        self.previous_url = previous_url
        # How many there are in all, where that came to light on the way
        self.total = total
        self._counted = counted
        self._cap = cap

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def count(self) -> int:
        """Rows in all, counted up to one beyond the cap."""
        if self.total is not None:
            return self.total
        return self._counted.order_by()[: self._cap + 1].count()

    @property
    def count_label(self) -> str:
        """ "1,234", or "10,000+" beyond the cap."""
        return f"{self._cap:,}+" if self.count > self._cap else f"{self.count:,}"


class Keyset:
    """Pages a queryset along `keys`: never null, all in one direction, unique together.

    The comparison is one row value, `(score_total, id) < (…, …)`: an index on the keys answers it.
    """

    def __init__(
        self,
        queryset: "QuerySet[Any]",
        keys: Sequence[str],
        params: QueryDict,
        *,
        size: int = 50,
        cap: int = MOST_COUNTED,
    ) -> None:
        self.descending = keys[0].startswith("-")
        if any(key.startswith("-") != self.descending for key in keys):
            raise ValueError("keys of one page must all go in the same direction")
        self.queryset = queryset
        self.names = [key.removeprefix("-") for key in keys]
        self.params = params
        self.size = size
        self.cap = cap
        self.total: int | None = None

    def page(self) -> KeysetPage:
        """The page `?after=` or `?before=` asks for; a cursor without sense gives the first."""
        backwards = BEFORE in self.params and AFTER not in self.params
        position = self._position(self.params.get(BEFORE if backwards else AFTER, ""))
        rows = self.fetch(position, backwards=backwards, most=self.size + 1)
        more, rows = len(rows) > self.size, rows[: self.size]
        if backwards:
            rows.reverse()
        has_next, has_previous = (bool(position), more) if backwards else (more, bool(position))
        return KeysetPage(
            rows,
            next_url=self._url(AFTER, rows[-1]) if rows and has_next else "",
            previous_url=self._url(BEFORE, rows[0]) if rows and has_previous else "",
            counted=self.queryset,
            cap=self.cap,
            total=self.total,
        )

    def fetch(self, position: list[Any] | None, *, backwards: bool, most: int) -> list[Any]:
        """The first rows beyond a position; who knows a faster way puts it here, and `total`, if known."""
        return list(self._rows(position, backwards=backwards)[:most])

    def _rows(self, position: list[Any] | None, *, backwards: bool) -> "QuerySet[Any]":
        falling = self.descending != backwards
        rows = self.queryset.order_by(*(f"-{name}" if falling else name for name in self.names))
        if position is None:
            return rows
        compare = LessThan if falling else GreaterThan
        values = [
            Value(value, output_field=field)
            for value, field in zip(position, self._fields, strict=True)
        ]
        return rows.filter(compare(_row(*map(F, self.names)), _row(*values)))

    def _position(self, cursor: str) -> list[Any] | None:
        """The key values in a cursor, or None."""
        try:
            values = json.loads(base64.urlsafe_b64decode(cursor.encode()))
            fields = zip(self._fields, values, strict=True)
            return [field.to_python(value) for field, value in fields]
        except (ValueError, TypeError, OverflowError, ValidationError, binascii.Error):
            return None

    def _url(self, side: str, row: Any) -> str:
        values = [_plain(attrgetter(name.replace("__", "."))(row)) for name in self.names]
        params = self.params.copy()
        params.pop(AFTER, None)
        params.pop(BEFORE, None)
        params[side] = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
        return "?" + params.urlencode()

    @cached_property
    def _fields(self) -> "list[Field[Any, Any]]":
        return [self._field(name) for name in self.names]

    def _field(self, name: str) -> "Field[Any, Any]":
        """The column a key names: of this model, of one it points at, or an annotation."""
        if name in self.queryset.query.annotations:
            return self.queryset.query.annotations[name].output_field
        model: Any = self.queryset.model
        *path, last = name.split("__")
        for step in path:
            model = model._meta.get_field(step).related_model
        return model._meta.pk if last == "pk" else model._meta.get_field(last)


def _row(*parts: Any) -> Func:
    """A row value; the output field is only there because Django asks for one."""
    return Func(*parts, template="(%(expressions)s)", output_field=BooleanField())


def _plain(value: Any) -> str | int | float | None:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if value is None or isinstance(value, int | float) else str(value)
