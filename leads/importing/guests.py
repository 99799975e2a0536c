"""Guest lists as files: which column says what, and what a row says of one guest."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadflow.core.errors import Invalid
from leads.engine.identity import clean, normalize_email, normalize_phone
from leads.importing.rows import RowError
from leads.models import Guest

State = Guest.State
# What a column may say: key, words, and the names by which it is recognised
TARGETS: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("email", "E-mail", frozenset("email mail emailaddress emailadresse mailadresse".split())),
    ("first_name", "First name", frozenset("firstname givenname vorname prenom".split())),
    ("last_name", "Last name", frozenset("lastname surname familyname nachname nom".split())),
    ("name", "Whole name", frozenset("name fullname guest attendee participant".split())),
    ("company", "Company", frozenset("company organisation organization firma account".split())),
    ("phone", "Phone", frozenset("phone telephone mobile telefon phonenumber cell".split())),
    ("state", "State", frozenset("state status attendance participation".split())),
)
PUNCTUATION = re.compile(r"[^a-z]+")
WORDS = {
    State.INVITED: "invited invitation open pending noreply",
    State.REGISTERED: "registered registration accepted yes coming confirmed noshow missed",
    State.ATTENDED: "attended attendance came present here checkedin participated visited",
    State.CANCELLED: "cancelled canceled declined no rejected notcoming",
}
STATE_OF = {word: state for state, words in WORDS.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class GuestRow:
    """One row understood: where it stood, who it is about, and where they stand."""

    row: int
    facts: Mapping[str, str]
    company: str
    state: State


def guess_columns(header: Sequence[str]) -> dict[str, str]:
    """Which column says what, by their names: target → column; what is not recognised is left out."""
    named = {PUNCTUATION.sub("", name.lower()): name for name in header}
    found: dict[str, str] = {}
    for target, _, names in TARGETS:
        column = next((named[name] for name in named if name in names), None)
        if column is not None:
            found[target] = column
    if {"first_name", "last_name"} & found.keys():
        found.pop("name", None)
    return found


class GuestParser:
    """Turns rows into guests by the columns chosen; `state` is for rows that say none."""

    def __init__(self, columns: Mapping[str, str], header: Sequence[str], state: str) -> None:
        self.width = len(header)
        self.columns = {target: name for target, name in columns.items() if name}
        unknown = sorted(set(self.columns.values()) - set(header))
        if unknown:
            raise Invalid(f"The file has no column “{unknown[0][:60]}”.")
        if not {"email", "phone"} & self.columns.keys():
            raise Invalid(
                "Choose the column of the e-mail address or of the phone number: people are known by it.",
                field="email",
            )
        places = {name: place for place, name in enumerate(header)}
        self.places = {target: places[name] for target, name in self.columns.items()}
        self.state = State(state)

    def parse(self, number: int, row: Sequence[str]) -> GuestRow | RowError:
        """The guest a row tells of, or why it cannot be used."""
        if len(row) != self.width:
            return RowError(number, "", f"This row has {len(row)} columns instead of {self.width}.")
        said = {target: str(row[place]) for target, place in self.places.items()}
        column = ""
        try:
            column = self.columns.get("email", "")
            email = normalize_email(clean(said.get("email", ""), most=400))
            column = self.columns.get("phone", "")
            phone = normalize_phone(clean(said.get("phone", ""), most=60))
            column = self.columns.get("state", "")
            state = self._read_state(said.get("state", ""))
        except Invalid as error:
            return RowError(number, column, str(error))
        if not email and not phone:
            return RowError(
                number, self._key_column(), "Nobody can be known by this row: it is blank."
            )
        first, last = _names(said)
        facts = {"email": email, "phone": phone, "first_name": first, "last_name": last}
        return GuestRow(number, facts, clean(said.get("company", ""), most=200), state)

    def _key_column(self) -> str:
        return self.columns.get("email") or self.columns["phone"]

    def _read_state(self, text: str) -> State:
        word = PUNCTUATION.sub("", text.lower())
        if not word:
            return self.state
        if word not in STATE_OF:
            known = ", ".join(State.values)
            raise Invalid(f"“{text[:40]}” is no state of a guest; write {known}.")
        return STATE_OF[word]


def _names(said: Mapping[str, str]) -> tuple[str, str]:
    """First and last name; a whole name parts at its last space, or at its comma."""
    first = clean(said.get("first_name", ""), most=120)
    last = clean(said.get("last_name", ""), most=120)
    whole = clean(said.get("name", ""), most=240)
    if first or last or not whole:
        return first, last
    if "," in whole:
        last, _, first = whole.partition(",")
    else:
        first, _, last = whole.rpartition(" ")
    return first.strip()[:120], last.strip()[:120]
