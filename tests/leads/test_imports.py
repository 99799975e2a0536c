"""Files of people become leads: matched, silent, dated, and the same on a second run."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from leads import services as leads
from leads.models import Company, Lead, Offer, Opportunity, Stage, StageChange
from tests.factories import people

pytestmark = pytest.mark.django_db
EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"

LEADS = """mql_id,first_contact_date,landing_page_id,origin
a1,2018-02-01,p1,social
a2,2017-10-20,p2,
a3,2018-03-22,p1,unknown
"""
DEALS_HEADER = (
    "mql_id,seller_id,sdr_id,sr_id,won_date,business_segment,lead_type,lead_behaviour_profile,"
    "has_company,has_gtin,average_stock,business_type,declared_product_catalog_size,"
    "declared_monthly_revenue"
)
DEALS = f"""{DEALS_HEADER}
a1,s,d,r,2018-02-26 19:58:54,pet,online,"cat, wolf",,,,reseller,,0.0
zz,s,d,r,2018-02-26 19:58:54,pet,online,cat,,,,reseller,,0.0
"""


def run(path: Path, mapping: Path | None = None, *flags: str) -> dict[str, Any]:
    out = StringIO()
    arguments = [str(path), *(["--mapping", str(mapping)] if mapping else []), "--json", *flags]
    call_command("import_leads", *arguments, stdout=out)
    return json.loads(out.getvalue())


def counts(result: dict[str, Any]) -> list[int]:
    keys = ("rows", "created", "updated", "unchanged", "duplicates", "rejected")
    return [result[key] for key in keys]


@pytest.fixture
def leads_file(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_text(LEADS)
    return path


@pytest.fixture
def deals_file(tmp_path: Path) -> Path:
    path = tmp_path / "deals.csv"
    path.write_text(DEALS)
    return path


def test_leads_without_an_address_come_in_by_their_external_id(leads_file: Path) -> None:
    assert counts(run(leads_file, EXAMPLES / "olist_leads.json")) == [3, 3, 0, 0, 0, 0]

    lead = Lead.objects.get(external_id="a1")
    assert (lead.stage, lead.source, lead.attributes) == (
        "mql",
        "social",
        {"landing_page_id": "p1"},
    )
    assert lead.created_at == datetime(
        2018, 2, 1, 2, 0, tzinfo=UTC
    )  # midnight in São Paulo, in summer


def test_a_blank_source_is_not_the_word_unknown(leads_file: Path) -> None:
    run(leads_file, EXAMPLES / "olist_leads.json")

    assert Lead.objects.get(external_id="a2").source == ""
    assert Lead.objects.get(external_id="a3").source == "unknown"


def test_a_second_run_changes_nothing(leads_file: Path) -> None:
    run(leads_file, EXAMPLES / "olist_leads.json")

    assert counts(run(leads_file, EXAMPLES / "olist_leads.json")) == [3, 0, 0, 3, 0, 0]
    assert StageChange.objects.count() == 3


def test_deals_move_known_leads_silently_and_name_the_unknown(
    leads_file: Path, deals_file: Path
) -> None:
    run(leads_file, EXAMPLES / "olist_leads.json")

    result = run(deals_file, EXAMPLES / "olist_deals.json")

    assert counts(result) == [2, 0, 1, 0, 0, 1]
    assert result["errors"] == [
        {"row": 3, "column": "mql_id", "message": "Nobody is known by this key."}
    ]
    change = StageChange.objects.get(verb="win")
    assert change.at == datetime(2018, 2, 26, 22, 58, 54, tzinfo=UTC)
    assert change.cause_kind == "import"
    assert Offer.objects.get(lead=change.lead).outcome == "accepted"
    assert not Offer.objects.exclude(due_at=None).exists()
    assert counts(run(deals_file, EXAMPLES / "olist_deals.json")) == [2, 0, 0, 1, 0, 1]


def test_a_rehearsal_counts_and_keeps_nothing(leads_file: Path) -> None:
    assert counts(run(leads_file, EXAMPLES / "olist_leads.json", "--dry-run")) == [3, 3, 0, 0, 0, 0]
    assert not Lead.objects.exists()


def test_bad_rows_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(
        "Email;First name;Phone;Country\n"
        "ADA@Example.com;Ada;+49 30 901820;de\n"
        "not an address;Bob;;\n"
        "ada@example.com;Ada again;;\n"
        "bob@example.com;Bob;call me;DE\n"
        ";Nobody;;\n"
        "too;few\n"
    )

    result = run(path)

    assert counts(result) == [6, 1, 0, 0, 1, 4]
    assert [(e["row"], e["column"]) for e in result["errors"]] == [
        (3, "Email"), (5, "Phone"), (6, "Email"), (7, ""),
    ]  # fmt: skip
    lead = Lead.objects.get()
    assert (lead.email, lead.phone, lead.country) == ("ada@example.com", "+4930901820", "DE")


def test_two_people_are_never_made_one(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("external_id,email\nx1,one@example.com\nx2,two@example.com\n")
    run(path, _mapping(tmp_path))
    path.write_text(
        "external_id,email\nx3,one@example.com\nx4,new@example.com\nx5,new@example.com\n"
    )

    result = run(path, _mapping(tmp_path))

    assert counts(result) == [3, 1, 0, 0, 0, 2]
    assert Lead.objects.count() == 3


def _mapping(folder: Path) -> Path:
    path = folder / "mapping.json"
    columns = {"external_id": "external_id", "email": "email"}
    path.write_text(json.dumps({"match": "external_id", "columns": columns}))
    return path


def test_a_spreadsheet_reads_like_a_csv_file(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["email", "company", "phone", "country"])
    book.active.append(["ada@example.com", "Engines Ltd", 30901820, "DE"])
    book.save(tmp_path / "people.xlsx")

    assert counts(run(tmp_path / "people.xlsx")) == [1, 1, 0, 0, 0, 0]
    lead = Lead.objects.get()
    assert (lead.company.name, lead.phone) == ("Engines Ltd", "+4930901820")


def test_a_file_from_a_western_spreadsheet_keeps_its_umlauts(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes("email;last name\njoerg@example.com;Müller\n".encode("cp1252"))

    assert counts(run(path)) == [1, 1, 0, 0, 0, 0]
    assert Lead.objects.get().last_name == "Müller"


def test_companies_are_alike_as_the_database_sees_it(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    names = ("ΑΦΟΙ ΠΑΠΑΔΟΠΟΥΛΟΣ", "İstanbul AŞ", "engines", "Engines")
    rows = "".join(f"p{n}@example.com,{name}\n" for n, name in enumerate(names))
    path.write_text("email,company\n" + rows)

    assert counts(run(path)) == [4, 4, 0, 0, 0, 0]
    assert not Lead.objects.filter(company=None).exists()
    assert Company.objects.count() == 3


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("{", "cannot be read"),
        ('{"columns": {"email": "e-mail"}}', "cannot become “e-mail”"),
        ('{"columns": {"nope": "email"}}', "no column nope"),
        ('{"columns": {"email": "email"}, "match": "shoe size"}', "match"),
        ('{"columns": {"email": "email"}, "stage": {"key": "moon"}}', "no stage “moon”"),
        ('{"columns": {"email": "email"}, "time_zone": "Mars"}', "no time zone"),
        ('{"columns": {"email": "email"}, "colour": "red"}', "knows no “colour”"),
        ('{"columns": {"email": "email"}, "stage": "mql"}', "“stage” is an object"),
        ('{"columns": {"email": "email"}, "stage": {"at": "email"}}', "which stage"),
        ('{"columns": {"email": "email"}, "stage": {"key": "mql", "why": "x"}}', "no “why”"),
        ('{"columns": {"email": "email"}, "stage": {"key": "lost", "reason": "x"}}', "no column x"),
        ('{"columns": {"email": "email"}, "stage": {"key": "mql", "currency": "€"}}', "currency"),
        (
            '{"columns": {"email": "email"}, "stage": {"key": "onboarded"}}',
            "“Onboarded” .onboarded. is out of use",
        ),
    ],
)
def test_a_bad_mapping_is_refused_in_words(tmp_path: Path, mapping: str, message: str) -> None:
    (tmp_path / "people.csv").write_text("email\nada@example.com\n")
    (tmp_path / "mapping.json").write_text(mapping)

    with pytest.raises(CommandError, match=message):
        run(tmp_path / "people.csv", tmp_path / "mapping.json")
    assert not Lead.objects.exists()


@pytest.mark.parametrize("content", ["", "email,email\na,b\n"])
def test_an_unusable_file_is_refused_in_words(tmp_path: Path, content: str) -> None:
    (tmp_path / "people.csv").write_text(content)

    with pytest.raises(CommandError, match=r"people\.csv"):
        run(tmp_path / "people.csv")


def _file(folder: Path, text: str, stage: dict[str, str], **more: Any) -> tuple[Path, Path]:
    """A file of people and a mapping that says which stage it tells of."""
    path, mapping = folder / "people.csv", folder / "mapping.json"
    path.write_text(text)
    header = text.splitlines()[0].split(",")
    columns = {name: name for name in header if name in {"email", "phone", "company", "last_name"}}
    mapping.write_text(json.dumps({"columns": columns, "stage": stage, **more}))
    return path, mapping


def _errors(result: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(e["row"], e["column"], e["message"]) for e in result["errors"]]


LOST = """email,why,deal
new@example.com,price,1200.50
known@example.com,competitor,
silent@example.com,,
wrong@example.com,weather,
other@example.com,other,
money@example.com,price,a lot
"""


def test_lost_leads_come_in_with_their_reason_or_are_named(tmp_path: Path, at: datetime) -> None:
    (known,) = people.offered(at=at, email="known@example.com")
    leads.accept(lead_ids=[known.pk], at=at)
    said = {"key": "lost", "reason": "why", "amount": "deal"}

    result = run(*_file(tmp_path, LOST, said))

    assert counts(result) == [6, 1, 1, 0, 0, 4]
    assert sorted(_errors(result)) == [
        (4, "why", "Choose a reason to lose the lead."),
        (5, "why", "“weather” is no reason for lose."),
        (6, "note", "“Other” needs a note that says more."),
        (7, "deal", "“a lot” is no amount like 1234.50."),
    ]
    new = Lead.objects.get(email="new@example.com")
    history = {row.lead_id: row for row in StageChange.objects.filter(to_stage="lost")}
    assert (history[new.pk].verb, history[new.pk].reason) == ("enter", "price")
    assert (history[known.pk].verb, history[known.pk].reason) == ("lose", "competitor")
    money = Opportunity.objects.get()
    assert (money.lead, money.state, money.amount) == (new, "lost", Decimal("1200.50"))
    assert counts(run(*_file(tmp_path, LOST, said))) == [6, 0, 0, 2, 0, 4]


@pytest.mark.parametrize("stage", ["lost", "disqualified"])
def test_one_reason_can_be_given_for_all_rows(stage: str, tmp_path: Path) -> None:
    code = {"lost": "price", "disqualified": "fake"}[stage]
    text = "email\na@example.com\nb@example.com\n"

    result = run(*_file(tmp_path, text, {"key": stage, "reason_code": code}))

    assert counts(result) == [2, 2, 0, 0, 0, 0]
    assert set(StageChange.objects.values_list("reason", flat=True)) == {code}


def test_without_any_reason_every_row_is_named_and_nothing_raises(
    tmp_path: Path, at: datetime
) -> None:
    people.inquiry(at=at, email="known@example.com")

    result = run(*_file(tmp_path, "email\nknown@example.com\nb@example.com\n", {"key": "lost"}))

    assert counts(result) == [2, 0, 0, 0, 0, 2]
    assert {error[1] for error in _errors(result)} == {"reason", "stage"}
    assert Lead.objects.get().stage == "inquiry"


def test_an_opportunity_comes_in_with_its_amount_or_is_named(tmp_path: Path, at: datetime) -> None:
    known = people.inquiry(at=at, email="known@example.com")
    has_one = people.inquiry(at=at, email="has@example.com")
    Opportunity.objects.create(lead=has_one, amount=7, opened_at=at)
    text = (
        "email,deal\nnew@example.com,900\nknown@example.com,800\nhas@example.com,\n"
        "poor@example.com,\n"
    )
    said = {"key": "opportunity", "amount": "deal", "currency": "USD"}

    result = run(*_file(tmp_path, text, said))

    assert counts(result) == [4, 1, 2, 0, 0, 1]
    assert _errors(result) == [
        (5, "deal", "Say what amount you expect before this becomes Opportunity.")
    ]
    money = {row.lead.email: row for row in Opportunity.objects.select_related("lead")}
    assert {email: int(row.amount) for email, row in money.items()} == {
        "new@example.com": 900,
        "known@example.com": 800,
        "has@example.com": 7,
    }
    assert money["new@example.com"].currency == money["known@example.com"].currency == "USD"
    assert {row.state for row in money.values()} == {"open"}
    assert Lead.objects.get(pk=known.pk).stage == "opportunity"


def test_what_a_stage_requires_may_come_with_the_same_row(tmp_path: Path, at: datetime) -> None:
    Stage.objects.filter(key="mql").update(requires=["phone", "company"])
    people.inquiry(at=at, email="known@example.com")
    people.inquiry(at=at, email="poor@example.com", last_name="Before")
    text = (
        "email,phone,company,last_name\nnew@example.com,+4930123456,Acme,New\n"
        "known@example.com,+4930123457,Acme,Known\npoor@example.com,+4930123458,,Poor\n"
        "blank@example.com,,Acme,Blank\n"
    )

    result = run(*_file(tmp_path, text, {"key": "mql"}))

    assert counts(result) == [4, 1, 1, 0, 0, 2]
    assert sorted(_errors(result)) == [
        (4, "company", "Add a company before this becomes Marketing qualified."),
        (5, "phone", "Add a phone number before this becomes Marketing qualified."),
    ]
    assert set(Lead.objects.filter(stage="mql").values_list("company__name", flat=True)) == {"Acme"}
    poor = Lead.objects.get(email="poor@example.com")
    assert (poor.stage, poor.phone, poor.last_name) == ("inquiry", "", "Before")


def test_where_a_lead_cannot_go_its_row_changes_nothing(tmp_path: Path, at: datetime) -> None:
    lead = people.inquiry(at=at, email="gone@example.com")
    leads.disqualify(lead_ids=[lead.pk], at=at, reason="fake")
    text = "email,last_name\ngone@example.com,New\n"

    result = run(*_file(tmp_path, text, {"key": "recycled"}))

    assert _errors(result) == [(2, "stage", "You cannot recycle a lead that is in “Disqualified”.")]
    assert Lead.objects.get().last_name == ""


def test_a_stage_out_of_use_is_named(tmp_path: Path, at: datetime) -> None:
    Stage.objects.filter(key="sql").update(retired_at=at)

    with pytest.raises(CommandError, match=r"“Sales qualified” \(sql\) is out of use"):
        run(*_file(tmp_path, "email\na@example.com\n", {"key": "sql"}))

    assert not Lead.objects.exists()
