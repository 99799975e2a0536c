"""The API: the same rules as the pages, errors that name the field, batches that go on."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.test import Client
from django.utils import timezone

from content.models import Asset, Product
from leadflow.core.models import ApiToken, User
from leadflow.operations.invariants import find_broken
from leads import services as leads
from leads.models import Activity, Campaign, Lead, Opportunity, StageChange
from tests.factories import people

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def client(manager: User, api: Callable[[User], Client]) -> Client:
    return api(manager)


def _post(client: Client, address: str, said: Any) -> Any:
    return client.post(f"/api/v1/{address}", said, content_type=JSON)


def test_the_list_is_paged_and_filtered(client: Client, at: datetime) -> None:
    people.inquiries(60, at=at)
    people.offered(at=at, first_name="Grace")

    first = client.get("/api/v1/leads/").json()
    second = client.get(first["next"]).json()

    assert (len(first["results"]), len(second["results"])) == (50, 11)
    assert [x["first_name"] for x in client.get("/api/v1/leads/?stage=mql").json()["results"]] == [
        "Grace"
    ]


def test_a_lead_is_created_once_and_updated_after(
    client: Client, product: Product, campaign: Campaign
) -> None:
    said = {
        "email": "ADA@example.com", "first_name": "Ada", "company": "Acme", "country": "de",
        "phone": "030 1234567", "products": ["flow"], "campaign": "expo", "source": "crm",
        "attributes": {"budget": 5},
    }  # fmt: skip

    created = _post(client, "leads/", said)
    updated = _post(client, "leads/", {"email": "ada@example.com", "last_name": "Lovelace"})

    assert (created.status_code, updated.status_code) == (201, 200)
    body = updated.json()
    assert body["id"] == created.json()["id"]
    assert (body["stage"], body["company"], body["campaign"]) == ("inquiry", "Acme", "expo")
    assert (body["phone"], body["products"]) == ("+49301234567", ["flow"])
    assert (body["first_name"], body["last_name"]) == ("Ada", "Lovelace")
    assert body["attributes"] == {"budget": 5}


def test_a_batch_says_what_became_of_each_row(client: Client, at: datetime) -> None:
    people.inquiry(at=at, email="known@example.com", first_name="Known")
    people.inquiry(at=at, external_id="x-1")

    answer = _post(client, "leads/", [
        {"email": "new@example.com"},
        {"email": "known@example.com", "first_name": "Known"},
        {"external_id": "x-1", "first_name": "Ext"},
        {"email": "nonsense"},
        {"email": "new@example.com", "first_name": "Again"},
        {"email": "known@example.com", "external_id": "x-1"},
        7,
    ]).json()  # fmt: skip

    states = [row["status"] for row in answer["rows"]]
    assert states == [
        "created",
        "unchanged",
        "updated",
        "rejected",
        "created",
        "rejected",
        "rejected",
    ]
    assert answer["counts"] == {"created": 2, "unchanged": 1, "updated": 1, "rejected": 3}
    assert answer["rows"][3]["field"] == "email"
    assert answer["rows"][0]["lead"] == answer["rows"][4]["lead"]
    assert Lead.objects.get(email="new@example.com").first_name == "Again"


@pytest.mark.parametrize(
    ("rows", "states", "field"),
    [
        (
            [{"email": "a@example.com", "external_id": "x-9"}, {"external_id": "x-9"}],
            ["updated", "rejected"],
            "external_id",
        ),
        (
            [
                {"email": "a@example.com", "external_id": "x-9"},
                {"email": "b@example.com", "external_id": "x-9"},
            ],
            ["updated", "rejected"],
            "external_id",
        ),
        (
            [
                {"external_id": "x-1", "email": "new@example.com"},
                {"email": "new@example.com", "first_name": "Eve"},
            ],
            ["updated", "rejected"],
            "email",
        ),
    ],
    ids=["a new row", "two known leads", "an address"],
)
def test_a_key_given_to_a_known_lead_is_taken_for_the_rest_of_the_batch(
    client: Client, at: datetime, rows: list[Any], states: list[str], field: str
) -> None:
    people.inquiry(at=at, email="a@example.com")
    people.inquiry(at=at, email="b@example.com")
    people.inquiry(at=at, external_id="x-1")
    rest = [{"email": "a@example.com", "last_name": "Byron"}, {"email": "rest@example.com"}]

    answer = _post(client, "leads/", rows + rest)

    found = answer.json()["rows"]
    assert [row["status"] for row in found[:2]] == states
    assert (found[1]["lead"], found[1]["field"]) == (None, field)
    assert [row["status"] for row in found[2:]] == ["updated", "created"]
    assert Lead.objects.get(email="a@example.com").last_name == "Byron"


def test_a_company_is_given_to_a_known_lead_whatever_its_case(client: Client, at: datetime) -> None:
    lead = people.inquiry(at=at, external_id="x-1")
    _post(client, "leads/", {"email": "first@example.com", "company": "ACME"})

    for name in ("ACME", "Acme"):
        Lead.objects.filter(pk=lead.pk).update(company=None)
        _post(client, "leads/", {"external_id": "x-1", "company": name})
        company = Lead.objects.get(pk=lead.pk).company
        assert company is not None
        assert company.name == "ACME"


def test_a_batch_takes_as_many_queries_for_200_as_for_10(
    client: Client, django_assert_max_num_queries: Any, product: Product
) -> None:
    rows = [{"email": f"p{n}@example.com", "products": ["flow"]} for n in range(200)]

    with django_assert_max_num_queries(35):
        assert _post(client, "leads/", rows).json()["counts"] == {"created": 200}
    with django_assert_max_num_queries(35):
        again = [row | {"first_name": "Ada"} for row in rows]
        assert _post(client, "leads/", again).json()["counts"] == {"updated": 200}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"email": "nonsense"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"persona": "emperor"}, "persona"),
        ({"products": ["nothing"]}, "products"),
        ({"campaign": "nothing"}, "campaign"),
        ({"territory": "nothing"}, "territory"),
        ({"first_name": "x" * 200}, "first_name"),
        ({"first_name": "a\x00"}, "first_name"),
        ({"attributes": {"a": "\x00"}}, "attributes"),
        ({"country": "Germany"}, "country"),
    ],
)
def test_an_error_names_its_field(said: Any, field: str, client: Client) -> None:
    answer = _post(client, "leads/", said)

    assert answer.status_code == 400
    assert field in answer.json()
    assert not Lead.objects.exists()


def test_facts_are_patched_and_a_taken_address_is_a_conflict(client: Client, at: datetime) -> None:
    people.inquiry(at=at, email="taken@example.com")
    lead = people.inquiry(at=at)
    address = f"/api/v1/leads/{lead.pk}/"

    done = client.patch(address, {"first_name": "Grace"}, content_type=JSON)
    taken = client.patch(address, {"email": "taken@example.com"}, content_type=JSON)
    stage = client.patch(address, {"stage": "customer"}, content_type=JSON)

    assert done.json()["first_name"] == "Grace"
    assert (taken.status_code, taken.json()["field"]) == (409, "email")
    assert stage.json()["stage"] == "inquiry"


def test_the_verbs_take_a_lead_to_a_customer(at: datetime, rep: User, api: Any) -> None:
    lead = people.offered(at=at)[0]
    client = api(rep)
    steps = [("accept", {}), ("advance", {}), ("advance", {"amount": "48000"}), ("win", {})]

    stages = [
        _post(client, f"leads/{lead.pk}/{verb}/", said).json()["stage"] for verb, said in steps
    ]

    assert stages == ["sal", "sql", "opportunity", "customer"]
    assert Opportunity.objects.get(lead=lead).state == "won"
    history = client.get(f"/api/v1/leads/{lead.pk}/history/").json()["results"]
    assert [row["to_stage"] for row in history][:2] == ["customer", "opportunity"]
    assert history[0]["by"] == rep.email


def test_a_verb_that_no_longer_fits_is_a_conflict_in_words(client: Client, at: datetime) -> None:
    lead = people.inquiry(at=at)

    answer = _post(client, f"leads/{lead.pk}/accept/", {})

    assert answer.status_code == 409
    assert answer.json()["detail"] == "You cannot accept a lead that is in “Inquiry”."


@pytest.mark.parametrize(
    ("verb", "said", "field"),
    [
        ("reject", {}, "reason"),
        ("reject", {"reason": "nonsense"}, "reason"),
        ("reject", {"reason": "other"}, "note"),
        ("advance", {"amount": "-1"}, "amount"),
        ("advance", {"amount": "1e40"}, "amount"),
        ("win", {"currency": "euros"}, "currency"),
    ],
)
def test_what_a_verb_lacks_is_named(
    verb: str, said: Any, field: str, client: Client, at: datetime
) -> None:
    lead = people.offered(at=at)[0]

    answer = _post(client, f"leads/{lead.pk}/{verb}/", said)

    assert answer.status_code == 400
    assert (
        field in (answer.json(), answer.json().get("field"))[0] or answer.json()["field"] == field
    )
    assert Lead.objects.get(pk=lead.pk).stage == "mql"


def test_the_role_decides_which_verbs_may_be_used(at: datetime, marketer: User, api: Any) -> None:
    lead = people.offered(at=at)[0]

    assert _post(api(marketer), f"leads/{lead.pk}/accept/", {}).status_code == 403
    assert _post(api(marketer), f"leads/{lead.pk}/expire/", {}).status_code == 403


@pytest.mark.parametrize(
    ("address", "said", "status", "words"),
    [
        ("leads/{lead}/fly/", {}, 404, "There is no verb “fly”: use offer, accept"),
        ("leads/{lead}/offer/", {"handoff": "moon"}, 400, "There is no hand-off “moon”."),
        ("leads/{lead}/accept/", {"handoff": "moon"}, 400, "There is no hand-off “moon”."),
        ("leads/{lead}/reject/", {}, 400, "Choose a reason to reject the lead."),
        ("leads/{lead}/take-back/", {"change": 2**62}, 400, "This lead has no change"),
        ("leads/{lead}/take-back/", {}, 400, "This field is required."),
    ],
)
def test_what_does_not_exist_is_named_and_nothing_changes(
    address: str, said: Any, status: int, words: str, client: Client, at: datetime
) -> None:
    lead = people.offered(at=at)[0]

    answer = _post(client, address.format(lead=lead.pk), said)

    assert answer.status_code == status
    assert words in str(answer.json())
    assert Lead.objects.get(pk=lead.pk).last_change == lead.last_change


def test_the_list_names_a_stage_that_does_not_exist(client: Client) -> None:
    answer = client.get("/api/v1/leads/?stage=moon")

    assert (answer.status_code, answer.json()["field"]) == (400, "stage")
    assert answer.json()["detail"] == "There is no stage “moon”."


def test_a_change_is_taken_back_once(at: datetime, rep: User, api: Any) -> None:
    lead = people.offered(at=at)[0]
    client = api(rep)
    _post(client, f"leads/{lead.pk}/accept/", {})
    address = f"/api/v1/leads/{lead.pk}/history/"
    undone = client.get(address).json()["results"][0]["id"]

    for _ in range(2):
        answer = _post(client, f"leads/{lead.pk}/take-back/", {"change": undone})
        assert (answer.status_code, answer.json()["stage"]) == (200, "mql")

    newest, accepted, *_ = client.get(address).json()["results"]
    assert (newest["verb"], newest["corrects"], accepted["id"]) == ("correct", undone, undone)
    assert (newest["cycle"], newest["pipeline_version"]) == (1, 1)


def test_a_change_of_somebody_else_is_not_taken_back(at: datetime, rep: User, api: Any) -> None:
    lead = people.offered(at=at)[0]

    answer = _post(api(rep), f"leads/{lead.pk}/take-back/", {"change": lead.last_change})

    assert answer.status_code == 403
    assert "LeadFlow made this change" in answer.json()["detail"]


def test_whoever_moved_on_is_named(
    at: datetime, rep: User, manager: User, client: Client, api: Any
) -> None:
    lead = people.offered(at=at)[0]
    accepted = leads.accept(lead_ids=[lead.pk], by=rep, at=at).changes[0].id
    leads.advance(lead_ids=[lead.pk], by=rep, at=at)

    answer = _post(client, f"leads/{lead.pk}/take-back/", {"change": accepted})

    assert answer.status_code == 409
    assert f"{rep} has moved Ada to “Sales qualified” since" in answer.json()["detail"]


def _ask(address: str, key: str, said: Any) -> tuple[int, Any]:
    """One request over the wire: its status and what it answered."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": JSON}
    request = Request(address, data=json.dumps(said).encode(), headers=headers)
    try:
        with urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.django_db(transaction=True)
def test_of_twenty_conflicting_requests_one_wins(
    at: datetime, manager: User, live_server: Any
) -> None:
    lead = people.offered(at=at)[0]
    key = ApiToken.objects.issue(user=manager, name="test")
    address = f"{live_server.url}/api/v1/leads/{lead.pk}"
    asked = [("accept", {}), ("reject", {"reason": "no_need"}), ("recycle", {}),
             ("disqualify", {"reason": "student"})] * 5  # fmt: skip

    with ThreadPoolExecutor(max_workers=20) as threads:
        answers = list(threads.map(lambda ask: _ask(f"{address}/{ask[0]}/", key, ask[1]), asked))

    changes = StageChange.objects.filter(lead=lead).order_by("pk")
    assert find_broken() == []
    assert {status for status, _ in answers} == {200, 409}
    assert [status for status, _ in answers].count(200) == changes.count() - 2
    assert all("You cannot" in body["detail"] for status, body in answers if status == 409)


def test_activities_are_recorded_in_bulk_and_bad_rows_named(
    client: Client, at: datetime, white_paper: Asset
) -> None:
    lead = people.inquiry(at=at, email="ada@example.com", external_id="x-1")
    when = at.isoformat()

    answer = _post(client, "activities/", [
        {"lead": lead.pk, "kind": "page_view", "occurred_at": when, "asset": "leaks"},
        {"email": "ADA@example.com", "kind": "event", "title": "Expo", "source_id": 7},
        {"external_id": "x-1", "kind": "event", "source_id": 7},
        {"lead": lead.pk, "kind": "flight"},
        {"lead": 10**30, "kind": "event"},
        {"lead": lead.pk + 999, "kind": "event"},
        {"lead": lead.pk, "kind": "event", "occurred_at": "soon"},
        {"lead": lead.pk, "kind": "event", "asset": "nothing"},
        {"lead": lead.pk, "kind": "event", "properties": {"a": "\x00"}},
        {"kind": "event"},
        "nonsense",
        {"lead": lead.pk, "kind": []},
        {"lead": [], "kind": "event"},
        {"email": {}, "kind": "event"},
        {"lead": lead.pk, "kind": "event", "occurred_at": []},
    ]).json()  # fmt: skip

    states = [row["status"] for row in answer["rows"]]
    assert states == ["recorded", "recorded", "known"] + ["rejected"] * 12
    faults = [row.get("field") for row in answer["rows"][3:]]
    assert faults == [
        "kind", "lead", "lead", "occurred_at", "asset", "properties", "lead", "",
        "kind", "lead", "email", "occurred_at",
    ]  # fmt: skip
    assert Activity.objects.filter(lead=lead).count() == 2
    assert Activity.objects.get(kind="page_view").asset == white_paper
    again = _post(client, "activities/", [{"lead": lead.pk, "kind": "event", "source_id": 7}])
    assert again.json()["counts"] == {"known": 1}


def test_an_activity_from_the_future_is_refused(client: Client, at: datetime) -> None:
    lead = people.inquiry(at=at)
    soon, later = (timezone.now() + timedelta(minutes=n) for n in (2, 10))
    rows = [
        {"lead": lead.pk, "kind": "event", "occurred_at": when}
        for when in (soon.isoformat(), later.isoformat(), "9999-12-31T23:59:59-12:00")
    ]

    answer = _post(client, "activities/", rows).json()

    assert [row.get("field") for row in answer["rows"]] == [None, "occurred_at", "occurred_at"]


def test_a_batch_of_activities_takes_the_same_number_of_queries(
    client: Client, at: datetime, django_assert_max_num_queries: Any
) -> None:
    rows = people.inquiries(50, at=at)
    said = [{"lead": row.pk, "kind": "event", "source_id": n} for n, row in enumerate(rows * 20)]

    with django_assert_max_num_queries(16):
        answer = _post(client, "activities/", said)
    assert answer.json()["counts"] == {"recorded": 1_000}


def test_another_territory_is_out_of_reach(rep: User, api: Any, abroad: Lead) -> None:
    client = api(rep)
    row = {"lead": abroad.pk, "kind": "event"}

    assert _post(client, "activities/", [row]).json()["rows"][0]["field"] == "lead"
    assert _post(client, "leads/", {"email": abroad.email}).status_code == 409
    assert client.get("/api/v1/leads/").json()["results"] == []
    leads.offer(lead_ids=[abroad.pk], at=abroad.created_at + timedelta(days=1)).or_raise()
    assert client.get("/api/v1/offers/").json()["results"] == []


def test_offers_are_listed_with_their_outcome(client: Client, at: datetime, rep: User) -> None:
    a, _ = people.offered(at=at, count=2)
    leads.accept(lead_ids=[a.pk], at=at, by=rep)

    accepted = client.get("/api/v1/offers/?outcome=accepted&handoff=mql_sal").json()["results"]

    assert [row["lead"] for row in accepted] == [a.pk]


def test_a_revoked_key_opens_nothing(manager: User, api: Any) -> None:
    client = api(manager)
    manager.api_tokens.update(revoked_at=manager.joined_at)

    assert client.get("/api/v1/leads/").status_code == 401


def test_the_api_describes_itself(client: Client) -> None:
    said = client.get("/api/v1/schema/?format=json").json()

    assert "/api/v1/leads/{lead_id}/{verb}/" in said["paths"]


@pytest.mark.django_db
@pytest.mark.parametrize("body", ["{}", '{"first_name": "Ada"}'])
def test_a_person_without_any_key_is_not_created(client: Client, manager: User, body: str) -> None:
    client.force_login(manager)

    answer = client.post("/api/v1/leads/", body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["field"] == "email"
    assert not Lead.objects.exists()


@pytest.mark.django_db
def test_json_nested_beyond_reason_is_a_bad_request(client: Client, manager: User) -> None:
    client.force_login(manager)

    answer = client.post("/api/v1/leads/", "[" * 50_000, content_type="application/json")

    assert answer.status_code == 400


@pytest.mark.parametrize("cursor", ["cD0=", "cD1hYmM=", "cD0A", "bz0xJnA9MQ==", "x"])
def test_a_cursor_made_by_hand_is_not_found(
    api: Any, marketer: User, at: datetime, cursor: str
) -> None:
    answer = api(marketer).get("/api/v1/leads/", {"cursor": cursor})

    assert answer.status_code in {200, 404}
    assert answer["Content-Type"] == "application/json"
