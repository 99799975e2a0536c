"""Tables as CSV files that a spreadsheet opens without running anything in them."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.http import StreamingHttpResponse

# What makes a spreadsheet take a cell for a formula
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
SUSPECT = frozenset("=+-@\t\r \n")  # as the first character: worth a second look
AT_ONCE = 500  # lines that are sent together


class _Line:
    """A file that only hands back what was written last."""

    def write(self, text: str) -> str:
        return text


def plain_cell(value: Any) -> str:
    """A value as text that no spreadsheet runs: what begins like a formula gets an apostrophe."""
    text = "" if value is None else str(value)
    if text[:1] not in SUSPECT:
        return text
    return f"'{text}" if text.lstrip(" \n").startswith(DANGEROUS) else text


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Rows as lines of CSV; the first begins with the mark by which Excel knows UTF-8."""
    writer = csv.writer(_Line())
    yield "\ufeff"
    for row in rows:
        yield writer.writerow([plain_cell(value) for value in row])


def _blocks(lines: Iterator[str]) -> Iterator[str]:
    """Lines some hundreds at a time: each piece that is sent costs a server more than a line."""
    while block := "".join(islice(lines, AT_ONCE)):
        yield block


def csv_answer(rows: Iterable[Sequence[Any]], *, name: str) -> StreamingHttpResponse:
    """A download called `name`, sent as the rows come."""
    kind = "text/csv; charset=utf-8"
    answer = StreamingHttpResponse(_blocks(csv_lines(rows)), content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
