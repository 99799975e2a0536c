"""Rows of a CSV or spreadsheet file, one at a time, as dictionaries of text."""

import csv
from collections.abc import Iterator
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from leadflow.core.errors import Invalid

SPREADSHEETS = {".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"}

Row = dict[str, str]


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
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        start = file.read(8192)
        file.seek(0)
        delimiter = max(",;\t|", key=start.partition("\n")[0].count)
        try:
            yield from csv.reader(_without_nul(file), delimiter=delimiter)
        except csv.Error as error:
            raise Invalid(f"{path.name} is not readable as CSV: {error}") from None


def _without_nul(lines: Iterator[str]) -> Iterator[str]:
    return (line.replace("\x00", "") if "\x00" in line else line for line in lines)


def _spreadsheet(path: Path) -> Iterator[list[str]]:
    try:
        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    except CalamineError as error:
        raise Invalid(f"{path.name} is not readable as a spreadsheet: {error}") from None
    for row in sheet.iter_rows():
        yield [str(value) if value is not None else "" for value in row]
