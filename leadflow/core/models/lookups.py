"""A lookup for very many values: one array instead of a placeholder for each."""

from typing import Any

from django.db.models import Field, Lookup


@Field.register_lookup
class AnyOf(Lookup):
    """`pk__any=frozenset(ids)`: the column is one of these, sent as one array.

    Takes a set: Django resolves lists and tuples value by value, which is what this saves.
    """

    lookup_name = "any"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Column = ANY (array)."""
        column, params = self.process_lhs(compiler, connection)
        kind = self.lhs.output_field.rel_db_type(connection).split("(")[0]
        return f"{column} = ANY(%s::{kind}[])", [*params, list(self.rhs)]
