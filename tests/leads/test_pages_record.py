"""The record page: facts, story, notes, edits."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from content.models import Asset, Product
from leadflow.core.models import User
from leadflow.core.parts import LeadAction, lead_actions
from leads import queries
from leads import services as leads
from leads.models import Activity, Lead, SegmentMember
from tests.factories import people

pytestmark = pytest.mark.django_db
HTMX = {"hx-request": "true"}


@pytest.fixture
def client(marketer: User, sign_in: Any) -> Client:
    return sign_in(marketer)


def _visits(lead: Lead, count: int, *, at: datetime, asset: Asset | None = None) -> None:
    leads.record_activities(
        activities=[
            Activity(
                lead=lead,
                kind="page_view",
                occurred_at=at + timedelta(hours=n // 3),
                title=f"Page {n}",
                asset=asset,
            )
            for n in range(count)
        ],
        at=at,
    )


def _facts(**values: Any) -> dict[str, Any]:
    return {"persona": "unknown", "first_name": "Ada", "email": "ada@example.com"} | values


def test_the_story_holds_what_they_did_and_where_it_took_them(at: datetime, client: Client) -> None:
    lead = people.offered(at=at)[0]
    _visits(lead, 2, at=at)

    page = client.get(f"/leads/{lead.pk}/").content.decode()

    assert "Page 0" in page
    assert "Inquiry → Marketing qualified" in page
    assert "Marketing qualified (now)" in page


def test_the_story_is_paged_to_its_end_without_gap_or_repetition(at: datetime) -> None:
    lead = people.offered(at=at)[0]
    _visits(lead, 57, at=at)
    told, before = [], None
    for _ in range(10):
        page = queries.read_timeline(lead=lead, before=before, most=7)
        told += [entry.detail or entry.title for entry in page.entries]
        before = queries.Position.read(str(page.next)) if page.next else None
        if before is None:
            break

    assert len(told) == len(set(told)) == 59


@pytest.mark.parametrize(
    "before",
    [
        "nonsense",
        '["2026-01-01T00:00:00+00:00", Infinity, 1]',
        '["2026-01-01T00:00:00+00:00", 1, NaN]',
        '["9999-12-31T23:59:59-12:00", 1, 1]',
        '["0001-01-01T00:00:00+12:00", 1, 1]',
    ],
)
def test_a_place_in_the_story_that_makes_no_sense_is_its_beginning(
    before: str, at: datetime, client: Client
) -> None:
    lead = people.offered(at=at)[0]

    answer = client.get(f"/leads/{lead.pk}/", {"before": before}, headers=HTMX)

    assert answer.status_code == 200
    assert "Inquiry → Marketing qualified" in answer.content.decode()


@pytest.mark.parametrize(
    ("part", "shown"),
    [("", 3), ("interest", 1), ("notes", 0), ("messages", 0), ("stages", 2), ("nonsense", 1)],
)
def test_the_story_can_be_narrowed(part: str, shown: int, at: datetime) -> None:
    lead = people.offered(at=at)[0]
    _visits(lead, 1, at=at)

    assert len(queries.read_timeline(lead=lead, part=part).entries) == shown


def test_show_more_brings_the_rest_alone(at: datetime, client: Client) -> None:
    lead = people.inquiry(at=at)
    _visits(lead, 80, at=at)
    first = client.get(f"/leads/{lead.pk}/")
    more = {"before": str(first.context["next"])}

    rest = client.get(f"/leads/{lead.pk}/", more, headers=HTMX).content.decode()
    whole = client.get(f"/leads/{lead.pk}/", more).content.decode()

    assert rest.strip().startswith("<li")
    assert "Became Inquiry" in rest
    assert "<html" in whole


@pytest.mark.parametrize("before", ["x", "[]", "[1,2,3]", '["2026-01-01",0,1]', "[" * 5_000])
def test_a_position_that_makes_no_sense_gives_the_newest(
    before: str, at: datetime, client: Client
) -> None:
    lead = people.inquiry(at=at)

    assert client.get(f"/leads/{lead.pk}/", {"before": before}).status_code == 200


def test_as_many_queries_for_200_activities_as_for_10(
    at: datetime, client: Client, white_paper: Asset
) -> None:
    lead = people.inquiry(at=at)
    counts = []
    for more in (10, 190):
        _visits(lead, more, at=at, asset=white_paper)
        with CaptureQueriesContext(connection) as seen:
            client.get(f"/leads/{lead.pk}/")
        counts.append(len(seen))

    assert counts[0] == counts[1]


def test_a_note_is_kept_with_who_wrote_it(at: datetime, client: Client, marketer: User) -> None:
    lead = people.inquiry(at=at)

    answer = client.post(
        f"/leads/{lead.pk}/note/", {"kind": "call", "text": "Likes it.\nCall May."}
    )

    note = Activity.objects.get(lead=lead)
    assert answer.status_code == 302
    assert (note.kind, note.by, note.title) == ("call", marketer, "Likes it.")
    assert note.properties["text"].endswith("Call May.")


def test_a_note_through_htmx_answers_with_the_new_story(at: datetime, client: Client) -> None:
    lead = people.inquiry(at=at)

    page = client.post(
        f"/leads/{lead.pk}/note/", {"kind": "note", "text": "Likes it."}, headers=HTMX
    )

    assert "Likes it." in page.content.decode()
    assert "<html" not in page.content.decode()
    assert "toast" in page["HX-Trigger"]


@pytest.mark.parametrize("said", [{}, {"kind": "win", "text": "x"}, {"kind": "note", "text": " "}])
def test_an_empty_note_is_refused(said: dict[str, str], at: datetime, client: Client) -> None:
    lead = people.inquiry(at=at)

    assert client.post(f"/leads/{lead.pk}/note/", said).status_code == 422
    assert not Activity.objects.exists()


def test_facts_are_corrected_normalised_and_searchable(
    at: datetime, client: Client, product: Product, marketer: User
) -> None:
    lead = people.inquiry(at=at)

    answer = client.post(
        f"/leads/{lead.pk}/edit/",
        _facts(email="ADA@Example.COM", phone="030 1234567", country="de", company="Acme",
               products=["flow"], persona="decision_maker"),
    )  # fmt: skip

    lead = Lead.objects.get(pk=lead.pk)
    assert answer.status_code == 302
    assert (lead.email, lead.phone, lead.country) == ("ada@example.com", "+49301234567", "DE")
    assert (lead.company.name, lead.persona) == ("Acme", "decision_maker")
    assert list(lead.products.all()) == [product]
    assert [one.pk for one in queries.find_leads(user=marketer, q="acme 030 1234567")] == [lead.pk]


def test_a_company_can_be_taken_away(at: datetime, client: Client) -> None:
    lead = people.inquiry(at=at)
    client.post(f"/leads/{lead.pk}/edit/", _facts(company="Acme"))
    client.post(f"/leads/{lead.pk}/edit/", _facts(company=""))

    assert Lead.objects.get(pk=lead.pk).company is None


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "nonsense"}, "email"),
        ({"email": "taken@example.com"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"persona": "emperor"}, "persona"),
        ({"products": ["nothing"]}, "products"),
        ({"first_name": "x" * 200}, "first_name"),
    ],
)
def test_a_bad_fact_is_named_at_its_field(
    values: dict[str, Any], field: str, at: datetime, client: Client
) -> None:
    people.inquiry(at=at, email="taken@example.com")
    lead = people.inquiry(at=at)

    answer = client.post(f"/leads/{lead.pk}/edit/", _facts(**values))

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert Lead.objects.get(pk=lead.pk).email == lead.email


def test_the_admin_pages_cannot_change_a_stage(at: datetime, admin: User, sign_in: Any) -> None:
    lead = people.inquiry(at=at)
    address = f"/admin/leads/lead/{lead.pk}/change/"

    assert sign_in(admin).get(address).status_code == 200
    assert sign_in(admin).post(address, {"stage": "customer"}).status_code == 403
    assert Lead.objects.get(pk=lead.pk).stage == "inquiry"


@pytest.fixture
def extra_action(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app has something to do with leads, for those who may edit them."""
    monkeypatch.setattr(lead_actions, "_parts", {})
    act = LeadAction("Wave", "hand", "leads:edit", "leads.manage_forms")
    lead_actions.add("wave", act)


@pytest.mark.usefixtures("extra_action")
def test_the_acts_of_other_apps_are_offered_to_whom_they_are_for(
    at: datetime, client: Client, rep: User, sign_in: Any
) -> None:
    lead = people.inquiry(at=at)

    assert "Wave…" in client.get(f"/leads/{lead.pk}/").content.decode()
    assert "Wave" not in sign_in(rep).get(f"/leads/{lead.pk}/").content.decode()


@pytest.mark.usefixtures("extra_action")
def test_nothing_can_be_done_with_somebody_erased(at: datetime, client: Client) -> None:
    lead = people.inquiry(at=at)
    Lead.objects.filter(pk=lead.pk).update(erased_at=at)

    page = client.get(f"/leads/{lead.pk}/").content.decode()

    assert "Erased person" in page
    assert "Wave" not in page
    assert "Edit facts" not in page


def test_what_machines_did_is_shown_when_asked_for(at: datetime, client: Client) -> None:
    lead = people.inquiry(at=at)
    said = {"kind": "page_view", "occurred_at": at, "is_automatic": True, "title": "Bot"}
    leads.record_activities(activities=[Activity(lead=lead, **said)], at=at)

    assert "Bot" not in client.get(f"/leads/{lead.pk}/").content.decode()
    assert "Bot" in client.get(f"/leads/{lead.pk}/?machines=1").content.decode()


def test_tags_are_put_on_and_taken_off_in_the_page(at: datetime, client: Client) -> None:
    lead = people.inquiry(at=at)

    page = client.post(f"/leads/{lead.pk}/tags/", {"name": "Hot, VIP"}, headers=HTMX)
    assert [tag.name for tag in lead.tags.all()] == ["Hot", "VIP"]
    assert page.content.decode().strip().startswith('<div class="stack-sm" id="tags"')

    client.post(f"/leads/{lead.pk}/tags/", {"remove": "hot"})
    assert [tag.name for tag in lead.tags.all()] == ["VIP"]


def test_a_tag_without_a_word_is_refused(at: datetime, client: Client) -> None:
    lead = people.inquiry(at=at)

    answer = client.post(f"/leads/{lead.pk}/tags/", {"name": " ,"}, headers=HTMX)

    assert answer.status_code == 422
    assert "Write a word" in answer.content.decode()


def test_the_lead_is_given_to_somebody_else(at: datetime, client: Client, rep: User) -> None:
    lead = people.inquiry(at=at)

    client.post(f"/leads/{lead.pk}/owner/", {"owner": str(rep.pk)})
    assert Lead.objects.get(pk=lead.pk).owner == rep
    client.post(f"/leads/{lead.pk}/owner/", {"owner": "nobody"})
    assert Lead.objects.get(pk=lead.pk).owner is None
    refused = client.post(f"/leads/{lead.pk}/owner/", {"owner": "77777"}, headers=HTMX)
    assert refused.status_code == 422


def test_the_segments_of_a_lead_are_named(at: datetime, client: Client, marketer: User) -> None:
    lead = people.inquiry(at=at)
    some = leads.create_segment(name="Near", condition={"all": []}, by=marketer, at=at)
    SegmentMember.objects.get_or_create(segment=some, lead=lead, defaults={"since": at})

    assert "/leads/segments/near/" in client.get(f"/leads/{lead.pk}/").content.decode()
