"""A spreadsheet opens our files and runs nothing in them."""

import csv
import io

import pytest

from leadflow.core.spreadsheets import csv_lines, plain_cell


@pytest.mark.parametrize(
    "text", ["=1+1", "+49 30", "-2", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1"], ids=repr
)
def test_what_begins_like_a_formula_is_made_plain(text: str) -> None:
    assert plain_cell(text) == f"'{text}"


@pytest.mark.parametrize(("value", "text"), [("Ada", "Ada"), (7, "7"), (None, ""), ("a=b", "a=b")])
def test_the_rest_stays_as_it_is(value: object, text: str) -> None:
    assert plain_cell(value) == text


def test_quotes_commas_and_lines_survive() -> None:
    text = "".join(csv_lines([("Łovelace, Ada", 'said "no"', "two\nlines")]))

    assert text.startswith("\ufeff")
    assert list(csv.reader(io.StringIO(text.removeprefix("\ufeff")))) == [
        ["Łovelace, Ada", 'said "no"', "two\nlines"]
    ]
