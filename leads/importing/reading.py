"""Rows of a CSV or spreadsheet file, one at a time, as lists of text."""

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from leadflow.core.errors import Invalid

SPREADSHEETS = {".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"}


def read_rows(path: Path) -> tuple[list[str], Iterator[list[str]]]:
    """The header and an iterator over the rows of a file; raises Invalid when it is not readable."""
    if not path.is_file():
        raise Invalid(f"There is no file {path}.")
    rows = _spreadsheet(path) if path.suffix.lower() in SPREADSHEETS else _csv(path)
    header = next(rows, None)
    if not header:
        raise Invalid(f"{path.name} is empty: its first line must name the columns.")
    if len(set(header)) < len(header):
        raise Invalid(f"{path.name} names a column twice.")
    return header, rows


def _csv(path: Path) -> Iterator[list[str]]:
    with path.open(encoding=_encoding(path), errors="replace", newline="") as file:
        start = file.read(8192)
        file.seek(0)
        delimiter = max(",;\t|", key=start.partition("\n")[0].count)
        try:
            yield from csv.reader(_without_nul(file), delimiter=delimiter)
        except csv.Error as error:
            raise Invalid(f"{path.name} is not readable as CSV: {error}") from None


def _encoding(path: Path) -> str:
    """UTF-8 when all of the file is, else what spreadsheets in Western Europe write."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _without_nul(lines: Iterator[str]) -> Iterator[str]:
    return (line.replace("\x00", "") if "\x00" in line else line for line in lines)


def _spreadsheet(path: Path) -> Iterator[list[str]]:
    try:
        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    except CalamineError as error:
        raise Invalid(f"{path.name} is not readable as a spreadsheet: {error}") from None
    for row in sheet.iter_rows():
        yield [_cell(value) for value in row]


def _cell(value: object) -> str:
    """A cell as text; spreadsheets keep whole numbers, such as phone numbers, as 4930.0."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
