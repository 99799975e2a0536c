"""Everything about a person as one file: complete, readable, harmless, written down."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadflow.core.errors import Conflict, NotAllowed
from leadflow.core.models import Role, User
from leadflow.core.parts import person_tables
from leads import services as leads
from leads.models import Activity, Lead, PrivacyRequest, Tag
from leads.rendering import build_dossier
from tests.factories import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(at: datetime) -> Lead:
    lead = people.offered(at=at, email="ada@example.com", last_name="Løvelace")[0]
    Lead.objects.filter(pk=lead.pk).update(attributes={"shoe size": "38"})
    lead.tags.add(Tag.objects.create(key="vip", name="VIP"))
    leads.record_activities(
        activities=[
            Activity(lead=lead, kind="note", occurred_at=at, title="=1+1", properties={"text": "é"})
        ],
        at=at,
    )
    leads.record_consent(
        lead_ids=[lead.pk], purpose="marketing", source="form", wording="Yes", at=at
    )
    return lead


def read(lead: Lead, at: datetime) -> tuple[dict[str, Any], zipfile.ZipFile]:
    archive = zipfile.ZipFile(build_dossier(lead_id=lead.pk, at=at))
    return json.loads(archive.read("person.json")), archive


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    text = archive.read(name).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_file_tells_who_they_are_and_all_that_happened(lead: Lead, at: datetime) -> None:
    told, _ = read(lead, at)

    assert told["facts"]["last_name"] == "Løvelace"
    assert told["facts"]["attributes"] == {"shoe size": "38"}
    assert told["tags"] == [{"tag": "VIP"}]
    assert [one["to"] for one in told["stages"]] == ["Inquiry", "Marketing qualified"]
    assert told["offers"][0]["handoff"] == "Marketing to sales"
    assert told["consents"][0]["wording"] == "Yes"
    assert told["activities"][0]["details"] == {"text": "é"}


def test_every_registered_table_that_tells_something_is_in_it(lead: Lead, at: datetime) -> None:
    told, _ = read(lead, at)

    names = {name.rpartition(".")[2] for name, one in person_tables.items() if one.exported}
    assert names == told.keys() - {"facts", "exported_at"}


def test_no_two_tables_share_a_name() -> None:
    names = [name.rpartition(".")[2] for name, _ in person_tables.items()]

    assert len(names) == len(set(names))


def test_times_are_iso_8601_in_utc(lead: Lead, at: datetime) -> None:
    told, archive = read(lead, at)

    moment = told["activities"][0]["occurred_at"]
    assert moment == "2026-03-03T09:00:00Z"
    assert datetime.fromisoformat(moment) == at.astimezone(UTC)
    assert table(archive, "activities.csv")[0]["occurred_at"] == moment


def test_no_cell_is_a_formula(lead: Lead, at: datetime) -> None:
    _, archive = read(lead, at)

    assert table(archive, "activities.csv")[0]["title"] == "'=1+1"


def test_tables_without_rows_make_no_file_and_the_others_are_explained(
    lead: Lead, at: datetime
) -> None:
    _, archive = read(lead, at)

    about = archive.read("about.txt").decode()
    files = {name.removesuffix(".csv") for name in archive.namelist() if name.endswith(".csv")}
    assert files == {"facts", "activities", "consents", "offers", "stages", "tags"}
    assert all(f"{name}.csv" in about for name in files)


def test_nobody_else_is_in_it(lead: Lead, at: datetime) -> None:
    people.offered(at=at, email="grace@example.com", first_name="Grace")

    _, archive = read(lead, at)

    assert not any(b"grace" in archive.read(name).lower() for name in archive.namelist())


def test_a_long_story_takes_as_many_queries_as_a_short_one(
    lead: Lead, at: datetime, django_assert_num_queries: Any
) -> None:
    tables = sum(1 for one in person_tables.values() if one.exported)
    filled = 5  # tables whose rows are read once more, for the CSV file
    with django_assert_num_queries(1 + tables + filled):
        read(lead, at)
    Activity.objects.bulk_create(
        Activity(lead=lead, kind="page_view", occurred_at=at + timedelta(seconds=n), title=f"P{n}")
        for n in range(5_000)
    )

    with django_assert_num_queries(1 + tables + filled):
        told, archive = read(lead, at)

    assert len(told["activities"]) == len(table(archive, "activities.csv")) == 5_001


def test_handing_out_is_written_down(lead: Lead, marketer: User, sign_in: Any) -> None:
    answer = sign_in(marketer).post(f"/leads/{lead.pk}/export/")

    told = PrivacyRequest.objects.get()
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert answer["Content-Disposition"].startswith(f'attachment; filename="lead-{lead.pk}-')
    assert json.loads(archive.read("person.json"))["facts"]["email"] == "ada@example.com"
    assert (told.kind, told.by, told.lead) == ("export", marketer, lead)
    assert told.result["Activities"] == 1


def test_the_api_hands_out_the_same(lead: Lead, marketer: User, api: Any) -> None:
    answer = api(marketer).post(f"/api/v1/leads/{lead.pk}/export/")

    assert answer["Content-Type"] == "application/zip"
    assert zipfile.is_zipfile(io.BytesIO(b"".join(answer.streaming_content)))


@pytest.mark.parametrize("role", [Role.REP, Role.CARE])
def test_only_marketing_and_managers_hand_out(lead: Lead, at: datetime, role: Role) -> None:
    with pytest.raises(NotAllowed, match="you may not hand out what is known of people"):
        leads.note_export(lead_id=lead.pk, by=people.user(role), at=at)


def test_nothing_is_left_of_somebody_erased(lead: Lead, manager: User, at: datetime) -> None:
    leads.erase_leads(lead_ids=[lead.pk], by=manager, at=at)

    with pytest.raises(Conflict, match="nothing left to hand out"):
        leads.note_export(lead_id=lead.pk, by=manager, at=at)
