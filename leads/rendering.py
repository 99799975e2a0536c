"""What is handed out about a person: one ZIP file, as JSON for machines and as tables for people."""

import json
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import IO, Any

from leadflow.core.spreadsheets import csv_lines
from leads.queries.dossier import Part, person_facts, person_parts

IN_MEMORY = 2_000_000  # bytes; what is larger goes to a temporary file

ABOUT = """\
Everything that LeadFlow keeps about one person, as of {at}.

person.json               all of it, for programs
facts.csv                 who they are and where they stand
{files}
Times are in UTC. A cell that a spreadsheet would take for a formula begins with an apostrophe.
"""


def build_dossier(*, lead_id: int, at: datetime) -> IO[bytes]:
    """The ZIP file about a person, ready to be read; two queries a table, however long."""
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  (the answer closes it)
    facts = {name: _plain(value) for name, value in person_facts(lead_id=lead_id).items()}
    parts = person_parts(lead_id=lead_id)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        filled = _write_json(archive, facts, parts, at=at)
        _write_csv(archive, "facts.csv", [("fact", "value"), *_cells(facts.items())])
        for part in filled:
            _write_csv(archive, f"{part.name}.csv", _table(part))
        files = "".join(f"{f'{part.name}.csv':24}  {part.label}\n" for part in filled)
        archive.writestr("about.txt", ABOUT.format(at=_plain(at), files=files))
    file.seek(0)
    return file


def _write_json(
    archive: zipfile.ZipFile, facts: dict[str, Any], parts: list[Part], *, at: datetime
) -> list[Part]:
    """Write all of it, row by row; returns the parts that have rows."""
    filled = []
    with archive.open("person.json", "w") as entry:
        entry.write(f'{{"exported_at": {json.dumps(_plain(at))},\n"facts": '.encode())
        entry.write(json.dumps(facts, ensure_ascii=False).encode())
        for part in parts:
            entry.write(f',\n"{part.name}": ['.encode())
            is_first = True
            for row in part.rows():
                told = dict(zip(part.columns, map(_plain, row), strict=True))
                line = "\n" if is_first else ",\n"
                entry.write((line + json.dumps(told, ensure_ascii=False)).encode())
                is_first = False
            entry.write(b"]")
            if not is_first:
                filled.append(part)
        entry.write(b"}\n")
    return filled


def _table(part: Part) -> Iterator[tuple[Any, ...]]:
    yield part.columns
    yield from _cells(part.rows())


def _cells(rows: Any) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield tuple(_cell(value) for value in row)


def _cell(value: Any) -> Any:
    plain = _plain(value)
    is_nested = isinstance(plain, dict | list)
    return json.dumps(plain, ensure_ascii=False) if is_nested else plain


def _write_csv(archive: zipfile.ZipFile, name: str, rows: Any) -> None:
    with archive.open(name, "w") as entry:
        for line in csv_lines(rows):
            entry.write(line.encode())


def _plain(value: Any) -> Any:
    """A value as JSON knows it: times in ISO 8601 and UTC, amounts and ids as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    known = value is None or isinstance(value, str | int | float | bool | dict | list)
    return value if known else str(value)
