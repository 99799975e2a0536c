"""Tables as CSV files that a spreadsheet opens without running anything in them."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse

# What makes a spreadsheet take a cell for a formula
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """A file that only hands back what was written last."""

    def write(self, text: str) -> str:
        return text


def plain_cell(value: Any) -> str:
    """A value as text that no spreadsheet runs: what begins like a formula gets an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \n").startswith(DANGEROUS) else text


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Rows as lines of CSV; the first begins with the mark by which Excel knows UTF-8."""
    writer = csv.writer(_Line())
    yield "\ufeff"
    for row in rows:
        yield writer.writerow([plain_cell(value) for value in row])


def csv_answer(rows: Iterable[Sequence[Any]], *, name: str) -> StreamingHttpResponse:
    """A download called `name`, sent row by row."""
    kind = "text/csv; charset=utf-8"
    answer = StreamingHttpResponse(csv_lines(rows), content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
