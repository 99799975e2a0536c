"""What a form asks: stored rows read, wrong ones named, and which are asked of whom."""

from typing import Any

import pytest

from leadflow.core.errors import Invalid
from leads.engine import questions as engine
from leads.engine.arrivals import Arrival, host_of, read_arrival
from leads.engine.countries import COUNTRIES
from leads.engine.questions import (
    Question,
    check_question,
    check_questions,
    choose_questions,
    key_of,
    read_questions,
)

EMAIL = Question("email", "E-mail", "email", is_required=True)
NAME = Question("first_name", "First name")
PHONE = Question("phone", "Phone", "tel")
BUDGET = Question("budget", "Budget?", "choice", options=("small", "large"))
HIDDEN = Question("partner", "Partner", "hidden", param="partner")
ALL = [NAME, EMAIL, PHONE, BUDGET, HIDDEN]


def test_what_is_written_is_read_again() -> None:
    assert read_questions([question.write() for question in ALL]) == ALL


@pytest.mark.parametrize(
    "rows",
    [None, "x", [None], [1], [{}], [{"name": "Not A Key"}], [{"label": "no name"}], [[]]],
)
def test_rows_without_sense_are_left_out(rows: Any) -> None:
    assert read_questions(rows) == []


def test_a_name_counts_once_and_an_unknown_kind_is_a_line_of_text() -> None:
    rows = [{"name": "a", "type": "hologram"}, {"name": "a", "label": "again"}]

    assert [(one.label, one.kind) for one in read_questions(rows)] == [("A", "text")]


@pytest.mark.parametrize(
    ("known", "most", "asked"),
    [
        ((), None, "first_name email phone budget"),
        ((), 2, "first_name email"),
        ((), 1, "email"),
        (("email",), 2, "first_name phone"),
        (("email", "first_name"), 2, "phone budget"),
        (("email", "first_name"), None, "first_name email phone budget"),
        (("first_name",), 2, "email phone"),
        (("phone",), 2, "first_name email"),
        (("email", "first_name", "phone", "budget"), 3, ""),
    ],
)
def test_who_somebody_is_comes_first_then_what_is_not_known(
    known: tuple[str, ...], most: int | None, asked: str
) -> None:
    chosen = choose_questions(ALL, known=known, most=most)

    assert " ".join(question.name for question in chosen) == asked


@pytest.mark.parametrize(
    ("question", "field"),
    [
        (Question("a", "  "), "label"),
        (Question("A b", "A"), "name"),
        (Question("token", "A"), "name"),
        (Question("x" * 41, "A"), "name"),
        (Question("a", "A", "hologram"), "kind"),
        (Question("phone", "A", "choices", options=("a", "b")), "name"),
        (Question("a", "A", "choice", options=("one",)), "options"),
        (Question("a", "A", "choices", options=tuple(map(str, range(101)))), "options"),
        (Question("a", "A", "hidden"), "value"),
    ],
)
def test_what_is_wrong_with_a_question_is_said_at_its_field(question: Question, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_question(question)

    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("questions", "words"),
    [
        ([EMAIL, EMAIL], "already"),
        ([NAME, BUDGET], "e-mail address or a phone number"),
        ([NAME, Question("email", "E-mail", "hidden", value="x@example.com")], "phone number"),
        ([EMAIL, *(Question(f"q{n}", "Q") for n in range(60))], "60 questions"),
    ],
)
def test_what_makes_no_form_is_refused(questions: list[Question], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        check_questions(questions)


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("How many machines?", "how_many_machines"),
        ("Größe", "grosse"),
        ("3 things", "question_3_things"),
        ("日本", "question"),
        ("E-Mail", "e_mail"),
        ("email", "email_2"),
        ("Budget", "budget_2"),
        ("x" * 200, "x" * 34),
    ],
)
def test_a_key_is_made_of_the_question(label: str, key: str) -> None:
    made = key_of(label, taken={"budget"})

    assert made == key
    assert engine.KEY.fullmatch(made)


def test_there_are_all_countries_by_two_letters() -> None:
    assert len(COUNTRIES) == 249
    assert (COUNTRIES["DE"], COUNTRIES["AX"], COUNTRIES["GB"]) == (
        "Germany",
        "Åland Islands",
        "United Kingdom",
    )
    assert all(len(code) == 2 and code.isupper() for code in COUNTRIES)


@pytest.mark.parametrize(
    ("url", "referrer", "arrival"),
    [
        ("https://we.example/f/x/", "", Arrival()),
        ("https://we.example/f/x/", "https://www.we.example/a", Arrival()),
        (
            "https://we.example/f/x/?utm_source=news&utm_medium=mail&utm_campaign=may&utm_term=a&utm_content=b",
            "https://other.example/page",
            Arrival("news", "mail", "may", "a", "b", "https://other.example/page"),
        ),
        ("https://we.example/?utm_source=a%00b", "http://[broken", Arrival("a b")),
        ("https://we.example/?" + "&".join("a=1" for _ in range(500)), "", Arrival()),
    ],
)
def test_marks_and_referrer_of_a_page_are_read(url: str, referrer: str, arrival: Arrival) -> None:
    found = read_arrival(url, referrer, host="we.example")

    assert found.landing_url == url[:500].replace("%00", "%00")
    assert {**found.written(), "landing_url": ""} == {**arrival.written(), "landing_url": ""}
    assert found.is_known is arrival.is_known


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("www.Example.com", "www.example.com"),
        ("https://www.example.com/some/page?x=1", "www.example.com"),
        ("http://localhost:8131/", "localhost:8131"),
        ("https://a.example:443", "a.example"),
        ("http://[::1]:80/", "[::1]"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("null", "null"),
        ("", ""),
        ("http://a:b:c/", ""),
        ("http://" + "x" * 300, ""),
    ],
)
def test_the_host_of_an_address_is_written_one_way(text: str, host: str) -> None:
    assert host_of(text) == host
