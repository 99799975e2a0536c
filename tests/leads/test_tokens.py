"""What leads are found by: any way of typing a name, an address or a number finds the person."""

from datetime import datetime

import pytest
from django.db import connection

from leadflow.core.models import User
from leads import queries
from leads import services as leads
from leads.engine.tokens import bare_company, keys_of, search_query, vector_of
from leads.models import Company, LeadTokens
from tests.factories import people

BLANK = dict.fromkeys(("first_name", "last_name", "email", "phone", "external_id"), "")


def _keys(company: str = "", **facts: str) -> set[str]:
    return keys_of(BLANK | facts, company)


def _is_found(q: str, company: str = "", **facts: str) -> bool:
    with connection.cursor() as cursor:
        vector = vector_of(BLANK | facts, company)
        cursor.execute("SELECT %s::tsvector @@ %s::tsquery", [vector, search_query(q)])
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "facts"),
    [
        ("ann smi", {"first_name": "Ann", "last_name": "Smith"}),
        ("SMITH ann", {"first_name": "Ann", "last_name": "Smith"}),
        ("lovelace", {"last_name": "Łovelace"}),
        ("muller", {"last_name": "Müller"}),
        ("Müller", {"last_name": "Muller"}),
        ("mueller", {"last_name": "Müller"}),
        ("Müller", {"last_name": "Mueller"}),
        ("strasse", {"company": "Straße 7"}),
        ("o'brien", {"last_name": "O’Brien"}),
        ("obrien", {"last_name": "O'Brien"}),
        ("brien", {"last_name": "O'Brien"}),
        ("smith-jones", {"last_name": "Smith Jones"}),
        ("jones", {"last_name": "Smith-Jones"}),
        ("田中", {"last_name": "田中", "first_name": "太郎"}),
        ("太郎", {"last_name": "田中", "first_name": "太郎"}),
        ("田中太郎", {"last_name": "田中", "first_name": "太郎"}),
        ("محمد", {"first_name": "محمد", "last_name": "الأحمد"}),
        ("иван", {"first_name": "Иван"}),
        ("ada.l@acme", {"email": "ada.l@acme.example.com"}),
        ("<ada.l@acme.example.com>", {"email": "ada.l@acme.example.com"}),
        ("acme.example", {"email": "ada.l@acme.example.com"}),
        ("@acme.example.com", {"email": "ada.l@acme.example.com"}),
        ("bücher.example", {"email": "ada@xn--bcher-kva.example"}),
        ("ada@bücher.example", {"email": "ada@xn--bcher-kva.example"}),
        ("+49 30 1234567", {"phone": "+49301234567"}),
        ("49301234", {"phone": "+49301234567"}),
        ("ada+x@acme", {"email": "ada+x@acme.example"}),
        ("ada@acme", {"email": "ada+x@acme.example"}),
        ("+49 (0)30 123", {"phone": "+49301234567"}),
        ("0049 30/1234-567", {"phone": "+49301234567"}),
        ("030 1234", {"phone": "+49301234567"}),
        ("(030) 1234", {"phone": "+49301234567"}),
        ("(212) 555-0123", {"phone": "+12125550123"}),
        ("06 1234567", {"phone": "+39061234567"}),
        ("crm-00", {"external_id": "CRM-0042"}),
        ("0042", {"external_id": "CRM-0042"}),
        ("00042", {"external_id": "00042"}),
        ("acme ann", {"first_name": "Ann", "company": "Acme & Sons"}),
    ],
)  # fmt: skip
def test_what_is_typed_finds_the_person(typed: str, facts: dict[str, str]) -> None:
    assert _is_found(typed, **facts)
    assert not _is_found(typed, first_name="Zoe", email="zoe@other.org", phone="+15550001111")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed",
    [
        "a' | b",
        "a\\",
        "a:*",
        "!a & (b",
        "'",
        "a\x00b",
        "=n:ann smith",
        "<->",
        "😀",
        "ﷺ" * 200,
    ],
)
def test_operators_and_quotes_are_data(typed: str) -> None:
    asked = search_query(typed.replace("\x00", ""))

    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::tsquery", [asked])
    assert "'=n" not in asked


@pytest.mark.django_db
def test_the_longest_facts_fit() -> None:
    assert not _is_found("zoe", company="ﷺ" * 200, first_name="ﷺ" * 120, last_name="'\\" * 60,
                         email="a" * 64 + "@" + "b" * 180 + ".com", external_id="ü\\ '" * 30)  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "key"),
    [
        ({"email": "a.da+x@gmail.com"}, {"email": "ada@googlemail.com"}, "=e:ada@gmail.com"),
        ({"email": "ada+news@x.org"}, {"email": "ada@x.org"}, "=e:ada@x.org"),
        ({"phone": "+4930123"}, {"phone": "+4930123"}, "=p:4930123"),
        (
            {"first_name": "Ánn", "last_name": "Smith"},
            {"first_name": "Smith", "last_name": "Ann"},
            "=n:ann smith",
        ),
        (
            {"last_name": "Smith", "company": "Acme Pumps GmbH & Co. KG"},
            {"last_name": "SMITH", "company": "ACME pumps, Ltd."},
            "=l:smith, acme pumps",
        ),
    ],
)
def test_likely_duplicates_have_a_key_in_common(
    one: dict[str, str], other: dict[str, str], key: str
) -> None:
    assert key in _keys(**one) & _keys(**other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"email": "a.da@x.org"}, {"email": "ada@x.org"}),
        ({"first_name": "Ann"}, {"first_name": "Ann"}),
        ({"last_name": "Smith"}, {"last_name": "Smith"}),
        ({"company": "Acme"}, {"company": "Acme"}),
    ],
)
def test_what_many_people_share_is_no_key(one: dict[str, str], other: dict[str, str]) -> None:
    assert not _keys(**one) & _keys(**other)


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("S.p.A. Acme", "acme"),
        ("GmbH", "gmbh"),
        ("Müller s.r.o.", "muller"),
        ("株式会社", "株式会社"),
    ],
)
def test_a_company_without_its_legal_form(name: str, bare: str) -> None:
    assert bare_company(name) == bare


@pytest.mark.django_db
def test_tokens_follow_the_facts(at: datetime, marketer: User) -> None:
    acme = Company.objects.create(name="Acme")
    lead = people.inquiry(at=at, first_name="Ann", company_id=acme.pk)
    leads.update_facts(facts_by_lead={lead.pk: {"first_name": "Zoe"}}, at=at)

    assert [one.pk for one in queries.find_leads(user=marketer, q="zoe acme")] == [lead.pk]
    assert not queries.find_leads(user=marketer, q="ann").exists()


@pytest.mark.django_db
def test_only_changed_tokens_are_written(at: datetime) -> None:
    one, other = people.inquiries(2, at=at)
    LeadTokens.objects.filter(lead=one).delete()

    assert leads.refresh_tokens(lead_ids=[one.pk, other.pk]) == 1
    assert LeadTokens.objects.filter(lead=one, tokens__holds="'ada':*").exists()
