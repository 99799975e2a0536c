"""E-mail addresses, phone numbers and names are made comparable, or refused in words."""

from typing import Any

import phonenumbers
import pytest
from django.test import override_settings
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
        ("info@bu\u0308cher.example", "info@xn--bcher-kva.example"),
        ("INFO@XN--BCHER-KVA.example", "info@xn--bcher-kva.example"),
        ("Mu\u0308ller@example.com", "müller@example.com"),
        ("a.da+x@gmail.com", "a.da+x@gmail.com"),
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


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("A.da+News@Gmail.com", "ada@gmail.com"),
        ("ada@googlemail.com", "ada@gmail.com"),
        ("a.da+x@example.com", "a.da+x@example.com"),
        ("+x@gmail.com", "+x@gmail.com"),
    ],
)
def test_aliases_of_a_mailbox_are_one_address_where_that_is_wished(
    text: str, result: str, settings: Any
) -> None:
    settings.EMAIL_PROVIDER_RULES = True

    assert normalize_email(text) == result


@pytest.mark.parametrize(
    ("text", "region", "result"),
    [
        ("030 901820", "", "+4930901820"),
        ("030 901820", "de", "+4930901820"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("030 901820", "XX", "+4930901820"),
        ("+1 650-253-0000", "", "+16502530000"),
    ],
)
def test_a_number_without_a_country_is_one_of_the_person_s_or_of_the_default(
    text: str, region: str, result: str, settings: Any
) -> None:
    settings.DEFAULT_PHONE_REGION = "DE"

    assert normalize_phone(text, region) == result


texts = st.one_of(
    st.text(max_size=60),
    st.emails(),
    st.emails().map(str.upper),
    st.builds(
        "{}@{}".format, st.text(max_size=20), st.sampled_from(["gmail.com", "bücher.example"])
    ),
)


@given(text=texts, rules=st.booleans())
def test_an_address_normalised_twice_is_the_same_and_nothing_but_invalid_is_raised(
    text: str, rules: bool
) -> None:
    with override_settings(EMAIL_PROVIDER_RULES=rules):
        try:
            once = normalize_email(text)
        except Invalid:
            return

        assert normalize_email(once) == once
        assert len(once) <= 254


@given(
    text=st.one_of(st.text(max_size=40), st.from_regex(r"[+0-9 ()/.-]{1,25}", fullmatch=True)),
    region=st.sampled_from(["", "DE", "us", "XX", "BR", "é"]),
    default=st.sampled_from(["", "DE", "ZZ"]),
)
def test_a_number_normalised_twice_is_the_same_and_nothing_but_invalid_is_raised(
    text: str, region: str, default: str
) -> None:
    with override_settings(DEFAULT_PHONE_REGION=default):
        try:
            once = normalize_phone(text, region)
        except Invalid:
            return

        assert normalize_phone(once, region) == once
        assert len(once) <= 20


def test_folding_makes_accents_searchable() -> None:
    assert fold("Åsa Müller-Straße") == "asa muller-strasse"


@pytest.mark.parametrize(
    ("text", "result"),
    [(" a  b ", "a b"), ("a\x00b\nc", "a b c"), ("x" * 300, "x" * 20), ("مرحبا 👋", "مرحبا 👋")],
)
def test_a_line_from_outside_is_cleaned(text: str, result: str) -> None:
    assert clean(text, most=20) == result
