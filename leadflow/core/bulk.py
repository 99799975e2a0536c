"""Bulk writes: rows go to PostgreSQL by COPY, ids are taken from the sequence first."""

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import repeat
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection, models
from django.utils import timezone

_ESCAPES = str.maketrans(
    {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v"}
)


def take_ids(model: type[models.Model], count: int) -> list[int]:
    """Reserve `count` primary keys of `model`, ascending."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [model._meta.db_table, model._meta.pk.column, count],
        )
        return sorted(row[0] for row in cursor.fetchall())


class Same(NamedTuple):
    """A column with one value in every row."""

    value: Any


def copy_columns(table: str, columns: Mapping[str, Sequence[Any] | Same], count: int) -> None:
    """COPY `count` rows of plain values (str, int, bool, None, times, dict, list), given by column."""
    if not count:
        return
    encoded = [_encode_column(values, count) for values in columns.values()]
    text = io.StringIO("\n".join(map("\t".join, zip(*encoded, strict=True))) + "\n")
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {connection.ops.quote_name(table)} ({names}) FROM STDIN", text)


def copy_instances(instances: Sequence[models.Model]) -> None:
    """COPY unsaved instances of one model, giving primary keys to those that have none."""
    if not instances:
        return
    model = type(instances[0])
    lacking = [instance for instance in instances if instance.pk is None]
    for instance, pk in zip(lacking, take_ids(model, len(lacking)), strict=True):
        instance.pk = pk
    now = timezone.now()
    columns: dict[str, Sequence[Any] | Same] = {}
    for field in model._meta.concrete_fields:
        is_stamp = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
        read = attrgetter(field.attname)
        columns[str(field.column)] = Same(now) if is_stamp else list(map(read, instances))
    copy_columns(model._meta.db_table, columns, len(instances))


def update_columns(instances: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write the named columns (attribute names) of loaded instances in one statement."""
    if not instances:
        return
    meta = type(instances[0])._meta
    fields = [field for field in meta.concrete_fields if field.attname in names]
    quote = connection.ops.quote_name
    types = [_type_of(field) for field in (meta.pk, *fields)]
    columns = [quote(str(field.column)) for field in (meta.pk, *fields)]
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    assignments = ", ".join(f"{column} = fresh.{column}" for column in columns[1:])
    values = [[instance.pk for instance in instances]] + [
        [_plain(getattr(instance, field.attname)) for instance in instances] for field in fields
    ]
    table = quote(meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {assignments} FROM unnest({arrays}) AS fresh ({', '.join(columns)}) "
            f"WHERE {table}.{columns[0]} = fresh.{columns[0]}",
            values,
        )


def _type_of(field: "models.Field[Any, Any]") -> str:
    """The column type without its length, and bigint rather than an identity column."""
    is_key = field.is_relation or field.primary_key
    kind = field.rel_db_type(connection) if is_key else field.db_type(connection)
    return (kind or "text").split("(")[0]


def _plain(value: Any) -> Any:
    return json.dumps(value, default=str) if isinstance(value, dict | list) else value


def _text(value: str) -> str:
    if value.isalnum() or not value:
        return value
    return value.replace("\x00", "").translate(_ESCAPES)


def _json(value: Any) -> str:
    return json.dumps(value, default=str).translate(_ESCAPES) if value else _EMPTY[type(value)]


_EMPTY: dict[Any, str] = {dict: "{}", list: "[]", tuple: "[]"}
_ENCODERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda value: "\\N",
    bool: lambda value: "t" if value else "f",
    int: str,
    str: _text,
    datetime: datetime.isoformat,
    date: date.isoformat,
    dict: _json,
    list: _json,
    tuple: _json,
}


def _encode_column(values: Sequence[Any] | Same, count: int) -> Iterable[str]:
    if isinstance(values, Same):
        return repeat(_encode(values.value), count)
    first = values[0]
    if all(value is first for value in values):  # most columns of a batch hold their default
        return repeat(_encode(first), count)
    return map(_encode, values)


def _encode(value: Any) -> str:
    encoder = _ENCODERS.get(type(value))
    if encoder is not None:
        return encoder(value)
    return (
        _text(value) if isinstance(value, str) else str(value)
    )  # choices are str of their own type
