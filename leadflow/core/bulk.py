"""Bulk writes: rows go to PostgreSQL by COPY, ids are taken from the sequence first."""

import io
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

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


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows of plain values (str, int, bool, None, times, dict, list) into `table`."""
    text = io.StringIO()
    for row in rows:
        text.write("\t".join(map(_encode, row)))
        text.write("\n")
    text.seek(0)
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
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    now = timezone.now()
    for field in fields:
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            for instance in instances:
                setattr(instance, field.attname, now)
    names = [field.attname for field in fields]
    copy_rows(
        model._meta.db_table,
        [field.column for field in fields],
        ([getattr(instance, name) for name in names] for instance in instances),
    )


def _encode(value: Any) -> str:
    if value is None:
        return "\\N"
    if value is True or value is False:
        return "t" if value else "f"
    if isinstance(value, str):
        return value.replace("\x00", "").translate(_ESCAPES)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, default=str).translate(_ESCAPES)
    return str(value)
