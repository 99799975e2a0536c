"""A merged-away record's addresses lead to the record that took it over, wherever somebody writes."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadflow.core.errors import Conflict
from leadflow.core.models import User
from leads import queries
from leads import services as leads
from leads.models import Form, Lead, Merge
from tests.factories import people

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
OLD, OWN = "ada@old.example", "ada@own.example"


@pytest.fixture
def merge(marketer: User, at: datetime) -> Merge:
    kept = people.inquiry(at=at, email=OWN, external_id="own-1", first_name="Ada")
    gone = people.inquiry(at=at, email=OLD, external_id="old-1", first_name="Ada")
    return leads.merge_leads(kept_id=kept.pk, gone_id=gone.pk, by=marketer, at=at)


def everybody() -> list[tuple[str, str]]:
    return list(Lead.objects.values_list("email", "external_id"))


def test_a_form_with_the_old_address_is_the_same_person(
    merge: Merge, form: Form, at: datetime
) -> None:
    leads.receive_submission(
        form=form, values={"email": OLD.upper(), "job_title": "Countess"}, token="one",
        visitor_id=None, source="", at=at + HOUR,
    )  # fmt: skip
    leads.process_submissions(at=at + HOUR)

    assert everybody() == [(OWN, "own-1")]
    assert merge.kept.activities.filter(kind="form").count() == 1


@pytest.mark.parametrize("facts", [{"email": OLD}, {"external_id": "old-1"}])
def test_a_program_that_knows_the_old_key_writes_to_the_same_person(
    merge: Merge, marketer: User, at: datetime, facts: dict[str, str]
) -> None:
    person = leads.Person(facts={**facts, "job_title": "Countess"})

    (result,) = leads.upsert_leads(people=[person], by=marketer, at=at + HOUR)

    assert (result.status, result.lead_id) == ("updated", merge.kept_id)
    assert everybody() == [(OWN, "own-1")]
    assert Lead.objects.get().job_title == "Countess"


@pytest.mark.parametrize("match", ["email", "external_id"])
def test_a_file_with_the_old_key_updates_the_same_person(
    merge: Merge, tmp_path: Path, at: datetime, match: str
) -> None:
    file = tmp_path / "people.csv"
    key = OLD if match == "email" else "old-1"
    file.write_text(f"{match},job_title\n{key},Countess\n")

    result = leads.import_leads(path=file, at=at)

    assert (result.created, result.updated, result.rejected) == (0, 1, 0)
    assert everybody() == [(OWN, "own-1")]
    assert Lead.objects.get().job_title == "Countess"


def test_a_second_merge_takes_the_address_along(merge: Merge, marketer: User, at: datetime) -> None:
    last = people.inquiry(at=at, email="ada@last.example")

    leads.merge_leads(kept_id=last.pk, gone_id=merge.kept_id, by=marketer, at=at + HOUR)

    assert queries.find_holders("email", [OLD, OWN]) == {OLD: last.pk, OWN: last.pk}


def test_after_undoing_the_address_is_its_own_again(
    merge: Merge, marketer: User, at: datetime
) -> None:
    leads.undo_merge(merge_id=merge.pk, by=marketer, at=at + HOUR)

    assert queries.find_holders("email", [OLD]) == {OLD: merge.gone_id}


def test_nobody_new_gets_the_old_address_by_hand(
    merge: Merge, marketer: User, at: datetime
) -> None:
    with pytest.raises(Conflict, match="e-mail"):
        leads.add_lead(person=leads.Person(facts={"email": OLD}), by=marketer, at=at)


def test_they_may_go_back_to_their_old_address(merge: Merge, marketer: User, at: datetime) -> None:
    leads.correct_facts(
        lead_id=merge.kept_id, person=leads.Person(facts={"email": OLD}), by=marketer, at=at
    )

    assert everybody() == [(OLD, "own-1")]


def test_a_browser_is_told_by_the_old_address(merge: Merge, manager: User, api: Any) -> None:
    answer = api(manager).post(
        "/api/v1/visitors/identify/",
        {"visitor": "5eedfeed-aaaa-4bbb-8ccc-123456789abc", "email": OLD},
        content_type="application/json",
    )

    assert answer.status_code == 200, answer.content
    assert answer.json()["lead"] == merge.kept_id


def test_an_erased_person_is_not_known_by_it(merge: Merge, manager: User, at: datetime) -> None:
    leads.erase_leads(lead_ids=[merge.kept_id], by=manager, at=at + HOUR)

    assert queries.find_holders("email", [OLD]) == {}
