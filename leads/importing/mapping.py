"""The mapping file: which column of a file is which fact.

{
  "match": "external_id",                     e-mail when not given; also "phone"
  "columns": {"mql_id": "external_id", "origin": "source", "x": "attributes.x"},
  "stage": {                                  optional: the stage that every row tells of
    "key": "lost",
    "at": "lost_on",                          when they entered it; the moment of the import without
    "reason": "why",                          the code of the reason, as the verb asks for it …
    "reason_code": "price",                   … and the one of rows that give none
    "amount": "deal_value",                   money: opens an opportunity, for known leads as they advance or win
    "currency": "EUR"                         of the amounts; EUR when not given
  },
  "time_zone": "America/Sao_Paulo",           of times without a zone; UTC when not given
  "only_existing": false                      true: a row that matches nobody is rejected
}

What a stage requires (an amount, a phone number …) and what its verb asks for (a reason) is asked of
every row, new or known: one that lacks it is left out and named, the rest of the file goes on.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from leadflow.core.errors import Invalid
from leads.engine.identity import fold

FACTS = (
    "external_id email phone first_name last_name job_title company country language persona source"
).split()
KEYS = ("email", "external_id", "phone")
# What columns are called in files from elsewhere, without blanks and punctuation
NAMES = {
    "external_id": {"externalid", "id", "crmid", "contactid", "leadid", "recordid", "mqlid"},
    "email": {"email", "mail", "emailaddress", "mailaddress", "workemail"},
    "phone": {"phone", "phonenumber", "telephone", "tel", "mobile", "mobilephone", "telefon"},
    "first_name": {"firstname", "givenname", "forename", "vorname"},
    "last_name": {"lastname", "surname", "familyname", "nachname"},
    "job_title": {"jobtitle", "title", "position", "role"},
    "company": {"company", "companyname", "organization", "organisation", "account", "firma"},
    "country": {"country", "countrycode", "land"},
    "language": {"language", "lang", "sprache"},
    "persona": {"persona"},
    "source": {"source", "leadsource", "origin"},
}
KNOWN = {"match", "columns", "stage", "time_zone", "only_existing"}
OF_STAGE = {"key", "at", "reason", "reason_code", "amount", "currency"}


@dataclass(frozen=True)
class Mapping:
    """A checked mapping: columns by fact, columns by attribute, and where the stage comes from."""

    match: str
    facts: dict[str, str]
    attributes: dict[str, str]
    zone: ZoneInfo
    stage: str = ""
    stage_at: str = ""
    reason: str = ""
    reason_code: str = ""
    amount: str = ""
    currency: str = "EUR"
    only_existing: bool = False

    @property
    def columns(self) -> set[str]:
        """Every column the file must have."""
        of_stage = {self.stage_at, self.reason, self.amount} - {""}
        return set(self.facts.values()) | set(self.attributes.values()) | of_stage


def load_mapping(path: Path | None, header: list[str]) -> Mapping:
    """Read and check a mapping file; without one, columns are taken by their names. Raises Invalid."""
    if path is None:
        return _by_names(header)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Invalid(f"The mapping {path} cannot be read: {error}") from None
    return check_mapping(content, header)


def check_mapping(content: Any, header: Sequence[str]) -> Mapping:
    """A mapping as it is written down, checked against the columns of a file. Raises Invalid."""
    mapping = _check(content)
    if missing := sorted(mapping.columns - set(header)):
        raise Invalid(f"The file has no column {', '.join(missing)}; it has {', '.join(header)}.")
    return mapping


def guess_meanings(header: Sequence[str]) -> dict[str, str]:
    """What columns mean, by their names: column → fact; what is not recognised is left out."""
    found: dict[str, str] = {}
    for column in header:
        name = re.sub(r"[^a-z]", "", fold(column))
        fact = next((fact for fact, names in NAMES.items() if name in names), "")
        if fact and fact not in found.values():
            found[column] = fact
    return found


def _by_names(header: list[str]) -> Mapping:
    names = {name.strip().lower().replace(" ", "_").replace("-", "_"): name for name in header}
    names |= {"email": names["e_mail"]} if "e_mail" in names else {}
    facts = {fact: names[fact] for fact in FACTS if fact in names}
    match = next((key for key in KEYS if key in facts), None)
    if match is None:
        raise Invalid("Without a mapping the file needs a column email, phone or external_id.")
    return Mapping(match=match, facts=facts, attributes={}, zone=ZoneInfo("UTC"))


def _check(content: Any) -> Mapping:
    if not isinstance(content, dict) or not isinstance(content.get("columns"), dict):
        raise Invalid("A mapping is an object with “columns”: {column: fact}.", field="columns")
    if unknown := sorted(set(content) - KNOWN):
        raise Invalid(f"A mapping knows no “{unknown[0]}”.", field=unknown[0])
    facts, attributes = _split(content["columns"])
    match = content.get("match", "email")
    if match not in KEYS or match not in facts:
        raise Invalid(f"“match” must be a mapped column of {', '.join(KEYS)}.", field="match")
    return Mapping(
        match=match,
        facts=facts,
        attributes=attributes,
        zone=_zone(content.get("time_zone", "UTC")),
        only_existing=bool(content.get("only_existing", False)),
        **_stage(content.get("stage", {})),
    )


def _stage(said: Any) -> dict[str, str]:
    """What a mapping says of the stage, by the names of `Mapping`."""
    if not isinstance(said, dict):
        raise Invalid("“stage” is an object with a “key”.", field="stage")
    if unknown := sorted(set(said) - OF_STAGE):
        raise Invalid(f"The stage of a mapping knows no “{unknown[0]}”.", field=unknown[0])
    if said and not said.get("key"):
        raise Invalid("Say which stage the file tells of: “key”.", field="stage")
    words = {name: str(value) for name, value in said.items() if name not in {"key", "at"}}
    if not re.fullmatch("[A-Z]{3}", words.get("currency", "EUR")):
        raise Invalid(f"“{words['currency']}” is no currency like EUR.", field="currency")
    return words | {"stage": str(said.get("key", "")), "stage_at": str(said.get("at", ""))}


def _split(columns: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    facts: dict[str, str] = {}
    attributes: dict[str, str] = {}
    for column, meaning in columns.items():
        kind, _, name = str(meaning).partition(".")
        if kind == "attributes" and name:
            attributes[name] = column
        elif meaning in FACTS:
            facts[meaning] = column
        else:
            raise Invalid(
                f"Column “{column}” cannot become “{meaning}”; use attributes.… or {', '.join(FACTS)}.",
                field=column,
            )
    return facts, attributes


def _zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):
        raise Invalid(f"“{name}” is no time zone.", field="time_zone") from None
