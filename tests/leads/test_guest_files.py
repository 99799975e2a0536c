"""Guest lists as files: looked at, read in, named row by row; the same again changes nothing."""

import io
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads import services as leads
from leads.importing.guests import guess_columns
from leads.models import Activity, Campaign, Guest, GuestFile, Lead, StageChange
from tests.factories import people

pytestmark = pytest.mark.django_db

LIST = """E-mail;First name;Last name;Company;Mobile;Status
ada@example.com;Ada;Byron;Engines Ltd;;attended
known@example.com;;;Engines Ltd;;yes
;Bob;Babbage;;+49 30 901820;invited
not an address;Eve;;;;invited
grace@example.com;Grace;Hopper;;;drunk
;Nobody;At all;;;
ada@example.com;Ada;B.;;;registered
carl@example.com;Carl;;;;cancelled
"""
SEND = "/leads/campaigns/expo/guests/import/"


@pytest.fixture
def client(marketer: User, sign_in: Any) -> Client:
    return sign_in(marketer)


@pytest.fixture
def known(at: datetime) -> Lead:
    return people.inquiry(at=at, email="known@example.com", first_name="Kim", phone="+4930123456")


def send(client: Client, content: bytes, file: str = "guests.csv") -> Any:
    return client.post(SEND, {"file": SimpleUploadedFile(file, content)}, follow=True)


def read_in(client: Client, content: bytes, file: str = "guests.csv", **said: str) -> Any:
    page = send(client, content, file)
    form = page.context["columns"]
    columns = {field.name: field.value() or "" for field in form}
    address = page.redirect_chain[-1][0]
    return client.post(address, {**columns, **said, "run": "1"}, follow=True)


def test_looking_at_a_file_changes_nothing(client: Client, campaign: Campaign, known: Lead) -> None:
    page = send(client, LIST.encode())

    foreseen = page.context["foreseen"]
    assert (foreseen.rows, foreseen.new, foreseen.added, foreseen.listed) == (8, 3, 1, 0)
    assert (foreseen.duplicates, foreseen.rejected) == (1, 3)
    assert not Guest.objects.exists()
    assert Lead.objects.count() == 1


def test_bad_rows_are_named_and_the_rest_goes_on(
    client: Client, campaign: Campaign, known: Lead
) -> None:
    page = read_in(client, LIST.encode())

    errors = page.context["tally"]["errors"]
    assert [(e["row"], e["column"]) for e in errors] == [
        (5, "E-mail"),
        (6, "Status"),
        (7, "E-mail"),
    ]
    assert "write invited, registered" in errors[1]["message"]
    states = {guest.lead.email: guest.state.value for guest in Guest.objects.select_related("lead")}
    assert states == {
        "ada@example.com": "attended",
        "known@example.com": "registered",
        "": "invited",
        "carl@example.com": "cancelled",
    }
    assert set(Guest.objects.values_list("source", flat=True)) == {"import"}


def test_the_unknown_become_leads_of_the_campaign_and_the_known_stay_as_they_are(
    client: Client, campaign: Campaign, known: Lead
) -> None:
    read_in(client, LIST.encode())

    ada = Lead.objects.get(email="ada@example.com")
    assert (ada.source, ada.campaign, ada.company.name) == ("expo", campaign, "Engines Ltd")
    assert ada.last_name == "Byron"
    change = StageChange.objects.get(lead=ada)
    assert (change.cause_kind, change.cause_id) == ("guest_list", GuestFile.objects.get().pk)
    kim = Lead.objects.get(pk=known.pk)
    assert (kim.first_name, kim.source, kim.campaign) == ("Kim", None, None)
    assert kim.company == ada.company
    (attended,) = Activity.objects.filter(kind="event")
    assert attended.lead == ada


def test_the_same_file_again_changes_nothing(
    client: Client, campaign: Campaign, known: Lead
) -> None:
    read_in(client, LIST.encode())
    before = list(Guest.objects.order_by("pk").values())

    page = read_in(client, LIST.encode())

    tally = page.context["tally"]
    assert (tally["new"], tally["added"], tally["listed"]) == (0, 0, 4)
    assert list(Guest.objects.order_by("pk").values()) == before
    assert Activity.objects.filter(kind="event").count() == 1


def test_a_file_is_read_in_once_and_its_rows_go(client: Client, campaign: Campaign) -> None:
    page = read_in(client, LIST.encode())
    address = page.redirect_chain[-1][0]

    file = GuestFile.objects.get()
    assert file.rows == []
    assert client.post(address, {"run": "1", "default": "registered"}).status_code == 200
    assert "are read in" in client.get(address).content.decode()


def test_files_that_nobody_reads_in_are_dropped_after_a_day(
    client: Client, campaign: Campaign
) -> None:
    send(client, LIST.encode())
    file = GuestFile.objects.get()

    assert leads.drop_guest_files(at=file.at + timedelta(hours=23)) == 0
    assert leads.drop_guest_files(at=file.at + timedelta(hours=25)) == 1
    assert not GuestFile.objects.exists()


def test_two_people_with_one_number_are_not_made_one(
    client: Client, campaign: Campaign, at: datetime
) -> None:
    people.inquiry(at=at, email="a@example.com", phone="+4930555555")
    people.inquiry(at=at, email="b@example.com", phone="+4930555555")
    people.inquiry(at=at, email="c@example.com", phone="+4930666666")

    read_in(client, b"phone,name\n+4930555555,Ada Byron\n+4930666666,Carl\n")

    assert Lead.objects.count() == 4
    fresh = Lead.objects.get(email="")
    assert (fresh.first_name, fresh.last_name) == ("Ada", "Byron")
    assert Guest.objects.filter(lead__email="c@example.com").exists()


def test_a_spreadsheet_reads_like_a_csv_file(client: Client, campaign: Campaign) -> None:
    book, content = Workbook(), io.BytesIO()
    book.active.append(["Email", "Vorname", "Nachname", "Firma"])
    book.active.append(["ada@example.com", "Ada", "Byron", "Engines"])
    book.save(content)

    read_in(client, content.getvalue(), "guests.xlsx", default="invited")

    guest = Guest.objects.select_related("lead__company").get()
    assert (guest.lead.name, guest.lead.company.name) == ("Ada Byron", "Engines")
    assert guest.state == "invited"


def test_columns_can_be_said_by_hand(client: Client, campaign: Campaign) -> None:
    page = read_in(client, b"who,contact\nAda Byron,ada@example.com\n", email="contact", name="who")

    assert page.context["tally"]["new"] == 1
    assert Lead.objects.get().last_name == "Byron"


def test_without_a_column_to_know_people_by_nothing_can_be_read_in(
    client: Client, campaign: Campaign
) -> None:
    page = send(client, b"who,what\nAda,Byron\n")

    assert "Choose the column of the e-mail address" in page.content.decode()
    assert "foreseen" not in page.context


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "guests.csv", "empty"),
        (b"email\n", "guests.csv", "names columns, but nobody"),
        (b"email,email\na,b\n", "guests.csv", "names a column twice"),
        (b"PK\x03\x04 no workbook", "guests.xlsx", "not readable as a spreadsheet"),
        (b"\x01\x02\xff\xfe", "no-kind", "names columns, but nobody"),
    ],
)
def test_an_unusable_file_is_refused_in_words(
    content: bytes, name: str, words: str, client: Client, campaign: Campaign
) -> None:
    page = send(client, content, name)

    assert page.status_code == 422
    assert words in page.content.decode()
    assert not GuestFile.objects.exists()


@pytest.mark.parametrize(
    "row",
    [
        "<script>alert(1)</script>,ada@example.com",
        f"{'x' * 10_000},ada@example.com",
        "=cmd|' /C calc'!A0,ada@example.com",
        "\u202eevil\x07,ada@example.com",
        "🦄 \U0001f984,ada@example.com",
    ],
)
def test_hostile_cells_are_only_names(row: str, client: Client, campaign: Campaign) -> None:
    page = read_in(client, f"first name,email\n{row}\n".encode())

    assert page.context["tally"]["new"] == 1
    assert len(Lead.objects.get().first_name) <= 120
    assert "<script>alert" not in client.get("/leads/campaigns/expo/guests/").content.decode()


def test_a_file_of_too_many_rows_is_refused(
    campaign: Campaign, marketer: User, at: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "many.csv"
    path.write_text("email\n" + "a@example.com\n" * 50_001)

    with pytest.raises(Invalid, match="may have 50,000 rows"):
        leads.keep_guest_file(campaign=campaign, path=path, by=marketer, at=at)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (["E-Mail", "First Name", "Surname"], {"email": "E-Mail", "first_name": "First Name", "last_name": "Surname"}),
        (["Name", "Telefon"], {"name": "Name", "phone": "Telefon"}),
        (["Name", "Vorname", "Mail"], {"first_name": "Vorname", "email": "Mail"}),
        (["x", "y"], {}),
    ],
)  # fmt: skip
def test_columns_are_recognised_by_their_names(header: list[str], found: dict[str, str]) -> None:
    assert guess_columns(header) == found
