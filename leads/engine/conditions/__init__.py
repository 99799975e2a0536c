"""The condition language: JSON → a database filter → a sentence people can read.

A condition is {"all": [...]}, {"any": [...]}, {"not": ...} or {"field": name, "op": name, "value": ...};
{"all": []} is always true. Fields come from the registries in core; docs/conditions.md says the rest.
"""

from leads.engine.conditions.filters import ALWAYS, NEVER, compile_condition
from leads.engine.conditions.operators import OPERATORS, Operator, operators_of
from leads.engine.conditions.sentences import Vocabulary, check_choices, describe
from leads.engine.conditions.times import crossings, moves_with_time
from leads.engine.conditions.trees import (
    DEEPEST,
    MOST_TESTS,
    Condition,
    Misfit,
    Test,
    events_of,
    fields_of,
    find_field,
    parse,
    tests_of,
    values_of,
)

__all__ = [
    "ALWAYS",
    "DEEPEST",
    "MOST_TESTS",
    "NEVER",
    "OPERATORS",
    "Condition",
    "Misfit",
    "Operator",
    "Test",
    "Vocabulary",
    "check_choices",
    "compile_condition",
    "crossings",
    "describe",
    "events_of",
    "fields_of",
    "find_field",
    "moves_with_time",
    "operators_of",
    "parse",
    "tests_of",
    "values_of",
]
