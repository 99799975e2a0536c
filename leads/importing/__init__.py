"""Reading files of people: a mapping says what each column means, a parser makes rows of facts."""

from leads.importing.mapping import (
    FACTS,
    KEYS,
    Mapping,
    check_mapping,
    guess_meanings,
    load_mapping,
)
from leads.importing.reading import read_rows
from leads.importing.rows import Parser, Person, RowError

__all__ = [
    "FACTS",
    "KEYS",
    "Mapping",
    "Parser",
    "Person",
    "RowError",
    "check_mapping",
    "guess_meanings",
    "load_mapping",
    "read_rows",
]
