"""Ways to compare columns that Django does not know."""

from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.db.models import Lookup


@SearchVectorField.register_lookup
class Holds(Lookup):
    """Whether a tsvector fits the text of a tsquery, taken as it is: no parser, no dictionary."""

    lookup_name = "holds"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """`column @@ 'query'::tsquery`, which a GIN index answers."""
        left, left_params = self.process_lhs(compiler, connection)
        return f"{left} @@ %s::tsquery", [*left_params, str(self.rhs)]
