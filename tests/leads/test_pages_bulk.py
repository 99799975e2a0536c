"""Many leads at once from the list page: chosen, asked, done, and shown lead by lead."""

import csv
import io
import re
import uuid
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leadflow.core.models import User
from leads import services as leads
from leads.models import BulkAct, BulkItem, Handoff, Lead, Stage, StageChange
from leads.services import bulk
from tests.factories import people

pytestmark = pytest.mark.django_db
NEW = "/leads/bulk/new/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(marketer: User, sign_in: Any) -> Client:
    return sign_in(marketer)


def send(client: Client, verb: str, *, htmx: bool = False, **said: Any) -> Any:
    """Send the dialog's form."""
    form = {"verb": verb, "token": str(uuid.uuid4()), **said}
    return client.post(NEW, form, headers=HTMX if htmx else {})


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def ticked(rows: list[Lead]) -> str:
    return ",".join(str(row.pk) for row in rows)


def test_the_list_offers_boxes_and_the_acts_of_the_role(
    at: datetime, client: Client, care: User, sign_in: Any
) -> None:
    row = people.inquiry(at=at, owner_id=care.pk)

    page = client.get("/leads/?stage=inquiry&after=x").content.decode()
    assert f'name="lead" value="{row.pk}" form="bulk"' in page
    assert '<input type="hidden" name="filter" value="stage=inquiry">' in page
    verbs = re.findall(r'name="verb" value="(\w+)"', page)
    stays = ["assign", "invite", "tag", "untag"]
    assert verbs == ["offer", *stays, "advance", "recycle", "disqualify", "revive"]
    page = sign_in(care).get("/leads/").content.decode()
    assert re.findall(r'name="verb" value="(\w+)"', page) == ["accept", "reject", "tag", "untag"]


def test_all_that_match_is_offered_when_there_are_more_pages(at: datetime, client: Client) -> None:
    people.inquiries(51, at=at)

    assert "All 51 that match" in client.get("/leads/").content.decode()
    assert "that match" not in client.get("/leads/?q=nobody").content.decode()


def test_the_dialog_says_what_would_happen_by_stage(at: datetime, client: Client) -> None:
    rows = people.inquiries(2, at=at) + people.offered(at=at)
    answer = client.get(NEW, {"verb": "offer", "lead": [row.pk for row in rows]}, headers=HTMX)

    assert "<html" not in answer.content.decode()
    assert "Offer: 3 leads 2 can be offered, 1 stays as it is." in text(answer)
    assert "2 Inquiry Marketing qualified" in text(answer)
    assert "1 Marketing qualified cannot be offered" in text(answer)
    assert {row.stage for row in people.fresh(rows)} == {"inquiry", "mql"}


def test_where_nothing_would_change_nothing_can_be_sent(at: datetime, client: Client) -> None:
    rows = people.offered(at=at)
    answer = client.get(NEW, {"verb": "offer", "lead": ticked(rows)}, headers=HTMX)

    assert "None of them can be offered" in text(answer)
    assert 'type="submit"' not in answer.content.decode()


def test_the_dialog_is_a_page_of_its_own_without_scripts(at: datetime, client: Client) -> None:
    people.inquiries(2, at=at)
    answer = client.get(NEW, {"verb": "recycle", "all": "1", "filter": "stage=inquiry"})

    page = answer.content.decode()
    assert "<html" in page
    assert '<option value="not_now">' in page
    assert '<input type="hidden" name="all" value="1">' in page


@pytest.mark.parametrize("htmx", [False, True])
def test_sending_it_moves_the_leads_and_shows_the_result(
    htmx: bool, at: datetime, client: Client, marketer: User
) -> None:
    rows = people.inquiries(2, at=at) + people.offered(at=at)
    answer = send(client, "offer", htmx=htmx, lead=ticked(rows))

    act = BulkAct.objects.get()
    assert (act.by, act.state, act.done, act.refused) == (marketer, "done", 2, 1)
    where = answer["HX-Redirect"] if htmx else answer.url
    assert where == f"/leads/bulk/{act.pk}/"
    shown = text(client.get(where))
    assert "2 offered, 1 refused" in shown
    assert "You cannot offer a lead that is in “Marketing qualified”." in shown


def test_all_that_match_means_the_filter_not_the_page(at: datetime, client: Client) -> None:
    people.inquiries(60, at=at, country="DE")
    people.inquiries(3, at=at, country="FR")
    answer = send(client, "offer", all="1", filter="country=DE&sort=newest")

    assert Lead.objects.filter(stage="mql").count() == 60
    page = client.get(answer.url).content.decode()
    assert 'href="/leads/?country=DE&amp;sort=newest"' in page


def test_a_missing_reason_is_asked_for_and_what_was_typed_stays(
    at: datetime, manager: User, sign_in: Any
) -> None:
    rows, client = people.offered(at=at), sign_in(manager)

    answer = send(client, "reject", htmx=True, lead=ticked(rows), note="They moved")
    assert answer.status_code == 422
    assert "Choose a reason." in text(answer)
    assert "They moved" in answer.content.decode()
    answer = send(client, "reject", lead=ticked(rows), reason="other")
    assert answer.status_code == 400
    assert "“Other” needs a note" in text(answer)
    assert not BulkAct.objects.exists()


def test_a_note_is_asked_for_where_the_pipeline_needs_it(at: datetime, client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE leads_verbrule SET needs_note = true WHERE verb = 'offer'")
    rows = people.inquiries(1, at=at)

    assert "Write a note." in text(send(client, "offer", lead=ticked(rows)))
    send(client, "offer", lead=ticked(rows), note="They asked for it")
    assert StageChange.objects.get(verb="offer").note == "They asked for it"


def test_an_amount_is_asked_for_where_a_stage_ahead_needs_it(
    at: datetime, rep: User, sign_in: Any
) -> None:
    rows, client = people.offered(at=at, count=2), sign_in(rep)
    send(client, "accept", lead=ticked(rows))
    assert 'name="amount"' not in client.get(NEW, {"verb": "advance", "all": 1}).content.decode()
    send(client, "advance", lead=ticked(rows))

    page = client.get(NEW, {"verb": "advance", "all": 1})
    assert 'name="amount"' in page.content.decode()
    assert "2 without amount expected" in text(page)
    send(client, "advance", lead=ticked(rows), amount="1200.50", currency="CHF")
    assert Lead.objects.filter(stage="opportunity").count() == 2


def test_the_hand_off_is_asked_for_when_there_are_several(at: datetime, client: Client) -> None:
    people.inquiry(at=at)
    asked = {"verb": "offer", "all": "1"}

    assert 'name="towards"' not in client.get(NEW, asked).content.decode()
    Handoff.objects.filter(key="qualified_inquiry").update(is_active=True)
    assert '<option value="mql_sal">' in client.get(NEW, asked).content.decode()


def test_leads_get_an_owner(at: datetime, client: Client, rep: User) -> None:
    gone = people.user("rep", is_active=False)
    rows = people.inquiries(2, at=at)
    page = client.get(NEW, {"verb": "assign", "lead": ticked(rows)}).content.decode()
    assert f'<option value="{rep.pk}">' in page
    assert f'<option value="{gone.pk}">' not in page

    answer = send(client, "assign", lead=ticked(rows), owner=str(rep.pk))
    assert {row.owner_id for row in people.fresh(rows)} == {rep.pk}
    assert f"New owner {rep}" in text(client.get(answer.url))
    assert send(client, "assign", lead=ticked(rows), owner=str(gone.pk)).status_code == 400
    assert send(client, "assign", lead=ticked(rows), owner="").status_code == 400
    assert {row.owner_id for row in people.fresh(rows)} == {rep.pk}
    send(client, "assign", lead=ticked(rows), owner="nobody")
    assert {row.owner_id for row in people.fresh(rows)} == {None}


def test_the_same_form_twice_leads_to_the_same_result(at: datetime, client: Client) -> None:
    people.inquiries(2, at=at)
    token = str(uuid.uuid4())
    said = {"all": "1", "filter": "stage=inquiry", "token": token}

    first, second = send(client, "offer", **said), send(client, "offer", **said)

    assert first.url == second.url
    assert StageChange.objects.filter(verb="offer").count() == 2


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({"lead": "1"}, 400, "nothing that can be done"),
        ({"verb": "fly", "lead": "1"}, 400, "“fly” is nothing that can be done"),
        ({"verb": "expire", "lead": "1"}, 400, "nothing that can be done"),
        ({"verb": "win", "lead": "1"}, 403, "As marketer you may not win leads."),
        ({"verb": "offer"}, 400, "Choose at least one lead."),
        ({"verb": "offer", "lead": "1,x"}, 400, "“x” names no lead."),
        ({"verb": "offer", "lead": "9" * 40}, 400, "names no lead."),
        ({"verb": "offer", "all": "1", "filter": "from=never"}, 400, "“never” is no date"),
        ({"verb": "offer", "all": "1", "filter": "q=nobody"}, 400, "Choose at least one lead."),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_said(
    asked: dict[str, str], status: int, words: str, at: datetime, client: Client
) -> None:
    people.inquiry(at=at)

    answer = client.get(NEW, asked)
    assert answer.status_code == status
    assert words in text(answer)
    answer = client.get(NEW, asked, headers=HTMX)
    assert answer.status_code == status
    assert "toast" in answer["HX-Trigger"]


def test_more_than_an_act_may_reach_is_said_before_it_starts(
    at: datetime, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_LEADS", 2)
    people.inquiries(3, at=at)

    answer = client.get(NEW, {"verb": "offer", "all": "1"})
    assert answer.status_code == 400
    assert "Narrow the list" in text(answer)


def test_a_form_without_its_token_starts_nothing(at: datetime, client: Client) -> None:
    rows = people.inquiries(1, at=at)

    assert send(client, "offer", lead=ticked(rows), token="x").status_code == 400
    assert not BulkAct.objects.exists()


@pytest.fixture
def running(at: datetime, marketer: User, monkeypatch: pytest.MonkeyPatch) -> BulkAct:
    """An act of which 2 of 5 leads are done."""
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    people.inquiries(5, at=at)
    act = leads.start_bulk(
        verb="offer",
        said={},
        chosen=Lead.objects.all(),
        token=uuid.uuid4(),
        by=marketer,
        at=at,
    )
    bulk._run_batch(act.pk, at=at)
    return act


def test_progress_is_shown_until_it_is_done(running: BulkAct, client: Client, at: datetime) -> None:
    address = f"/leads/bulk/{running.pk}/"
    page = client.get(address)
    assert '<progress value="2" max="5"' in page.content.decode()
    assert f'hx-get="{address}"' in page.content.decode()

    leads.run_bulk(act_id=running.pk, at=at)
    piece = client.get(address, headers=HTMX)
    assert piece.content.decode().strip().startswith('<div class="stack" id="state">')
    assert "5 offered" in text(piece)


def test_stop_leaves_the_rest(running: BulkAct, client: Client, at: datetime) -> None:
    answer = client.post(f"/leads/bulk/{running.pk}/stop/", follow=True)
    leads.run_bulk_acts(at=at)

    assert "2 offered, 3 untouched" in text(answer)
    assert Lead.objects.filter(stage="inquiry").count() == 3
    assert "3 leads" in text(client.get(f"/leads/bulk/{running.pk}/?show=waiting"))


def test_refusals_are_grouped_and_each_group_lists_its_leads(at: datetime, client: Client) -> None:
    Stage.objects.filter(key="mql").update(requires=["phone"])
    rows = [people.inquiry(at=at, first_name="Phoneless")]
    leads.disqualify(lead_ids=[people.inquiry(at=at).pk], at=at, reason="fake")
    people.inquiry(at=at, first_name="Reachable", phone="+4930")
    answer = send(client, "offer", all="1")

    page = client.get(answer.url)
    assert [count for _, count in page.context["refusals"]] == [1, 1]
    why = next(said for said, _ in page.context["refusals"] if "phone" in said)
    narrowed = client.get(answer.url, {"show": "refused", "because": why})
    assert [item.lead for item in narrowed.context["page"]] == rows
    assert "Inquiry" in text(narrowed)
    assert re.findall('aria-current="page"[^>]*>([A-Z]\\w+)<', narrowed.content.decode()) == [
        "Refused"
    ]
    done = client.get(answer.url, {"show": "done"})
    assert "Reachable" in text(done)
    assert "Phoneless" not in text(done)


def test_the_refused_are_tried_again_once(at: datetime, client: Client) -> None:
    Stage.objects.filter(key="mql").update(requires=["phone"])
    rows = people.inquiries(2, at=at)
    first = send(client, "offer", lead=ticked(rows)).url
    Lead.objects.filter(pk=rows[0].pk).update(phone="+4930")

    token = {"token": str(uuid.uuid4())}
    second = client.post(f"{first}again/", token).url
    assert client.post(f"{first}again/", token).url == second
    assert "1 offered, 1 refused" in text(client.get(second))
    assert client.post(f"{first}again/", {"token": ""}).status_code == 400


def test_whoever_went_out_of_sight_is_named_nowhere(
    at: datetime, rep: User, sign_in: Any, abroad: Lead
) -> None:
    row = people.inquiry(at=at, first_name="Secretive", email="secret@example.com")
    client = sign_in(rep)
    where = send(client, "offer", lead=ticked([row])).url
    Lead.objects.filter(pk=row.pk).update(territory=abroad.territory)

    shown = text(client.get(where))
    assert "Secretive" not in shown
    assert f"Lead {row.pk}, no longer yours to see" in shown
    file = b"".join(client.get(f"{where}leads.csv").streaming_content).decode()
    assert "secret" not in file.lower()


def test_the_file_holds_a_line_for_each_lead_and_no_formula(at: datetime, client: Client) -> None:
    people.inquiry(at=at, first_name="=HYPERLINK(1)", last_name="")
    people.offered(at=at, first_name="Bob", email="bob@example.com")
    where = send(client, "offer", all="1").url

    answer = client.get(f"{where}leads.csv")
    assert answer["Content-Type"].startswith("text/csv")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig")
    head, first, second = csv.reader(io.StringIO(lines))
    assert head[:2] == ["Lead", "Name"]
    assert (first[1], first[4], first[5]) == ("'=HYPERLINK(1)", "Marketing qualified", "Done")
    assert (second[1], second[2], second[5]) == ("Bob", "bob@example.com", "Refused")
    assert second[6].startswith("You cannot offer")


def test_the_reader_finds_their_own_acts(
    at: datetime, client: Client, manager: User, sign_in: Any
) -> None:
    assert "Nothing yet" in text(client.get("/leads/bulk/"))
    send(client, "offer", lead=ticked(people.inquiries(3, at=at)))

    assert "Offer just now" in text(client.get("/leads/bulk/"))
    assert "Nothing yet" in text(sign_in(manager).get("/leads/bulk/"))


@pytest.mark.parametrize("address", ["/leads/bulk/{}/", "/leads/bulk/{}/leads.csv"])
def test_as_many_queries_for_1000_leads_as_for_10(
    address: str, at: datetime, client: Client, marketer: User
) -> None:
    counts = []
    for count in (10, 1_000):
        rows = people.inquiries(count, at=at)
        where = send(client, "offer", lead=ticked(rows)).url
        pk = BulkAct.objects.latest("id").pk
        assert where == f"/leads/bulk/{pk}/"
        with CaptureQueriesContext(connection) as seen:
            answer = client.get(address.format(pk))
            assert b"".join(answer if answer.streaming else [answer.content])
        counts.append(len(seen))

    assert counts[0] == counts[1] <= 20


def test_the_dialog_asks_as_often_for_1000_leads_as_for_10(at: datetime, client: Client) -> None:
    counts = []
    for more in (10, 990):
        people.inquiries(more, at=at)
        with CaptureQueriesContext(connection) as seen:
            client.get(NEW, {"verb": "offer", "all": "1"}, headers=HTMX)
        counts.append(len(seen))

    assert counts[0] == counts[1] <= 20


def test_nothing_is_left_of_an_act_that_could_not_start(at: datetime, client: Client) -> None:
    send(client, "disqualify", lead=ticked(people.inquiries(2, at=at)), reason="nonsense")

    assert not BulkItem.objects.exists()
