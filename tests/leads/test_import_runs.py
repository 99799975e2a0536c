"""Files from the web page: looked at, rehearsed, run behind the page, and gone again."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leadflow.core.errors import Conflict, Invalid, NotAllowed
from leadflow.core.models import User
from leads import services as leads
from leads.forms.imports import ImportColumnsForm
from leads.models import Import, Lead
from tests.factories import people

pytestmark = pytest.mark.django_db
CSV = "E-Mail;First Name;Shoe size\nada@example.com;Ada;38\nnobody;Bob;40\nada@example.com;Ada;38\n"
MAPPING = {
    "match": "email",
    "columns": {"E-Mail": "email", "First Name": "first_name", "Shoe size": "attributes.Shoe size"},
}


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def keep(marketer: User, at: datetime, tmp_path: Path) -> Any:
    def run(text: str = CSV, name: str = "people.csv") -> Import:
        path = tmp_path / name
        path.write_text(text)
        return leads.keep_import_file(path=path, name=name, by=marketer, at=at)

    return run


@pytest.fixture
def start(marketer: User, at: datetime) -> Any:
    def run(draft: Import, *, is_rehearsal: bool = False, **mapping: Any) -> Import:
        leads.start_import(
            import_id=draft.pk,
            mapping=MAPPING | mapping,
            is_rehearsal=is_rehearsal,
            by=marketer,
            at=at,
        )
        leads.run_imports(at=at)
        return Import.objects.get(pk=draft.pk)

    return run


def test_a_file_is_imported_and_deleted(keep: Any, start: Any) -> None:
    draft = keep()
    assert (draft.state, draft.total, default_storage.exists(draft.kept)) == ("draft", 3, True)

    run = start(draft)

    lead = Lead.objects.get()
    assert (lead.email, lead.first_name) == ("ada@example.com", "Ada")
    assert lead.attributes == {"Shoe size": "38"}
    assert (run.state, run.kept, run.handled) == ("done", "", 3)
    assert (run.result["created"], run.result["duplicates"], run.result["rejected"]) == (1, 1, 1)
    assert not default_storage.exists(draft.kept)


def test_rows_that_were_left_out_keep_what_stood_in_them(keep: Any, start: Any) -> None:
    run = start(keep())

    error = run.result["errors"][0]
    assert (error["row"], error["column"], error["cells"]) == (3, "E-Mail", ["nobody", "Bob", "40"])


def test_a_rehearsal_tells_the_same_and_keeps_nothing_but_the_file(keep: Any, start: Any) -> None:
    draft = keep()

    run = start(draft, is_rehearsal=True)

    assert (run.result["created"], run.result["rejected"]) == (1, 1)
    assert not Lead.objects.exists()
    assert default_storage.exists(run.kept)
    assert start(draft).result["created"] == 1
    assert Lead.objects.count() == 1


def test_asked_twice_it_runs_once(keep: Any, start: Any, marketer: User, at: datetime) -> None:
    draft = keep()
    said: Any = {"import_id": draft.pk, "mapping": MAPPING, "is_rehearsal": False}
    for _ in range(2):
        leads.start_import(**said, by=marketer, at=at)

    assert leads.run_imports(at=at) == 1
    with pytest.raises(Conflict, match="not there any more"):
        leads.start_import(**said, by=marketer, at=at)


def test_a_worker_that_died_is_replaced(keep: Any, at: datetime) -> None:
    draft = keep()
    Import.objects.update(state="running", mapping=MAPPING, beat_at=at, handled=2)

    assert leads.run_imports(at=at + timedelta(minutes=5)) == 0
    assert leads.run_imports(at=at + timedelta(minutes=11)) == 1

    run = Import.objects.get(pk=draft.pk)
    assert (run.state, run.result["created"], run.result["restarted"]) == ("done", 1, True)


def test_a_fault_of_ours_is_shown_and_stops_no_other_import(
    keep: Any, start: Any, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(**said: Any) -> None:
        raise RuntimeError("out of paper")

    draft = keep()
    with monkeypatch.context() as patch:
        patch.setattr("leads.services.import_runs.import_leads", stumble)
        run = start(draft)

    assert (run.state, "Something went wrong" in run.error) == ("failed", True)
    assert start(draft).state == "done"


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"columns": {"Age": "email"}}, "no column Age"),
        ({"match": "phone"}, "must be a mapped column"),
    ],
)
def test_a_mapping_that_does_not_fit_starts_nothing(
    keep: Any, start: Any, mapping: Any, words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        start(keep(), **mapping)
    assert Import.objects.get().state == "draft"


@pytest.mark.parametrize(
    ("text", "words"), [("", "is empty"), ("email\n", "but nobody"), ("a,a\n1,2\n", "twice")]
)
def test_a_file_that_cannot_be_read_is_not_kept(keep: Any, text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        keep(text)
    assert not Import.objects.exists()


def test_files_nobody_imports_are_gone_after_a_week(keep: Any, at: datetime) -> None:
    draft = keep()

    assert leads.drop_import_files(at=at + timedelta(days=6)) == 0
    assert leads.drop_import_files(at=at + timedelta(days=8)) == 1

    assert (Import.objects.get().state, default_storage.exists(draft.kept)) == ("dropped", False)


def test_a_file_put_away_is_gone_at_once(keep: Any, marketer: User, at: datetime) -> None:
    draft = keep()

    leads.drop_import(import_id=draft.pk, by=marketer, at=at)

    assert not default_storage.exists(draft.kept)
    with pytest.raises(Conflict, match="has gone"):
        leads.drop_import(import_id=draft.pk, by=marketer, at=at)


def test_only_marketing_imports(keep: Any, rep: User, at: datetime) -> None:
    draft = keep()

    with pytest.raises(NotAllowed, match="you may not import leads"):
        leads.drop_import(import_id=draft.pk, by=rep, at=at)


# People who asked to be forgotten


def test_a_waiting_file_that_names_them_goes(
    keep: Any, manager: User, at: datetime, settle: Any
) -> None:
    lead = people.inquiry(at=at, email="ada@example.com")
    naming, other = keep("email\nADA@example.com\n"), keep("email\ngrace@example.com\n")

    leads.erase_leads(lead_ids=[lead.pk], by=manager, at=at)
    settle()

    run = Import.objects.get(pk=naming.pk)
    assert (run.state, "asked to be forgotten" in run.error) == ("dropped", True)
    assert not default_storage.exists(naming.kept)
    assert default_storage.exists(other.kept)


def test_nothing_is_kept_of_their_row(keep: Any, start: Any, manager: User, at: datetime) -> None:
    lead = people.inquiry(at=at, email="ada@example.com")
    leads.erase_leads(lead_ids=[lead.pk], by=manager, at=at)

    run = start(keep())

    errors = {error["row"]: error for error in run.result["errors"]}
    assert "asked to be forgotten" in errors[2]["message"]
    assert (errors[2]["cells"], errors[3]["cells"]) == ([], ["nobody", "Bob", "40"])


# What columns mean


def test_columns_are_recognised_by_their_names() -> None:
    header = ["E-Mail", "Vorname", "Surname", "Company Name", "Phone number", "Shoe size", "mail"]
    form = ImportColumnsForm(header=header, mapping={})

    assert [field.value() or "" for field in form.columns()] == [
        "email", "first_name", "last_name", "company", "phone", "", "",
    ]  # fmt: skip
    assert form["match"].value() == "email"


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"column_0": ""}, "match", "Say which column holds the e-mail."),
        ({"column_1": "email"}, "column_1", "“a” is E-mail already."),
        ({"match": "shoe"}, "match", "valid choice"),
    ],
)
def test_columns_that_do_not_fit_are_named(said: dict[str, str], field: str, words: str) -> None:
    data = {"match": "email", "column_0": "email", "column_1": "attribute"} | said
    form = ImportColumnsForm(data, header=["a", "b"], mapping={})

    assert words in form.errors[field][0]


# The pages


def send(client: Any, text: str = CSV) -> Any:
    file = SimpleUploadedFile("people.csv", text.encode())
    return client.post("/leads/import/", {"file": file})


SAID = {
    "match": "email",
    "column_0": "email",
    "column_1": "first_name",
    "column_2": "attribute",
}


def test_from_file_to_leads_by_the_pages(marketer: User, sign_in: Any, at: datetime) -> None:
    client = sign_in(marketer)
    address = send(client).url

    looked = client.get(address).content.decode()
    client.post(address, SAID)
    waiting = client.get(address).content.decode()
    leads.run_imports(at=at)
    rehearsed = client.get(address).content.decode()
    client.post(address, SAID | {"run": "1"})
    leads.run_imports(at=at)
    done = client.get(address).content.decode()
    file = b"".join(client.get(f"{address}left-out.csv").streaming_content).decode()

    assert "3 rows" in looked
    assert "Shoe size" in looked
    assert "Waiting for its turn" in waiting
    assert "This is what would happen" in rehearsed
    assert "3 rows are imported, 1 of them left out" in done
    assert "nobody,Bob,40" in file
    assert Lead.objects.get().attributes == {"Shoe size": "38"}


def test_the_list_names_what_came_of_each(
    marketer: User, sign_in: Any, keep: Any, start: Any
) -> None:
    client = sign_in(marketer)
    assert "Nothing imported yet" in client.get("/leads/import/").content.decode()
    start(keep(), is_rehearsal=True)

    page = client.get("/leads/import/").content.decode()

    assert "people.csv" in page
    assert "Rehearsed" in page


def test_a_file_without_sense_is_refused_at_its_field(marketer: User, sign_in: Any) -> None:
    answer = send(sign_in(marketer), "email\n")

    assert answer.status_code == 422
    assert "names columns, but nobody" in answer.content.decode()


def test_a_mapping_without_sense_is_refused_at_its_field(marketer: User, sign_in: Any) -> None:
    client = sign_in(marketer)
    address = send(client).url

    answer = client.post(address, SAID | {"column_0": ""})

    assert answer.status_code == 422
    assert "Say which column holds the e-mail." in answer.content.decode()
    assert Import.objects.get().state == "draft"


def test_the_page_asks_as_many_queries_for_many_imports(
    marketer: User, sign_in: Any, at: datetime
) -> None:
    client = sign_in(marketer)

    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get("/leads/import/")
        return len(asked)

    Import.objects.create(file="x.csv", by=marketer, at=at)
    one = count()
    Import.objects.bulk_create(Import(file=f"{n}.csv", by=marketer, at=at) for n in range(1_000))

    assert count() == one
