"""E-mail addresses, phone numbers and names are made comparable, or refused in words."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadflow.core.errors import Invalid
from leads.engine.identity import clean, fold, normalize_email, normalize_phone


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("", ""),
        ("  Ada.Lovelace@Example.COM ", "ada.lovelace@example.com"),
        ("o'hara+x@example.com", "o'hara+x@example.com"),
        ("info@bücher.example", "info@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_written_one_way(text: str, result: str) -> None:
    assert normalize_email(text) == result


@pytest.mark.parametrize(
    "text", ["ada", "ada@", "@example.com", "a..b@example.com", "a b@example.com"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="not an e-mail address"):
        normalize_email(text)


@pytest.mark.parametrize(
    ("text", "region", "result"),
    [
        ("", "", ""),
        ("+49 (0)30 901820", "", "+4930901820"),
        ("030 901820", "DE", "+4930901820"),
        ("+1 650-253-0000", "", "+16502530000"),
        ("+4930901820", "SE", "+4930901820"),
    ],
)
def test_a_number_is_written_one_way(text: str, region: str, result: str) -> None:
    assert normalize_phone(text, region) == result


@pytest.mark.parametrize("text", ["12", "call me", "030 901820", "+49", "+999123456789"])
def test_what_cannot_be_a_number_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="phone number"):
        normalize_phone(text)


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_the_short_way_agrees_with_the_library(text: str) -> None:
    try:
        number = phonenumbers.parse(text)
        possible = phonenumbers.is_possible_number(number)
    except phonenumbers.NumberParseException:
        possible = False
    expected = (
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if possible
        else None
    )

    try:
        found = normalize_phone(text)
    except Invalid:
        found = None

    assert found == expected


def test_folding_makes_accents_searchable() -> None:
    assert fold("Åsa Müller-Straße") == "asa muller-strasse"


@pytest.mark.parametrize(
    ("text", "result"),
    [(" a  b ", "a b"), ("a\x00b\nc", "a b c"), ("x" * 300, "x" * 20), ("مرحبا 👋", "مرحبا 👋")],
)
def test_a_line_from_outside_is_cleaned(text: str, result: str) -> None:
    assert clean(text, most=20) == result
