"""After somebody was forgotten every figure is what it was, and no table knows who they were."""

import json
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client

from content.models import Asset, Product
from handoff import services as handoff
from leadflow.core.models import Delivery, OutboxEvent, User
from leadflow.operations.invariants import find_broken
from leads import services as leads
from leads.models import (
    Activity,
    BulkAct,
    Campaign,
    DuplicatePair,
    Form,
    Guest,
    GuestFile,
    Import,
    Lead,
    Offer,
    OptIn,
    RawBeacon,
    SavedView,
    Tag,
    Visit,
    Visitor,
)
from leads.rendering import build_dossier
from nurture import services as nurture
from nurture.models import Letter
from reports import queries
from tests.factories import people

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
EMAIL, PHONE = "adelheid@quisenberry.example", "+4930901820"
BROWSER = uuid.UUID("5eedfeed-aaaa-4bbb-8ccc-123456789abc")
SECRETS = (
    "adelheid", "quisenberry", "901820", "crm-991177", "zymologist", "zwiebelgasse", "aubergine",
    "wilhelmina", str(BROWSER), "203.0.113.77",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def campaign(db: None) -> Campaign:
    return Campaign.objects.create(key="expo", name="Water Expo", kind=Campaign.Kind.TRADE_SHOW)


@pytest.fixture
def ada(at: datetime, campaign: Campaign, marketer: User, rep: User, settle: Any) -> Lead:
    """Somebody of whom every table knows something."""
    lead = _enter(at, campaign)
    _browse(lead, at)
    _nurture(lead, at)
    _hand_off(lead, rep, at)
    _leave_traces(lead, marketer, at)
    settle()
    return lead


def _enter(at: datetime, campaign: Campaign) -> Lead:
    product = Product.objects.create(key="flow", name="FlowMeter")
    form = Form.objects.create(
        slug="ask", name="Ask us", fields=[], consent_text="Yes", campaign=campaign, product=product
    )
    Visitor.objects.create(pk=BROWSER, first_seen_at=at, last_seen_at=at, source="search")
    values = {
        "email": EMAIL, "phone": PHONE, "first_name": "Adelheid", "last_name": "Quisenberry",
        "job_title": "Chief Zymologist", "company": "Quisenberry Consulting", "country": "DE",
        "message": "Please call my aunt Wilhelmina", "consent": True,
    }  # fmt: skip
    leads.receive_submission(
        form=form, values=values, token="t1", visitor_id=BROWSER, source="search", at=at
    )
    leads.process_submissions(at=at)
    lead = Lead.objects.get(email=EMAIL)
    lead.submissions.update(context={"address": "203.0.113.77"})
    facts = {"external_id": "crm-991177", "attributes": {"street": "Zwiebelgasse 5", "city": "Ulm"}}
    leads.update_facts(facts_by_lead={lead.pk: facts}, at=at)
    OptIn.objects.create(
        lead=lead, email=EMAIL, purpose="marketing", wording="Yes", wording_version=1,
        source="form", asked_at=at,
    )  # fmt: skip
    return lead


def _browse(lead: Lead, at: datetime) -> None:
    url = "https://www.example.com/aubergine?mail=" + EMAIL
    said = Activity(
        lead=lead, visitor_id=BROWSER, kind="page_view", occurred_at=at, title="Aubergine", url=url
    )
    note = Activity(lead=lead, kind="note", occurred_at=at, properties={"text": "Loves aubergine"})
    leads.record_activities(activities=[said, note], at=at)
    Visit.objects.create(lead=lead, visitor_id=BROWSER, at=at, term="aubergine", landing_url=url)
    RawBeacon.objects.create(said={"visitor": str(BROWSER)}, received_at=at, state="failed")
    Guest.objects.filter(lead=lead).update(note="Aubergine menu")
    lead.tags.add(Tag.objects.get_or_create(key="vip", name="VIP")[0])


def _nurture(lead: Lead, at: datetime) -> None:
    nurture.enroll(lead_ids=[lead.pk], program_key="nine-touch", at=at).or_raise()
    for day in range(6):
        nurture.take_due_steps(at=at + timedelta(days=day))
        nurture.send_messages(at=at + timedelta(days=day))
    asset = Asset.objects.get(key="nine-touch-letter")
    Letter.objects.create(lead=lead, asset=asset, asset_version=asset.version, queued_at=at)
    nurture.print_letters(at=at)


def _hand_off(lead: Lead, rep: User, at: datetime) -> None:
    leads.offer(lead_ids=[lead.pk], at=at).or_raise()
    offer = Offer.objects.get(lead=lead, outcome="pending")
    Offer.objects.filter(pk=offer.pk).update(assignee=rep)
    note = "Adelheid will not hear of it"
    said = {"reason": "other", "note": note}
    handoff.reject_offers(offer_ids=[offer.pk], by=rep, at=at + HOUR, **said)
    leads.revive(lead_ids=[lead.pk], at=at + 2 * HOUR).or_raise()
    leads.offer(lead_ids=[lead.pk], at=at + 3 * HOUR).or_raise()
    leads.accept(lead_ids=[lead.pk], by=rep, at=at + 4 * HOUR).or_raise()
    leads.advance(lead_ids=[lead.pk], by=rep, at=at + 5 * HOUR, amount=900).or_raise()


def _leave_traces(lead: Lead, marketer: User, at: datetime) -> None:
    other = people.inquiry(at=at, email="grace@example.com")
    DuplicatePair.objects.create(
        first=lead, second=other, likeness=90, reasons=[{"code": "Quisenberry"}], found_at=at
    )
    again = people.inquiry(at=at, email="private@quisenberry.example", first_name="Adelheid")
    leads.merge_leads(kept_id=lead.pk, gone_id=again.pk, by=marketer, at=at + 6 * HOUR)
    fault = f"“{EMAIL}” already belongs to another lead."
    errors = [{"row": 2, "column": "email", "message": fault}]
    Import.objects.create(file="x.csv", at=at, result={"rows": 5, "errors": errors})
    GuestFile.objects.create(
        campaign=Campaign.objects.get(), name="x.csv", header=["email"], rows=[[EMAIL]], at=at
    )
    said = {"note": "For Adelheid Quisenberry", "filter": "q=adelheid%40quisenberry.example"}
    act = BulkAct.objects.create(verb="offer", said=said, by=marketer, at=at)
    act.items.create(lead=lead, outcome="refused", sentence="Adelheid has moved on.")
    SavedView.objects.create(owner=marketer, name="One", query="q=adelheid%40quisenberry.example")
    event = OutboxEvent.objects.create(kind="Odd", payload={}, at=at)
    error = f"Key (lower(email))=({EMAIL}) already exists."
    Delivery.objects.create(
        event=event, subscriber="x", due_at=at + timedelta(days=9999), error=error
    )
    marketing = {"lead_ids": [lead.pk], "purpose": "marketing", "source": "phone"}
    leads.record_consent(**marketing, wording="As Adelheid said", note="Aubergine", at=at + HOUR)


def dump() -> Iterator[tuple[str, str]]:
    """Every row of every table as text; sessions as what is in them."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT to_jsonb(row)::text FROM "{table}" AS row')
            for (row,) in cursor.fetchall():
                yield table, row.lower()
    for session in Session.objects.all():
        yield "session", json.dumps(session.get_decoded()).lower()


def tables_that_know(words: tuple[str, ...]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for table, row in dump():
        for word in words:
            if word.lower() in row:
                found.setdefault(table, set()).add(word)
    return found


def test_no_table_knows_who_they_were(ada: Lead, manager: User, at: datetime, settle: Any) -> None:
    before = tables_that_know(SECRETS)
    client = Client()
    client.force_login(manager)
    client.get(f"/leads/{ada.pk}/")

    client.post(f"/leads/{ada.pk}/erase/", {"word": "erase"})
    settle()

    assert len(before) >= 17, sorted(before)  # the story above really reaches that many tables
    assert tables_that_know(SECRETS) == {}
    assert find_broken() == []


def test_no_file_knows_who_they_were(ada: Lead, manager: User, at: datetime, settle: Any) -> None:
    printed = [f"letters/{name}" for name in default_storage.listdir("letters")[1]]
    assert printed

    leads.erase_leads(lead_ids=[ada.pk], by=manager, at=at + timedelta(days=9))
    settle()

    assert not any(default_storage.exists(name) for name in printed)


def test_what_is_handed_out_before_holds_all_of_it(ada: Lead, at: datetime) -> None:
    archive = zipfile.ZipFile(build_dossier(lead_id=ada.pk, at=at))
    told = archive.read("person.json").decode().lower()

    assert [word for word in SECRETS if word not in told] == []


def figures(at: datetime) -> dict[str, Any]:
    """Everything that reports tell, split by everything a lead keeps."""
    later = at + timedelta(days=30)
    splits = ("source", "campaign", "product", "owner", "territory", "persona", "country", "month")
    found: dict[str, Any] = {
        f"funnel by {by}": asdict(queries.funnel(user=None, at=later, by=by)) for by in splits
    }
    for by in ("rep", "source", "campaign", "product", "cycle"):
        found[f"handoffs by {by}"] = [
            (row.answers, row.reasons, [(one.group, one.answers) for one in row.groups])
            for row in queries.handoffs(user=None, at=later, by=by)
        ]
    found["velocity"] = asdict(queries.velocity(user=None, at=later))
    found["campaigns"] = list(Campaign.objects.values_list("key", "leads", "guests"))
    found["activities"] = sorted(Activity.objects.values_list("kind", "occurred_at", "asset"))
    return found


def test_every_figure_is_what_it_was(ada: Lead, manager: User, at: datetime) -> None:
    before = figures(at)

    leads.erase_leads(lead_ids=[ada.pk], by=manager, at=at + timedelta(days=9))

    assert figures(at) == before


def test_a_waiting_offer_leaves_the_pending_ones_and_no_other_figure(
    manager: User, at: datetime
) -> None:
    rows = people.offered(at=at, count=3)
    later = at + timedelta(days=30)
    before = queries.handoffs(user=None, at=later)[0].answers

    leads.erase_leads(lead_ids=[rows[0].pk], by=manager, at=at + HOUR)

    after = queries.handoffs(user=None, at=later)[0].answers
    gone = {"pending": 2, "withdrawn": 1, "overdue": 2, "timed": 2}
    assert after == replace(before, **gone)
    assert after.acceptance is None


def test_the_list_behind_a_figure_names_them_as_erased(
    ada: Lead, manager: User, at: datetime
) -> None:
    leads.erase_leads(lead_ids=[ada.pk], by=manager, at=at + timedelta(days=9))
    client = Client()
    client.force_login(manager)

    behind = client.get("/leads/?reached=sql").content.decode()
    found = client.get("/leads/?q=adelheid").content.decode()

    assert "Erased person" in behind
    assert "Erased person" not in found
