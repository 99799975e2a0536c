"""The mapping file: which column of a file is which fact.

{
  "match": "external_id",                     e-mail when not given; also "phone"
  "columns": {"mql_id": "external_id", "origin": "source", "x": "attributes.x"},
  "stage": {"key": "mql", "at": "first_contact_date"},      optional
  "time_zone": "America/Sao_Paulo",           of times without a zone; UTC when not given
  "only_existing": false                      true: a row that matches nobody is rejected
}
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from leadflow.core.errors import Invalid

FACTS = (
    "external_id email phone first_name last_name job_title company country language persona source"
).split()
KEYS = ("email", "external_id", "phone")
KNOWN = {"match", "columns", "stage", "time_zone", "only_existing"}


@dataclass(frozen=True)
class Mapping:
    """A checked mapping: columns by fact, columns by attribute, and where the stage comes from."""

    match: str
    facts: dict[str, str]
    attributes: dict[str, str]
    zone: ZoneInfo
    stage: str = ""
    stage_at: str = ""
    only_existing: bool = False

    @property
    def columns(self) -> set[str]:
        """Every column the file must have."""
        stage_at = {self.stage_at} if self.stage_at else set()
        return set(self.facts.values()) | set(self.attributes.values()) | stage_at


def load_mapping(path: Path | None, header: list[str]) -> Mapping:
    """Read and check a mapping file; without one, columns are taken by their names. Raises Invalid."""
    if path is None:
        return _by_names(header)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Invalid(f"The mapping {path} cannot be read: {error}") from None
    mapping = _check(content)
    if missing := sorted(mapping.columns - set(header)):
        raise Invalid(f"The file has no column {', '.join(missing)}; it has {', '.join(header)}.")
    return mapping


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
    stage = content.get("stage", {})
    return Mapping(
        match=match,
        facts=facts,
        attributes=attributes,
        zone=_zone(content.get("time_zone", "UTC")),
        stage=str(stage.get("key", "")),
        stage_at=str(stage.get("at", "")),
        only_existing=bool(content.get("only_existing", False)),
    )


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
