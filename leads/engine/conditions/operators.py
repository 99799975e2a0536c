"""What may be asked of each kind of field: the words, what it is compared with, and how."""

from typing import NamedTuple

from leadflow.core.parts import ConditionField


class Operator(NamedTuple):
    """One question: its words, what it takes, and the lookup that answers it.

    `takes` is nothing, number, text, choice, choices, day, days or count. A negated one is true of
    exactly the leads that its lookup does not find, those of whom nothing is known among them.
    """

    words: str
    takes: str
    lookup: str = "exact"
    is_negated: bool = False


_KNOWN = {
    "known": Operator("is known", "nothing", "blank", is_negated=True),
    "unknown": Operator("is not known", "nothing", "blank"),
}
_TEXT = {
    "contains": Operator("contains", "text", "icontains"),
    "lacks": Operator("does not contain", "text", "icontains", is_negated=True),
    "eq": Operator("is", "text", "iexact"),
    "ne": Operator("is not", "text", "iexact", is_negated=True),
    "starts": Operator("starts with", "text", "istartswith"),
    "filled": Operator("is filled in", "nothing", "blank", is_negated=True),
    "empty": Operator("is empty", "nothing", "blank"),
}
_NUMBER = {
    "gte": Operator("is at least", "number", "gte"),
    "lte": Operator("is at most", "number", "lte"),
    "gt": Operator("is more than", "number", "gt"),
    "lt": Operator("is less than", "number", "lt"),
}

OPERATORS: dict[str, dict[str, Operator]] = {
    "number": {
        **_NUMBER,
        "eq": Operator("is", "number"),
        "ne": Operator("is not", "number", is_negated=True),
        **_KNOWN,
    },
    "text": _TEXT,
    "choice": {
        "eq": Operator("is", "choice"),
        "ne": Operator("is not", "choice", is_negated=True),
        "in": Operator("is one of", "choices", "in"),
        "none": Operator("is none of", "choices", "in", is_negated=True),
        **_KNOWN,
    },
    "set": {
        "has": Operator("includes", "choice"),
        "in": Operator("includes one of", "choices", "in"),
        "none": Operator("includes none of", "choices", "in", is_negated=True),
        "known": Operator("includes something", "nothing", "blank", is_negated=True),
        "unknown": Operator("includes nothing", "nothing", "blank"),
    },
    "known": _KNOWN,
    "flag": {
        "yes": Operator("is true", "nothing", "holds"),
        "no": Operator("is not true", "nothing", "holds", is_negated=True),
    },
    "date": {
        "last_days": Operator("in the last", "days", "last"),
        "older_days": Operator("more than", "days", "older"),
        "next_days": Operator("in the next", "days", "next"),
        "before": Operator("before", "day", "before"),
        "after": Operator("after", "day", "after"),
        "on": Operator("on", "day", "on"),
        "known": Operator("at some time", "nothing", "blank", is_negated=True),
        "unknown": Operator("never", "nothing", "blank"),
    },
    "attribute": {**_TEXT, **{op: one._replace(lookup=f"n{op}") for op, one in _NUMBER.items()}},
    "count": {
        "at_least": Operator("at least", "count"),
        "at_most": Operator("at most", "count"),
        "exactly": Operator("exactly", "count"),
    },
}
RELATIVE = frozenset({"last_days", "older_days", "next_days"})


def operators_of(field: ConditionField) -> dict[str, Operator]:
    """What may be asked of a field, by name."""
    known = OPERATORS[field.kind]
    return {op: one for op, one in known.items() if op not in field.without}
