"""Segments in pages and through the API; tags by hand and for many."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leadflow.core.errors import Conflict, Invalid, NotAllowed
from leadflow.core.models import User
from leads import queries
from leads import services as leads
from leads.models import Lead, Segment, SegmentMember, Tag
from tests.factories import people

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
EVERYBODY = {"field": "score", "op": "gte", "value": 0}


def make(by: User, name: str = "Everybody", condition: Any = EVERYBODY) -> Segment:
    segment = leads.create_segment(name=name, condition=condition, by=by, at=AT)
    leads.fill_segments(at=AT)
    segment.refresh_from_db()
    return segment


def test_a_segment_is_filled_in_batches_and_then_ready(marketer: User) -> None:
    people.inquiries(5, at=AT)
    segment = leads.create_segment(name="All", condition=EVERYBODY, by=marketer, at=AT)
    assert (segment.state, segment.size) == ("building", 0)

    assert leads.fill_segments(at=AT) == 5
    assert leads.fill_segments(at=AT) == 0

    segment.refresh_from_db()
    assert (segment.state, segment.size) == ("ready", 5)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "everybody"}, "name"),
        ({"condition": {"field": "gone", "op": "eq", "value": 1}}, "gone"),
    ],
)
def test_what_does_not_fit_is_named(said: dict[str, Any], field: str, marketer: User) -> None:
    make(marketer)

    with pytest.raises(Invalid) as caught:
        leads.create_segment(**{"name": "New", "condition": EVERYBODY} | said, by=marketer, at=AT)

    assert caught.value.field == field


def test_a_segment_never_depends_on_itself(marketer: User) -> None:
    one = make(marketer, "One")
    two = make(marketer, "Two", {"field": "segment", "op": "has", "value": one.key})
    circle = {"not": {"field": "segment", "op": "in", "value": [two.key]}}

    for condition, words in (
        ({"field": "segment", "op": "has", "value": one.key}, "depend on itself"),
        (circle, "depend on itself through “Two”"),
    ):
        with pytest.raises(Invalid, match=words):
            leads.change_segment(key=one.key, condition=condition, by=marketer, at=AT)


def test_a_changed_condition_lets_members_go_one_by_one(marketer: User) -> None:
    people.inquiries(3, at=AT)
    buyer = people.inquiry(at=AT, job_title="Buyer")
    segment = make(marketer)

    condition = {"field": "job_title", "op": "eq", "value": "Buyer"}
    leads.change_segment(key=segment.key, condition=condition, by=marketer, at=AT)
    assert SegmentMember.objects.count() == 4
    leads.fill_segments(at=AT)

    assert [one.lead_id for one in SegmentMember.objects.all()] == [buyer.pk]


def test_what_is_in_use_is_not_archived(marketer: User) -> None:
    one = make(marketer, "One")
    make(marketer, "Two", {"field": "segment", "op": "has", "value": one.key})

    with pytest.raises(Conflict, match="used by the segment “Two”"):
        leads.archive_segment(key=one.key, by=marketer, at=AT)


def test_an_archived_segment_rests_until_it_is_taken_back(
    marketer: User, settle: Callable[[], int]
) -> None:
    segment = make(marketer)
    leads.archive_segment(key=segment.key, by=marketer, at=AT)
    lead = people.inquiry(at=AT)
    settle()
    assert not SegmentMember.objects.exists()

    leads.restore_segment(key=segment.key, by=marketer, at=AT)
    leads.fill_segments(at=AT)

    assert SegmentMember.objects.get().lead_id == lead.pk


def test_keys_are_never_given_twice(marketer: User) -> None:
    first = make(marketer, "Call list")
    leads.archive_segment(key=first.key, by=marketer, at=AT)

    names = ("Call list", "Call-list", "new", "東京")
    assert [make(marketer, name).key for name in names] == [
        "call-list-2",
        "call-list-3",
        "new-2",
        "segment",
    ]


def test_growth_counts_by_day_and_tells_the_size_backwards(
    marketer: User, settle: Callable[[], int]
) -> None:
    people.inquiries(2, at=AT)
    segment = make(marketer, condition={"field": "tag", "op": "unknown"})
    settle()
    for day in (1, 2):
        at = AT + timedelta(days=day)
        people.inquiry(at=at)
        leads.tag_leads(
            lead_ids=[Lead.objects.earliest("pk").pk + day], names=["x"], by=marketer, at=at
        )
        settle()
    segment.refresh_from_db()

    days = queries.growth(segment, at=AT + timedelta(days=2))

    assert [(one.entered, one.left, one.size) for one in days[-3:]] == [
        (0, 0, 2),
        (1, 1, 2),
        (1, 1, 2),
    ]
    assert len(days) == 30


def test_a_reader_sees_and_counts_only_their_leads(
    marketer: User, rep: User, abroad: Lead, sign_in: Callable[[User], Client], api: Any
) -> None:
    mine = people.inquiry(at=AT)
    segment = make(marketer)

    row = queries.list_segments(user=rep)[0]
    page = sign_in(rep).get(f"/leads/segments/{segment.key}/").content.decode()
    answer = api(rep).get(f"/api/v1/segments/{segment.key}/members/").json()

    assert (row.size_label, queries.list_segments(user=marketer)[0].size_label) == ("1", "2")
    assert "Leads that you may see" in page
    assert "Edit" not in page
    assert [one["id"] for one in answer["results"]] == [mine.pk]
    assert api(rep).get(f"/api/v1/segments/{segment.key}/").json()["size"] == 1


def test_the_list_asks_as_much_for_many_segments_as_for_one(
    rep: User, marketer: User, sign_in: Callable[[User], Client]
) -> None:
    client, counts = sign_in(rep), []
    for part in (range(1), range(1, 30)):
        for number in part:
            make(marketer, f"Number {number}")
        with CaptureQueriesContext(
            connection,
        ) as caught:
            client.get("/leads/segments/")
        counts.append(len(caught))

    assert counts[0] == counts[1]


def test_others_read_and_change_nothing(rep: User, api: Any, marketer: User) -> None:
    segment = make(marketer)
    client = api(rep)
    body = json.dumps({"name": "Mine", "condition": EVERYBODY})

    answers = [
        client.post("/api/v1/segments/", body, content_type="application/json"),
        client.patch(f"/api/v1/segments/{segment.key}/", body, content_type="application/json"),
    ]

    assert [one.status_code for one in answers] == [403, 403]
    assert "may not manage segments" in answers[0].json()["detail"]
    with pytest.raises(NotAllowed):
        leads.archive_segment(key=segment.key, by=rep, at=AT)


def test_programs_make_read_and_change_segments(marketer: User, api: Any) -> None:
    people.inquiry(at=AT)
    client = api(marketer)
    send: dict[str, Any] = {"content_type": "application/json"}

    made = client.post("/api/v1/segments/", {"name": "All", "condition": EVERYBODY}, **send)
    leads.fill_segments(at=timezone.now())
    changed = client.patch("/api/v1/segments/all/", {"name": "Everybody"}, **send)
    listed = client.get("/api/v1/segments/").json()["results"]

    assert made.status_code == 201
    assert made.json()["sentence"] == "score is at least 0"
    assert (changed.json()["name"], changed.json()["size"], changed.json()["is_ready"]) == (
        "Everybody",
        1,
        True,
    )
    assert [one["key"] for one in listed] == ["all"]


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        ({"name": "A", "condition": {"any": [{"field": "x", "op": "eq"}]}}, 400, {"path": "any.0"}),
        ({"name": "A", "condition": []}, 400, {}),
        ({"name": "A", "condition": "x"}, 400, {}),
        ({"name": "A"}, 400, {}),
        ({"name": "A", "condition": EVERYBODY, "size": 3}, 400, {"field": "size"}),
        ({"name": "A\x00", "condition": EVERYBODY}, 400, {}),
        ([], 400, {}),
    ],
)
def test_a_program_reads_what_does_not_fit(
    body: Any, status: int, answer: dict[str, Any], marketer: User, api: Any
) -> None:
    found = api(marketer).post(
        "/api/v1/segments/", json.dumps(body), content_type="application/json"
    )

    assert found.status_code == status
    assert answer.items() <= (found.json() if answer else {}).items()
    assert not Segment.objects.exists()


def test_pages_lead_from_nothing_to_a_segment_and_back(
    marketer: User, sign_in: Callable[[User], Client]
) -> None:
    client = sign_in(marketer)
    assert "Make the first one" in client.get("/leads/segments/").content.decode()
    said = {
        "name": "Warm",
        "c.match": "all",
        "c.0.field": "score",
        "c.0.op": "gte",
        "c.0.value": "5",
    }

    made = client.post("/leads/segments/new/", said, follow=True)
    assert made.redirect_chain == [("/leads/segments/warm/", 302)]
    assert "Score is at least 5." in made.content.decode()
    client.post("/leads/segments/warm/edit/", said | {"name": "Hot", "c.0.value": "50"})
    assert Segment.objects.get().condition == {
        "all": [{"field": "score", "op": "gte", "value": 50}]
    }
    again = client.post("/leads/segments/warm/archive/", follow=True).content.decode()
    assert "Take back into use" in again
    client.post("/leads/segments/warm/restore/")
    assert Segment.objects.get().archived_at is None


def test_the_page_of_a_broken_segment_says_so(
    marketer: User, sign_in: Callable[[User], Client]
) -> None:
    segment = make(marketer)
    Segment.objects.update(condition={"field": "gone", "op": "eq", "value": 1})
    client = sign_in(marketer)

    for address in (
        "/leads/segments/",
        f"/leads/segments/{segment.key}/",
        f"/leads/segments/{segment.key}/edit/",
    ):
        assert client.get(address).status_code == 200
    assert (
        "cannot be followed any more"
        in client.get(f"/leads/segments/{segment.key}/").content.decode()
    )


# ---- tags


def test_one_tag_for_all_ways_of_writing_it(marketer: User) -> None:
    ada, bob = people.inquiries(2, at=AT)

    assert leads.tag_leads(lead_ids=[ada.pk], names=["Hot  lead"], by=marketer, at=AT) == 1
    assert leads.tag_leads(lead_ids=[ada.pk, bob.pk], names=["hot lead"], by=marketer, at=AT) == 1

    assert [tag.name for tag in Tag.objects.all()] == ["Hot lead"]
    assert leads.untag_leads(lead_ids=[ada.pk, bob.pk], keys=["hot-lead"], by=marketer, at=AT) == 2


@pytest.mark.parametrize("name", ["", " ", "!!", "x" * 61])
def test_a_tag_is_a_word(name: str, marketer: User) -> None:
    with pytest.raises(Invalid) as caught:
        leads.tag_leads(lead_ids=[], names=[name], by=marketer, at=AT)

    assert caught.value.field == "tag"


def test_nobody_tags_whom_they_do_not_see(rep: User, abroad: Lead) -> None:
    assert leads.tag_leads(lead_ids=[abroad.pk], names=["Hot"], by=rep, at=AT) == 0
    assert not abroad.tags.exists()


def test_many_are_tagged_from_the_list(marketer: User, sign_in: Callable[[User], Client]) -> None:
    rows = people.inquiries(3, at=AT)
    client = sign_in(marketer)
    chosen = {"lead": ",".join(str(row.pk) for row in rows), "token": str(uuid4())}

    asked = client.get("/leads/bulk/new/", chosen | {"verb": "tag"}).content.decode()
    client.post("/leads/bulk/new/", chosen | {"verb": "tag", "tag": "Fair 2026"})
    tagged = Lead.objects.filter(tags__key="fair-2026").count()
    client.post(
        "/leads/bulk/new/",
        chosen | {"verb": "untag", "tag": "fair-2026", "token": str(uuid4())},
    )

    assert "A word to find them by again" in asked
    assert tagged == 3
    assert not Lead.objects.filter(tags__key="fair-2026").exists()
