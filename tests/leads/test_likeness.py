"""Who is likely to be one person with whom: a table of truths."""

import pytest

from leads.engine.likeness import Facts, compare, describe_reasons

ADA = Facts(
    "Ada", "Lovelace", "ada@acme.example", "+49301234567", "Acme Pumps GmbH", "DE", "Analyst"
)


@pytest.mark.parametrize(
    ("one", "other", "least", "most", "words"),
    [
        # the same in every way but the mailbox
        (ADA, ADA._replace(email="ada.l@gmail.com"), 95, 99, "same phone number"),
        # a number and a name
        (ADA._replace(company=""), Facts("Ada", "Lovelace", phone="+49301234567"), 90, 99, "same name"),
        # a name and a company
        (ADA._replace(phone=""), Facts("Ada", "Lovelace", company="ACME pumps"), 80, 89, "same company"),
        (Facts("Ada", "Lovelace", "ada@acme.example"), Facts("Ada", "Lovelace", "lovelace@acme.example"),
         80, 92, "same e-mail domain"),
        # one mailbox, written in two ways
        (Facts(email="a.da@gmail.com"), Facts(email="ada+news@googlemail.com"), 60, 75, "same mailbox"),
        (Facts("Ada", "King", "ada+x@acme.example"), Facts("Ada", "King", "ada@acme.example"), 95, 99,
         "same mailbox"),
        # first and last name swapped
        (Facts("Ada", "Lovelace", company="Acme"), Facts("Lovelace", "Ada", company="Acme Ltd."), 80, 90,
         "first and last name swapped"),
        # ways of writing a name
        (Facts("Jürgen", "Müller", company="Acme"), Facts("Juergen", "Mueller", company="Acme"), 80, 90,
         "same name"),
        (Facts("José", "García López", company="Acme"), Facts("Jose", "Garcia", company="Acme"), 70, 90,
         "names 9"),
        (Facts("Katharina", "Schmidt", phone="+49301"), Facts("Katarina", "Schmitt", phone="+49301"),
         80, 89, "names 87"),
        (Facts("A.", "Lovelace", phone="+49301"), Facts("Ada", "Lovelace", phone="+49301"), 80, 95, "names 9"),
        (Facts("Siobhan", "O’Brien", company="Acme"), Facts("Siobhan", "OBrien", company="Acme"), 80, 90,
         "same name"),
        # a number, and nobody knows the name of one
        (Facts(phone="+49301234567"), ADA, 60, 70, "same phone number"),
        # fathers and sons of the same generation mark
        (Facts("John", "Smith Jr.", phone="+1212"), Facts("John", "Smith junior", phone="+1212"), 90, 99,
         "same name"),
        (Facts("Jun", "Li", company="Acme"), Facts("Li", "Jun", company="Acme"), 80, 90, "same company"),
    ],
)  # fmt: skip
def test_likely_duplicates(one: Facts, other: Facts, least: int, most: int, words: str) -> None:
    found, back = compare(one, other), compare(other, one)

    assert found is not None
    assert found == back
    assert least <= found.percent <= most
    assert words in "; ".join(describe_reasons(found.reasons))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # a name alone
        (Facts("Thomas", "Müller"), Facts("Thomas", "Müller")),
        (Facts("Thomas", "Müller", "tm@gmail.com"), Facts("Thomas", "Müller", "thomas@gmail.com")),
        (Facts("Thomas", "Müller", company="Siemens"), Facts("Thomas", "Müller", company="Bosch")),
        # father and son
        (Facts("John", "Smith", phone="+1212"), Facts("John", "Smith Jr", phone="+1212")),
        (Facts("John", "Smith Sr", company="Smith"), Facts("John", "Smith Jr", company="Smith")),
        (Facts("John", "Smith II", phone="+1212"), Facts("John", "Smith III", phone="+1212")),
        # a couple, a brother, colleagues at one switchboard
        (Facts("Ada", "King", phone="+1212"), Facts("William", "King", phone="+1212")),
        (Facts("Ada", "King", company="King"), Facts("William", "King", company="King")),
        (Facts("Ada", "King", phone="+1212", company="Acme"), Facts("Bo", "Li", phone="+1212", company="Acme")),
        # a shared mailbox with tags
        (Facts("Ada", "King", "info+ada@acme.example"), Facts("Bo", "Li", "info+bo@acme.example")),
        # two companies that a number tells apart
        (Facts("Ada", "King", company="Plant 1"), Facts("Ada", "King", company="Plant 12")),
        # a company or a domain alone
        (Facts("", "", "a@acme.example"), Facts("", "", "b@acme.example")),
        (Facts("Ada", "", company="Acme"), Facts("Bo", "", company="Acme")),
        # two mailboxes that the company itself tells apart
        (Facts("Thomas", "Müller", "thomas.mueller@big.example", company="Big"),
         Facts("Thomas", "Müller", "thomas.mueller2@big.example", company="Big", country="AT")),
        (Facts(), Facts()),
    ],
)  # fmt: skip
def test_two_people(one: Facts, other: Facts) -> None:
    assert compare(one, other) is None
    assert compare(other, one) is None


@pytest.mark.parametrize(("namesakes", "colleagues"), [(6, 20), (2, 5_000), (5, 0)])
def test_a_common_name_at_a_big_company_proves_nothing(namesakes: int, colleagues: int) -> None:
    one = Facts("Thomas", "Müller", "thomas.mueller@big.example", company="Big")
    other = Facts("Thomas", "Müller", "thomas.mueller2@big.example", company="Big")

    assert compare(one, other, namesakes=namesakes, colleagues=colleagues) is None


def test_a_common_name_is_enough_at_a_small_company_but_not_at_a_big_one() -> None:
    one, other = (
        Facts("Thomas", "Müller", company="Big"),
        Facts("Thomas", "Müller", company="Big AG"),
    )

    small = compare(one, other, namesakes=30, colleagues=4)

    assert small is not None
    assert small.percent == 80
    assert compare(one, other, namesakes=30, colleagues=400) is None


def test_a_common_name_with_a_number_proves_a_lot() -> None:
    one = Facts("Thomas", "Müller", phone="+4989636", company="Big")

    found = compare(one, one, namesakes=6, colleagues=5_000)

    assert found is not None
    assert found.percent >= 90
