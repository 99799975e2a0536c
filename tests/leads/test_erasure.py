"""Forgetting people: allowed to few, once, for good, and nobody brings them back but they themselves."""

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leadflow.core.errors import Conflict, NotAllowed
from leadflow.core.models import Role, User
from leadflow.operations.invariants import find_broken
from leads import queries
from leads import services as leads
from leads.models import (
    Activity,
    Company,
    DuplicatePair,
    FormSubmission,
    GuestFile,
    Lead,
    LeadTokens,
    Merge,
    Offer,
    PrivacyRequest,
    RawBeacon,
    StageChange,
    Suppression,
    Visitor,
)
from scoring import services as scoring
from tests.factories import people

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
EMAIL, PHONE = "ada@lovelace.example", "+4930901820"


@pytest.fixture
def lead(at: datetime) -> Lead:
    return people.inquiry(
        at=at, email=EMAIL, phone=PHONE, last_name="Lovelace", external_id="crm-77", country="DE"
    )


@pytest.fixture
def erase(manager: User, at: datetime) -> Any:
    def run(*rows: Lead) -> list[int]:
        return leads.erase_leads(lead_ids=[row.pk for row in rows], by=manager, at=at + HOUR)

    return run


def test_the_row_stays_without_anything_personal(lead: Lead, erase: Any, at: datetime) -> None:
    before = Lead.objects.get(pk=lead.pk)

    assert erase(lead) == [lead.pk]

    row = Lead.objects.get(pk=lead.pk)
    blank = (row.email, row.phone, row.external_id, row.first_name, row.last_name, row.job_title)
    assert set(blank) == {""}
    assert (row.attributes, row.company_id) == ({}, None)
    assert (row.name, row.erased_at) == ("Erased person", at + HOUR)
    kept = (
        "stage",
        "stage_since",
        "cycle",
        "score",
        "source",
        "campaign_id",
        "country",
        "owner_id",
    )
    assert [getattr(row, name) for name in kept] == [getattr(before, name) for name in kept]


def test_twice_is_once(lead: Lead, erase: Any) -> None:
    erase(lead)

    assert erase(lead) == []
    assert PrivacyRequest.objects.filter(kind="erasure").count() == 1


@pytest.mark.parametrize("role", [Role.MARKETER, Role.REP, Role.CARE])
def test_only_managers_and_admins_erase(lead: Lead, at: datetime, role: Role) -> None:
    with pytest.raises(NotAllowed, match="you may not erase people"):
        leads.erase_leads(lead_ids=[lead.pk], by=people.user(role), at=at)
    assert Lead.objects.get(pk=lead.pk).email == EMAIL


def test_it_leaves_a_trace_with_counts_and_nothing_else(
    lead: Lead, erase: Any, manager: User
) -> None:
    erase(lead)

    trace = PrivacyRequest.objects.get()
    assert (trace.lead_id, trace.kind, trace.by) == (lead.pk, "erasure", manager)
    assert trace.result["Stages"] == 1
    assert all(isinstance(count, int) for count in trace.result.values())


def test_browsers_are_cut_off_and_what_they_did_stays(lead: Lead, erase: Any, at: datetime) -> None:
    visitor = Visitor.objects.create(lead=lead, first_seen_at=at, last_seen_at=at)
    Activity.objects.create(
        lead=lead, visitor=visitor, kind="page_view", occurred_at=at, title="Prices", url="/prices"
    )

    erase(lead)

    activity = Activity.objects.get()
    assert not Visitor.objects.exists()
    assert (activity.lead_id, activity.kind, activity.occurred_at) == (lead.pk, "page_view", at)
    assert (activity.title, activity.url, activity.visitor_id) == ("", "", None)


def test_search_words_and_likely_duplicates_go(lead: Lead, erase: Any, at: datetime) -> None:
    other = people.inquiry(at=at)
    assert LeadTokens.objects.filter(lead=lead).exists()
    DuplicatePair.objects.create(
        first=lead, second=other, likeness=90, reasons=["name"], found_at=at
    )

    erase(lead)

    assert not LeadTokens.objects.filter(lead=lead).exists()
    assert not DuplicatePair.objects.exists()


def test_a_waiting_offer_is_withdrawn_and_the_stage_stays(
    erase: Any, at: datetime, rep: User
) -> None:
    offered = people.offered(at=at, email=EMAIL)[0]
    Offer.objects.update(assignee=rep)

    erase(offered)

    offer = Offer.objects.get()
    assert (offer.outcome, offer.decided_by, offer.closed_by) == ("withdrawn", None, None)
    assert Lead.objects.get(pk=offered.pk).stage == "mql"
    assert StageChange.objects.filter(lead=offered).count() == 2
    assert find_broken() == []


def test_what_comes_back_to_an_erased_row_is_found(lead: Lead, erase: Any) -> None:
    erase(lead)
    Lead.objects.filter(pk=lead.pk).update(phone=PHONE)

    assert [(one.name, one.rows) for one in find_broken()] == [
        ("nothing personal is left of who was erased", [f"lead {lead.pk}"])
    ]


def test_nothing_can_be_done_with_them_any_more(
    lead: Lead, erase: Any, at: datetime, manager: User
) -> None:
    erase(lead)
    act = leads.Act(verb="offer", at=at + 2 * HOUR, by=manager)

    refused = leads.move(lead_ids=[lead.pk], act=act).refused
    with pytest.raises(Conflict, match="was erased"):
        leads.correct_facts(
            lead_id=lead.pk, person=leads.Person(facts={"first_name": "Ada"}), by=manager, at=at
        )
    leads.record_consent(lead_ids=[lead.pk], purpose="marketing", source="phone", at=at)

    assert refused == {lead.pk: "This person was erased: nothing can be done with them any more."}
    assert Lead.objects.get(pk=lead.pk).first_name == ""
    assert not lead.consents.exists()


def test_a_change_before_is_not_taken_back(erase: Any, at: datetime, manager: User) -> None:
    offered = people.offered(at=at)[0]
    erase(offered)

    moved = leads.take_back(change_ids=[offered.last_change], by=manager, at=at + 2 * HOUR)

    assert list(moved.refused.values()) == [
        "This person was erased: nothing can be done with them any more."
    ]


def test_the_score_stays_as_it_was(lead: Lead, erase: Any, at: datetime) -> None:
    Lead.objects.filter(pk=lead.pk).update(score=42, fit=30, engagement=12, grade="B1")
    erase(lead)

    scoring.refresh_scores(at=at + 2 * HOUR)
    leads.write_scores(scores=[(lead.pk, 0, 0, "C3")], at=at + 2 * HOUR)

    assert Lead.objects.get(pk=lead.pk).score == 42


def test_no_condition_is_true_of_them(lead: Lead, erase: Any) -> None:
    everybody: Any = {"all": []}
    assert lead in queries.matching(everybody)

    erase(lead)

    assert lead not in queries.matching(everybody)


@pytest.mark.parametrize(
    ("name", "others", "is_left"),
    [("Lovelace Engines", 0, False), ("Lovelace Engines", 1, True), ("Babbage Ltd", 0, True)],
)
def test_a_company_that_is_the_person_goes_with_them(
    lead: Lead, erase: Any, at: datetime, name: str, others: int, is_left: bool
) -> None:
    company = Company.objects.create(name=name)
    Lead.objects.filter(pk=lead.pk).update(company=company)
    people.inquiries(others, at=at, company_id=company.pk)

    erase(lead)

    assert Company.objects.filter(pk=company.pk).exists() is is_left


def test_post_nobody_has_read_yet_goes_too(lead: Lead, form: Any, erase: Any, at: datetime) -> None:
    common = {"form": form, "received_at": at, "state": "failed"}
    FormSubmission.objects.create(token="1", values={"email": EMAIL.upper()}, **common)
    FormSubmission.objects.create(token="2", values={"email": "grace@example.com"}, **common)
    RawBeacon.objects.create(said={"url": f"/?mail={EMAIL}"}, received_at=at, state="failed")

    erase(lead)

    assert [one.token for one in FormSubmission.objects.all()] == ["2"]
    assert not RawBeacon.objects.exists()


def count_queries(work: Any) -> int:
    with CaptureQueriesContext(connection) as asked:
        work()
    return len(asked)


def test_many_take_as_many_queries_as_one(erase: Any, at: datetime) -> None:
    one, many = people.inquiries(1, at=at), people.inquiries(40, at=at)

    assert count_queries(lambda: erase(*many)) == count_queries(lambda: erase(*one))


# Coming back


def upsert(facts: dict[str, str], *, by: User, at: datetime) -> leads.Upserted:
    return leads.upsert_leads(people=[leads.Person(facts=facts)], by=by, at=at)[0]


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"email": EMAIL}, "email"),
        ({"email": "other@example.com", "phone": PHONE}, "phone"),
        ({"external_id": "crm-77"}, "external_id"),
    ],
)
def test_the_api_brings_nobody_back(
    lead: Lead, erase: Any, marketer: User, at: datetime, facts: dict[str, str], field: str
) -> None:
    erase(lead)

    result = upsert(facts, by=marketer, at=at)

    assert (result.status, result.lead_id) == ("rejected", None)
    assert result.error is not None
    assert (result.error.field, "asked to be forgotten" in str(result.error)) == (field, True)


def test_the_rest_of_a_batch_goes_on(lead: Lead, erase: Any, marketer: User, at: datetime) -> None:
    erase(lead)
    rows = [leads.Person(facts={"email": email}) for email in (EMAIL, "grace@example.com")]

    results = leads.upsert_leads(people=rows, by=marketer, at=at)

    assert [result.status for result in results] == ["rejected", "created"]


def test_an_import_names_the_row_of_somebody_forgotten(
    lead: Lead, erase: Any, at: datetime, tmp_path: Path
) -> None:
    erase(lead)
    path = tmp_path / "people.csv"
    path.write_text(f"email\n{EMAIL}\ngrace@example.com\n")

    tally = leads.import_leads(path=path, at=at)

    assert (tally.created, tally.rejected) == (1, 1)
    assert tally.errors[0]["row"] == 2
    assert "asked to be forgotten" in tally.errors[0]["message"]


def test_another_mailbox_name_of_the_same_person_is_known(
    at: datetime, erase: Any, marketer: User
) -> None:
    erase(people.inquiry(at=at, email="a.da+shop@gmail.com"))

    assert upsert({"email": "ada@googlemail.com"}, by=marketer, at=at).status == "rejected"


def test_a_number_that_others_share_is_not_held_against_them(
    lead: Lead, erase: Any, marketer: User, at: datetime
) -> None:
    people.inquiry(at=at, phone=PHONE)
    erase(lead)

    facts = {"email": "new@example.com", "phone": PHONE}
    assert upsert(facts, by=marketer, at=at).status == "created"


def test_who_came_back_by_a_form_is_updated_like_anybody(
    lead: Lead, erase: Any, form: Any, marketer: User, at: datetime, tmp_path: Path
) -> None:
    erase(lead)
    leads.receive_submission(
        form=form, values={"email": EMAIL, "phone": PHONE}, token="t", visitor_id=None, source="",
        at=at + HOUR,
    )  # fmt: skip
    leads.process_submissions(at=at + HOUR)
    path = tmp_path / "people.csv"
    path.write_text(f"email,phone,first_name\n{EMAIL},{PHONE},Ada\n")

    facts = {"email": EMAIL, "phone": PHONE, "job_title": "Countess"}
    assert upsert(facts, by=marketer, at=at).status == "updated"
    assert leads.import_leads(path=path, at=at).updated == 1


def test_what_a_record_merged_into_theirs_was_known_by_stays_silent_too(
    lead: Lead, erase: Any, manager: User, marketer: User, at: datetime
) -> None:
    other = people.inquiry(at=at, email="countess@example.com")
    leads.merge_leads(kept_id=lead.pk, gone_id=other.pk, by=manager, at=at)

    erase(lead)

    assert upsert({"email": "countess@example.com"}, by=marketer, at=at).status == "rejected"
    merge = Merge.objects.get()
    assert merge.before == {}
    with pytest.raises(Conflict, match="erased"):
        leads.undo_merge(merge_id=merge.pk, by=manager, at=at + HOUR)


def test_a_merge_that_was_undone_forgets_the_one_who_is_erased(
    lead: Lead, erase: Any, manager: User, at: datetime
) -> None:
    other = people.inquiry(at=at, email="countess@example.com")
    merge = leads.merge_leads(kept_id=other.pk, gone_id=lead.pk, by=manager, at=at)
    leads.undo_merge(merge_id=merge.pk, by=manager, at=at)

    erase(lead)

    assert Merge.objects.get().before == {}
    assert Lead.objects.get(pk=other.pk).email == "countess@example.com"


@pytest.fixture
def guest_file(campaign: Any, marketer: User, at: datetime) -> GuestFile:
    return GuestFile.objects.create(
        campaign=campaign, name="x.csv", header=["email"], by=marketer, at=at,
        rows=[[EMAIL], ["grace@example.com"]],
    )  # fmt: skip


def test_a_guest_list_names_the_row_of_somebody_forgotten(
    lead: Lead, erase: Any, guest_file: GuestFile, marketer: User, at: datetime
) -> None:
    erase(lead)
    guest_file.rows = [[EMAIL], ["grace@example.com"]]  # sent anew
    guest_file.save()
    columns = {"email": "email"}

    foreseen = leads.foresee_guest_list(file=guest_file, columns=columns, state="invited")
    tally = leads.import_guest_list(
        file=guest_file, columns=columns, state="invited", by=marketer, at=at
    )

    assert (foreseen.new, foreseen.rejected) == (tally.new, tally.rejected) == (1, 1)
    assert (tally.errors[0]["row"], tally.errors[0]["column"]) == (2, "email")
    assert not Lead.objects.filter(email=EMAIL).exists()


def test_a_guest_list_that_waits_does_not_name_them_any_more(
    lead: Lead, erase: Any, guest_file: GuestFile
) -> None:
    erase(lead)

    assert GuestFile.objects.get().rows == [["[erased]"], ["grace@example.com"]]


def test_who_comes_to_the_stand_is_back_in_silence(
    lead: Lead, erase: Any, campaign: Any, marketer: User, at: datetime
) -> None:
    erase(lead)
    facts = {"email": EMAIL, "phone": "", "first_name": "Ada", "last_name": "Lovelace"}

    guest, _ = leads.welcome(
        campaign=campaign, person=leads.WalkIn(facts=facts), by=marketer, at=at + HOUR
    )

    assert guest.lead.consents.filter(purpose="marketing", is_given=False).exists()


def test_what_is_kept_is_a_hash_that_only_the_key_opens(
    lead: Lead, erase: Any, settings: Any
) -> None:
    erase(lead)
    assert len(queries.why_silent(EMAIL)) == 1

    settings.SUPPRESSION_KEYS = ["another", *settings.SUPPRESSION_KEYS]
    assert len(queries.why_silent(EMAIL)) == 1
    settings.SUPPRESSION_KEYS = ["another"]
    assert queries.why_silent(EMAIL) == []
    assert not Suppression.objects.filter(digest__contains="ada").exists()


# The pages


def test_the_dialog_says_what_goes_and_asks_for_the_word(
    lead: Lead, manager: User, sign_in: Any
) -> None:
    client, address = sign_in(manager), f"/leads/{lead.pk}/erase/"

    page = client.get(address).content.decode()
    refused = client.post(address, {"word": "yes"})

    assert "This cannot be undone." in page
    assert "Stages 1" in page
    assert refused.status_code == 400
    assert Lead.objects.get(pk=lead.pk).email == EMAIL


def test_the_word_erases(lead: Lead, manager: User, sign_in: Any) -> None:
    client = sign_in(manager)

    page = client.post(f"/leads/{lead.pk}/erase/", {"word": "Erase"}, follow=True).content.decode()

    assert "Everything personal is gone" in page
    assert f"by {manager}" in page
    assert EMAIL not in page


@pytest.mark.parametrize("name", ["edit", "note", "consent", "erase"])
def test_pages_that_work_on_a_person_say_that_nobody_is_there(
    lead: Lead, erase: Any, manager: User, sign_in: Any, name: str
) -> None:
    erase(lead)

    answer = sign_in(manager).post(f"/leads/{lead.pk}/{name}/", {"text": "x", "kind": "note"})

    assert answer.status_code == 409
    assert "was erased" in answer.content.decode()


def test_the_privacy_page_tells_who_did_what_and_looks_addresses_up(
    lead: Lead, erase: Any, manager: User, sign_in: Any
) -> None:
    client = sign_in(manager)
    assert "Nobody has asked yet" in client.get("/leads/privacy/").content.decode()
    erase(lead)

    page = client.post("/leads/privacy/", {"address": EMAIL.upper()}).content.decode()
    free = client.post("/leads/privacy/", {"address": "grace@example.com"}).content.decode()
    bad = client.post("/leads/privacy/", {"address": "hello"})

    assert "Erased person" in page
    assert "asked to be forgotten" in page
    assert "Nothing keeps this address" in free
    assert (bad.status_code, "with its country code" in bad.content.decode()) == (422, True)


def test_the_list_of_requests_asks_as_many_queries_for_many(
    manager: User, at: datetime, sign_in: Any
) -> None:
    client = sign_in(manager)
    rows = people.inquiries(25, at=at)
    leads.note_export(lead_id=rows[0].pk, by=manager, at=at)
    few = count_queries(lambda: client.get("/leads/privacy/"))
    PrivacyRequest.objects.bulk_create(
        PrivacyRequest(lead=row, kind="export", by=manager, at=at) for row in rows * 40
    )

    assert count_queries(lambda: client.get("/leads/privacy/")) == few


# At the same time


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_at_the_same_moment_finds_the_person_or_what_is_kept_of_them(
    lead: Lead, form: Any, manager: User, at: datetime
) -> None:
    leads.receive_submission(
        form=form, values={"email": EMAIL}, token="t", visitor_id=None, source="", at=at
    )
    gate = threading.Barrier(2)

    def run(work: Any) -> None:
        gate.wait()
        try:
            work()
        finally:
            connection.close()

    works = (
        lambda: leads.erase_leads(lead_ids=[lead.pk], by=manager, at=at),
        lambda: leads.process_submissions(at=at),
    )
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    leads.process_submissions(at=at)

    assert Lead.objects.get(pk=lead.pk).email == ""
    back = Lead.objects.filter(email=EMAIL)
    assert all(one.consents.filter(purpose="marketing", is_given=False).exists() for one in back)


def test_what_comes_in_just_behind_is_blanked_by_the_event(
    lead: Lead, erase: Any, at: datetime, settle: Any
) -> None:
    erase(lead)
    Activity.objects.create(lead=lead, kind="page_view", occurred_at=at, title="Late", url="/late")

    settle()

    assert Activity.objects.get().title == ""
