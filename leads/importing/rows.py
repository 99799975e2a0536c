"""From a row of text to a person: normalised facts, or an error that names the column."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from content.models import Persona
from leadflow.core.errors import Invalid
from leads.engine.identity import clean, normalize_email, normalize_phone
from leads.importing.mapping import Mapping

AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
LENGTHS = {
    "external_id": 120,
    "first_name": 120,
    "last_name": 120,
    "job_title": 120,
    "company": 200,
    "country": 2,
    "language": 10,
    "source": 80,
}


@dataclass(frozen=True)
class RowError:
    """Why a row was left out; rows count from 2, below the header, as a spreadsheet shows them."""

    row: int
    column: str
    message: str


@dataclass(slots=True)
class Person:
    """One row understood: where it stood, its facts, and the stage with its time, reason and money."""

    row: int
    facts: dict[str, Any]
    attributes: dict[str, str]
    company: str = ""
    stage: str = ""
    at: datetime | None = None
    reason: str = ""
    amount: Decimal | None = None


class Parser:
    """Turns rows into people by one mapping; compiled once, so that each row is quick."""

    def __init__(self, mapping: Mapping, header: list[str]) -> None:
        place = {name: index for index, name in enumerate(header)}
        self.mapping = mapping
        self.width = len(header)
        country_first = sorted(mapping.facts.items(), key=lambda item: item[0] != "country")
        self.facts = [(fact, column, place[column]) for fact, column in country_first]
        self.attributes = [(name, place[column]) for name, column in mapping.attributes.items()]
        self.stage_at = place.get(mapping.stage_at)
        self.reason = place.get(mapping.reason)
        self.amount = place.get(mapping.amount)

    def parse(self, number: int, row: list[str]) -> Person | RowError:
        """The person a row tells of, or why it cannot be used."""
        if len(row) != self.width:
            return RowError(number, "", f"This row has {len(row)} columns instead of {self.width}.")
        column = ""
        facts: dict[str, Any] = {}
        try:
            for fact, column, index in self.facts:  # noqa: B007  (the error below names the column)
                facts[fact] = READERS[fact](row[index], facts)
            column = self.mapping.stage_at
            at = None if self.stage_at is None else read_time(row[self.stage_at], self.mapping.zone)
            column = self.mapping.amount
            amount = None if self.amount is None else read_amount(row[self.amount])
        except Invalid as error:
            return RowError(number, column, str(error))
        if not facts[self.mapping.match]:
            return RowError(
                number, self.mapping.facts[self.mapping.match], "The match key is blank."
            )
        company = facts.pop("company", "")
        attributes = {name: clean(row[index], most=500) for name, index in self.attributes}
        reason = "" if self.reason is None else clean(row[self.reason], most=40)
        return Person(
            number,
            facts,
            attributes,
            company,
            self.mapping.stage,
            at,
            reason or self.mapping.reason_code,
            amount,
        )


def read_amount(text: str) -> Decimal | None:
    """An amount of money; None for a blank. Raises Invalid."""
    text = text.strip()
    if not text:
        return None
    if not AMOUNT.fullmatch(text):
        raise Invalid(f"“{text[:40]}” is no amount like 1234.50.")
    return Decimal(text)


def read_time(text: str, zone: ZoneInfo) -> datetime:
    """An ISO date or time as UTC; a date means its first moment in `zone`. Raises Invalid."""
    text = text.strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = datetime.combine(date.fromisoformat(text), time())
        except ValueError:
            raise Invalid(f"“{text[:40]}” is not a date like 2026-03-31 or a time.") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    if not 1900 < moment.year < 2200:
        raise Invalid(f"“{text[:40]}” lies too far away.")
    return moment.astimezone(UTC)


def _email(text: str, facts: dict[str, Any]) -> str:
    return normalize_email(clean(text, most=400))


def _phone(text: str, facts: dict[str, Any]) -> str:
    return normalize_phone(clean(text, most=60), facts.get("country", ""))


def _persona(text: str, facts: dict[str, Any]) -> str:
    value = clean(text, most=40).lower().replace(" ", "_") or Persona.UNKNOWN
    if value not in Persona.values:
        raise Invalid(f"“{text[:40]}” is no persona; use {', '.join(Persona.values)}.")
    return str(value)


def _country(text: str, facts: dict[str, Any]) -> str:
    value = clean(text, most=80).upper()
    if value and (len(value) != 2 or not value.isalpha()):
        raise Invalid(f"“{text[:40]}” is no country code of two letters.")
    return value


def _text(most: int) -> Callable[[str, dict[str, Any]], str]:
    return lambda text, facts: clean(text, most=most)


READERS: dict[str, Callable[[str, dict[str, Any]], str]] = {
    fact: _text(most) for fact, most in LENGTHS.items()
} | {"email": _email, "phone": _phone, "persona": _persona, "country": _country}
