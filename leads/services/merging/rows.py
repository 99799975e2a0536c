"""Rows as text: how they were, which of them changed hands, and how they are put back.

PostgreSQL writes and reads the text, so every value comes back exactly as it was.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, connection, models, transaction

Texts = dict[str, str]  # primary key → row, both as PostgreSQL writes them
quote = connection.ops.quote_name


def read_rows(
    model: type[models.Model], columns: Sequence[str], lead_ids: Collection[int]
) -> Texts:
    """The rows that name one of the leads in one of the columns."""
    table, key = names_of(model)
    named = " OR ".join(f"line.{quote(column)} = ANY(%s)" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT line.{key}::text, to_jsonb(line)::text FROM {table} AS line WHERE {named}",
            [list(lead_ids)] * len(columns),
        )
        return dict(cursor.fetchall())


def set_aside(model: type[models.Model], keys: Collection[Any]) -> list[str]:
    """Delete rows; returns them as text."""
    table, key = names_of(model)
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} AS line WHERE line.{key} = ANY(%s::{_key_type(model)}[]) "
            "RETURNING to_jsonb(line)::text",
            [[str(one) for one in keys]],
        )
        return [row[0] for row in cursor.fetchall()]


def hand_over(model: type[models.Model], column: str, *, giver: int, taker: int) -> list[str]:
    """Give all rows of one lead to another; returns their primary keys."""
    table, key = names_of(model)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {quote(column)} = %s WHERE {quote(column)} = %s "
            f"RETURNING {key}::text",
            [taker, giver],
        )
        return [row[0] for row in cursor.fetchall()]


def hand_back(
    model: type[models.Model], column: str, keys: Collection[str], *, giver: int, taker: int
) -> None:
    """Give those of the rows back that are still there and still the giver's."""
    table, key = names_of(model)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {quote(column)} = %s "
            f"WHERE {quote(column)} = %s AND {key} = ANY(%s::{_key_type(model)}[])",
            [taker, giver, list(keys)],
        )


def put_back(model: type[models.Model], array: str) -> None:
    """Insert an array of rows again, but for those that lean on something gone since."""
    table, _ = names_of(model)
    fields = model._meta.concrete_fields
    columns = ", ".join(quote(str(field.column)) for field in fields)
    values = ", ".join(_present(field, "line") for field in fields)
    leans = [_exists(field, "line") for field in fields if _is_needed(field)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) "
            f"SELECT {values} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb) AS line "
            f"WHERE {' AND '.join(leans or ['TRUE'])} ON CONFLICT DO NOTHING",
            [array],
        )


def find_changes(before: Texts, after: Texts) -> tuple[list[str], list[str]]:
    """The rows that differ, as they were and as they are; one that is new or gone is in one list."""
    was = [row for key, row in before.items() if after.get(key) != row]
    now = [row for key, row in after.items() if before.get(key) != row]
    return was, now


def restore_changes(
    model: type[models.Model], was: str, now: str, *, without: Collection[str] = ()
) -> None:
    """Make changed rows as they were; what has been changed again since stays.

    `was` and `now` are arrays of rows as text. A row that could not stand beside what came since
    (something is unique) stays as it is.
    """
    _drop_added(model, was, now)
    pairs = _pair(model, was, now)
    try:
        with transaction.atomic():
            _restore(model, was, now, without=without)
    except IntegrityError:
        for before, after in pairs:
            _restore_alone(model, before, after, without=without)
    _insert_dropped(model, was, now)


def as_array(rows: Iterable[str]) -> str:
    """Rows as the text of one JSON array."""
    return f"[{','.join(rows)}]"


def as_object(values: Mapping[str, str]) -> str:
    """The text of a JSON object from the texts of its values."""
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in values.items()) + "}"


def names_of(model: type[models.Model]) -> tuple[str, str]:
    """The table and its primary key, quoted."""
    return quote(model._meta.db_table), quote(str(model._meta.pk.column))


def _key_type(model: type[models.Model]) -> str:
    return model._meta.pk.rel_db_type(connection) or "bigint"


def _restore(
    model: type[models.Model], was: str, now: str, *, without: Collection[str] = ()
) -> None:
    table, key = names_of(model)
    fields = [
        field
        for field in model._meta.concrete_fields
        if not field.primary_key and field.column not in without
    ]
    assignments = ", ".join(
        f"{name} = CASE WHEN line.{name} IS NOT DISTINCT FROM now.{name} "
        f"THEN {_present(field, 'was')} ELSE line.{name} END"
        for field in fields
        for name in [quote(str(field.column))]
    )
    rows = f"jsonb_populate_recordset(NULL::{table}, %s::jsonb)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS line SET {assignments} FROM {rows} AS was "
            f"JOIN {rows} AS now USING ({key}) WHERE line.{key} = was.{key}",
            [was, now],
        )


def _restore_alone(
    model: type[models.Model], was: str, now: str, *, without: Collection[str]
) -> None:
    try:
        with transaction.atomic():
            _restore(model, was, now, without=without)
    except IntegrityError:
        return


def _drop_added(model: type[models.Model], was: str, now: str) -> None:
    """Delete rows that the merge had made, unless somebody has changed them since."""
    table, key = names_of(model)
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} AS line "
            f"USING jsonb_populate_recordset(NULL::{table}, %s::jsonb) AS now "
            f"WHERE line.{key} = now.{key} AND line IS NOT DISTINCT FROM now "
            f"AND NOT EXISTS (SELECT FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb) AS was "
            f"WHERE was.{key} = now.{key})",
            [now, was],
        )


def _insert_dropped(model: type[models.Model], was: str, now: str) -> None:
    """Insert rows that the merge had deleted."""
    key = str(model._meta.pk.column)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT line::text FROM jsonb_array_elements(%s::jsonb) AS line "
            "WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(%s::jsonb) AS now "
            "WHERE now -> %s = line -> %s)",
            [was, now, key, key],
        )
        put_back(model, as_array(row[0] for row in cursor.fetchall()))


def _pair(model: type[models.Model], was: str, now: str) -> list[tuple[str, str]]:
    """Rows that are in both arrays, each as two arrays of one."""
    key = str(model._meta.pk.column)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT jsonb_build_array(was)::text, jsonb_build_array(now)::text "
            "FROM jsonb_array_elements(%s::jsonb) AS was "
            "JOIN jsonb_array_elements(%s::jsonb) AS now ON now -> %s = was -> %s",
            [was, now, key, key],
        )
        return list(cursor.fetchall())


def _is_needed(field: Any) -> bool:
    return bool(field.is_relation and not field.null)


def _exists(field: Any, row: str) -> str:
    """Whether what a row points at is still there."""
    table, key = names_of(field.related_model)
    return f"EXISTS (SELECT FROM {table} AS there WHERE there.{key} = {row}.{quote(field.column)})"


def _present(field: Any, row: str) -> str:
    """The value of a column; nothing where it points at something gone since."""
    name = f"{row}.{quote(field.column)}"
    if not field.is_relation or not field.null:
        return name
    return f"CASE WHEN {_exists(field, row)} THEN {name} END"
