"""The pages of duplicates and merges, what the API says, and where old addresses lead."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from content.models import Asset
from leadflow.core.models import User
from leads import services as leads
from leads.models import Activity, DuplicatePair, DuplicateSearch, Lead, Merge
from nurture import services as nurture
from nurture.models import Message
from nurture.rendering import SALT
from tests.factories import people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def client(marketer: User, sign_in: Any) -> Client:
    return sign_in(marketer)


def pair_up(one: Lead, other: Lead, at: datetime, **said: Any) -> DuplicatePair:
    said = {"likeness": 80, "reasons": [{"code": "phone"}], "found_at": at} | said
    return DuplicatePair.objects.create(first=one, second=other, **said)


def test_pairs_are_listed_with_their_reasons(at: datetime, client: Client) -> None:
    one, other = people.inquiries(2, at=at, last_name="King")
    pair_up(one, other, at, reasons=[{"code": "name", "percent": 94}, {"code": "company"}])

    page = client.get("/leads/duplicates/").content.decode()

    assert "names 94 % alike, same company" in page
    assert f"/leads/{one.pk}/merge/{other.pk}/" in page


def test_the_list_is_narrowed_by_reason(at: datetime, client: Client) -> None:
    one, other = people.inquiries(2, at=at)
    pair_up(one, other, at)

    assert "Ada" in client.get("/leads/duplicates/?reason=phone").content.decode()
    page = client.get("/leads/duplicates/?reason=company").content.decode()
    assert "No pair for this reason" in page


def test_as_many_queries_for_25_pairs_as_for_one(at: datetime, client: Client) -> None:
    rows = people.inquiries(26, at=at)
    counts = []
    for other in (rows[1:2], rows[2:]):
        for lead in other:
            pair_up(rows[0], lead, at)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get("/leads/duplicates/").status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_two_people_are_said_to_be_two_and_it_is_taken_back(at: datetime, client: Client) -> None:
    one, other = people.inquiries(2, at=at)
    pair = pair_up(one, other, at)

    answer = client.post(f"/leads/duplicates/{pair.pk}/dismiss/", headers={"HX-Request": "true"})
    assert "No likely duplicates" in answer.content.decode()
    assert f"/leads/duplicates/{pair.pk}/reopen/" in answer["HX-Trigger"]
    answer = client.post(f"/leads/duplicates/{pair.pk}/reopen/", headers={"HX-Request": "true"})

    assert answer["HX-Redirect"] == "/leads/duplicates/"
    pair.refresh_from_db()
    assert (pair.state, pair.decided_by) == ("open", None)


def test_the_search_shows_how_far_it_is(at: datetime, client: Client) -> None:
    people.inquiries(2, at=at)
    client.post("/leads/duplicates/search/")

    page = client.get("/leads/duplicates/").content.decode()
    assert "0 of 2" in page
    leads.find_duplicates(at=at)
    state = client.get("/leads/duplicates/search/state/").content.decode()
    assert "Last look through everybody: 0 pairs" in state
    assert DuplicateSearch.objects.count() == 1


def test_two_records_are_compared_and_merged(at: datetime, client: Client) -> None:
    one = people.inquiry(at=at, last_name="King", phone="+49301234567")
    other = people.inquiry(at=at, last_name="Lovelace", job_title="Analyst")

    page = client.get(f"/leads/{one.pk}/merge/{other.pk}/").content.decode()
    assert 'name="fact_last_name"' in page
    assert 'name="fact_first_name"' not in page  # the same in both
    said = {"fact_last_name": "gone", "fact_email": "kept"}
    answer = client.post(f"/leads/{one.pk}/merge/{other.pk}/", said, follow=True)

    lead = Lead.objects.get(pk=one.pk)
    assert (lead.last_name, lead.job_title, lead.email) == ("Lovelace", "Analyst", one.email)
    page = answer.content.decode()
    assert "are one record now" in page
    assert f"/leads/merges/{Merge.objects.get().pk}/undo/" in page
    assert "Another record of them was merged into this one" in page


def test_a_refusal_stands_on_the_page(at: datetime, client: Client) -> None:
    one, other = people.offered(at=at, count=2)

    address = f"/leads/{one.pk}/merge/{other.pk}/"
    assert "Both wait for an answer" in client.get(address).content.decode()
    answer = client.post(address)

    assert answer.status_code == 409
    assert "They were not merged" in answer.content.decode()


def test_old_addresses_lead_to_the_kept_record(
    at: datetime, client: Client, api: Any, marketer: User
) -> None:
    one, other = people.inquiries(2, at=at)
    done = leads.merge_leads(kept_id=one.pk, gone_id=other.pk, by=marketer, at=at)

    assert client.get(f"/leads/{other.pk}/").url == f"/leads/{one.pk}/"
    caller = api(marketer)
    assert caller.get(f"/api/v1/leads/{other.pk}/").json()["id"] == one.pk
    moved = caller.post(f"/api/v1/leads/{other.pk}/offer/", content_type="application/json")
    assert (moved.status_code, moved.json()["id"]) == (200, one.pk)
    said = [{"lead": other.pk, "kind": "page_view"}]
    row = caller.post("/api/v1/activities/", said, content_type="application/json").json()["rows"][
        0
    ]
    assert (row["status"], row["lead"]) == ("recorded", one.pk)

    leads.undo_merge(merge_id=done.pk, by=marketer, at=at)
    assert client.get(f"/leads/{other.pk}/").status_code == 200


def test_an_old_address_of_a_record_out_of_sight_is_not_there(
    at: datetime, rep: User, sign_in: Any, abroad: Lead, manager: User
) -> None:
    gone = people.inquiry(at=at)
    leads.merge_leads(kept_id=abroad.pk, gone_id=gone.pk, by=manager, at=at)

    assert sign_in(rep).get(f"/leads/{gone.pk}/").status_code == 404


def test_the_record_page_shows_likely_duplicates_and_merges(
    at: datetime, client: Client, marketer: User, rep: User, sign_in: Any
) -> None:
    one, other, third = people.inquiries(3, at=at, last_name="King")
    pair_up(one, other, at)
    leads.merge_leads(kept_id=one.pk, gone_id=third.pk, by=marketer, at=at)

    page = client.get(f"/leads/{one.pk}/").content.decode()
    assert "80 % alike: same phone number" in page
    assert "Undo the merge of Ada King" in page
    page = sign_in(rep).get(f"/leads/{one.pk}/").content.decode()
    assert "alike" not in page
    assert "Undo the merge" not in page


def test_the_other_record_is_looked_for(at: datetime, client: Client) -> None:
    one = people.inquiry(at=at)
    other = people.inquiry(at=at, first_name="Zoe")

    page = client.get(f"/leads/{one.pk}/merge/?q=zoe").content.decode()

    assert f"/leads/{one.pk}/merge/{other.pk}/" in page


def test_merges_are_listed_and_undone(at: datetime, client: Client, marketer: User) -> None:
    one, other = people.inquiries(2, at=at, last_name="King")
    done = leads.merge_leads(kept_id=one.pk, gone_id=other.pk, by=marketer, at=at)

    assert "Ada King" in client.get("/leads/merges/").content.decode()
    answer = client.post(f"/leads/merges/{done.pk}/undo/")

    assert answer.url == f"/leads/{other.pk}/"
    assert "undone by" in client.get("/leads/merges/").content.decode()


def test_the_api_lists_merges_and_undoes(at: datetime, marketer: User, rep: User, api: Any) -> None:
    one, other = people.inquiries(2, at=at, last_name="King")
    pair_up(one, other, at)
    caller = api(marketer)

    (pair,) = caller.get("/api/v1/duplicates/").json()["results"]
    assert (pair["leads"], pair["likeness"], pair["reasons"]) == (
        [one.pk, other.pk], 80, ["same phone number"]
    )  # fmt: skip
    said = {"gone": other.pk, "facts": {"email": "gone"}}
    answer = caller.post(
        f"/api/v1/leads/{one.pk}/merge/", said, content_type="application/json"
    ).json()
    assert (answer["lead"]["id"], answer["lead"]["email"]) == (one.pk, other.email)
    undone = caller.post(f"/api/v1/merges/{answer['merge']}/undo/").json()
    assert (undone["kept"], undone["gone"]) == (one.pk, other.pk)
    assert api(rep).get("/api/v1/duplicates/").status_code == 403


def test_a_link_to_unsubscribe_works_after_a_merge(at: datetime, manager: User) -> None:
    one, other = people.inquiries(2, at=at)
    asset = Asset.objects.create(key="x", title="X", kind="template")
    tokens = []
    for lead in (one, other):
        leads.record_consent(lead_ids=[lead.pk], purpose="marketing", source="form", at=at)
        message = Message.objects.create(
            lead=lead, to_address=lead.email, asset=asset, asset_version=1, state="sent",
            queued_at=at, next_attempt_at=at, message_id=f"<{lead.pk}@x>",
        )  # fmt: skip
        tokens.append(signing.Signer(salt=SALT).sign_object([lead.pk, message.pk]))
    leads.merge_leads(kept_id=one.pk, gone_id=other.pk, by=manager, at=at)

    found = nurture.read_token(tokens[1])
    assert found is not None
    assert nurture.unsubscribe(message=found, at=at + DAY)

    assert Activity.objects.get(kind="unsubscribe").lead_id == one.pk
