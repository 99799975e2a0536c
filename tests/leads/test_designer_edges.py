"""Corners of the designer that a reviewer fell into: each stays mended."""

import threading
import time
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections, transaction

from leadflow.core.errors import Conflict, DomainError, Invalid
from leadflow.core.models import User
from leads import queries
from leads import services as leads
from leads.models import Handoff, Lead, Offer, Opportunity, PipelineVersion, Territory
from scoring import queries as scoring
from scoring import services as scoring_services
from tests.factories import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(marketer: User, at: datetime) -> dict[str, Any]:
    return {"by": marketer, "at": at}


def test_sides_without_latin_letters_get_keys_of_their_own(by: dict[str, Any]) -> None:
    leads.add_handoff(
        name="引き渡し",
        offered=leads.Side("提案", "提"),
        accepted=leads.Side("受入", "受"),
        after="sql",
        **by,
    )

    assert leads.load_pipeline().path[4:6] == ("stage", "stage_2")


@pytest.mark.parametrize("name", ["İnfo", "INFO"])
def test_names_that_the_database_holds_for_equal_are_refused(name: str, by: dict[str, Any]) -> None:
    leads.add_stage(name="Info", abbreviation="I1", after="sql", **by)

    with pytest.raises(Invalid, match="already"):
        leads.add_stage(name=name, abbreviation="I2", after="sql", **by)


def test_leads_are_won_where_they_were_before(by: dict[str, Any]) -> None:
    leads.add_stage(name="Advocate", abbreviation="ADV", after="customer", **by)

    with pytest.raises(Invalid, match="cannot stand before “Customer”, where leads are won"):
        leads.shift_stage(key="advocate", steps=-1, **by)


def test_customer_care_can_be_switched_on_whatever_stands_behind(by: dict[str, Any]) -> None:
    leads.add_stage(name="Advocate", abbreviation="ADV", after="customer", **by)
    leads.change_stage(key="advocate", position=85, **by)

    leads.change_handoff(key="customer_care", is_active=True, **by)

    assert leads.load_pipeline().path[-3:] == ("customer", "onboarded", "advocate")


def test_an_amount_said_with_any_verb_is_kept(by: dict[str, Any], at: datetime) -> None:
    leads.change_stage(key="mql", requires=["amount"], **by)
    lead = people.inquiry(at=at)

    leads.offer(lead_ids=[lead.pk], at=at, amount=Decimal(10)).or_raise()

    assert Opportunity.objects.get(lead=lead).amount == 10


def test_no_amount_is_asked_behind_the_win(by: dict[str, Any]) -> None:
    leads.change_handoff(key="customer_care", is_active=True, **by)

    with pytest.raises(Invalid, match="“Onboarded” comes behind the win"):
        leads.change_stage(key="onboarded", requires=["amount"], **by)


def test_the_first_stage_requires_nothing(by: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="New leads enter “Inquiry”"):
        leads.change_stage(key="inquiry", requires=["phone"], **by)


def test_a_new_handoff_of_customers_takes_no_expiry(by: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="not given back"):
        leads.add_handoff(
            name="Reference",
            offered=leads.Side("Asked", "A"),
            accepted=leads.Side("Agreed", "B"),
            after="customer",
            expire_after_minutes=5,
            **by,
        )


def test_without_a_handoff_sales_still_loses(by: dict[str, Any], at: datetime) -> None:
    leads.change_handoff(key="mql_sal", is_active=False, **by)
    early, late = people.inquiries(2, at=at)
    leads.advance(lead_ids=[late.pk], at=at).or_raise()

    leads.lose(lead_ids=[late.pk], at=at, reason="price").or_raise()
    with pytest.raises(Conflict, match="cannot lose"):
        leads.lose(lead_ids=[early.pk], at=at, reason="price").or_raise()


def test_a_new_reason_called_other_needs_a_note_too(admin: User, at: datetime) -> None:
    with pytest.raises(Invalid, match="says nothing without a note"):
        leads.save_reason(verb="win", label="Other", by=admin, at=at)


def test_nothing_is_merged_across_a_handoff(by: dict[str, Any], at: datetime) -> None:
    leads.add_stage(name="Warm", abbreviation="WRM", after="inquiry", **by)

    with pytest.raises(Invalid, match="“Marketing to sales” lies between “Warm” and"):
        leads.retire_stage(key="warm", merge_into="sql", **by)


def test_nothing_is_merged_past_what_is_required(by: dict[str, Any], at: datetime) -> None:
    (lead,) = people.offered(at=at)
    leads.accept(lead_ids=[lead.pk], at=at).or_raise()
    leads.advance(lead_ids=[lead.pk], at=at).or_raise()

    with pytest.raises(Conflict, match="1 of the leads lack what “Opportunity” requires"):
        leads.retire_stage(key="sql", merge_into="opportunity", **by)


def test_leads_of_a_stage_merged_twice_keep_their_place(by: dict[str, Any], at: datetime) -> None:
    (lead,) = people.offered(at=at)
    leads.accept(lead_ids=[lead.pk], at=at).or_raise()
    leads.add_stage(name="A", abbreviation="A", after="sal", **by)
    leads.add_stage(name="B", abbreviation="B", after="sql", **by)
    leads.advance(lead_ids=[lead.pk], at=at).or_raise()
    leads.retire_stage(key="a", merge_into="b", **by)
    leads.retire_stage(key="b", merge_into="sql", **by)

    assert leads.load_pipeline().place["a"] == leads.load_pipeline().place["sql"]
    assert leads.move_merged(at=at) == 1
    assert Lead.objects.get(pk=lead.pk).stage == "sql"


def test_who_follows_a_merged_stage_is_offered_to_nobody(by: dict[str, Any], at: datetime) -> None:
    leads.add_stage(name="Advocate", abbreviation="ADV", after="customer", **by)
    (lead,) = people.offered(at=at)
    leads.accept(lead_ids=[lead.pk], at=at).or_raise()
    leads.advance(lead_ids=[lead.pk], at=at).or_raise()
    leads.advance(lead_ids=[lead.pk], at=at, amount=Decimal(5)).or_raise()
    leads.win(lead_ids=[lead.pk], at=at).or_raise()
    leads.advance(lead_ids=[lead.pk], at=at).or_raise()
    leads.retire_stage(key="advocate", merge_into="customer", **by)
    leads.change_handoff(key="customer_care", is_active=True, **by)

    leads.move_merged(at=at)

    assert Lead.objects.get(pk=lead.pk).stage == "customer"
    assert not Offer.objects.pending().exists()


def test_whom_a_stage_would_refuse_is_not_ready(by: dict[str, Any], at: datetime) -> None:
    leads.change_stage(key="mql", requires=["phone"], **by)
    lacking, known = people.inquiry(at=at), people.inquiry(at=at, phone="+4930123456")
    definition = scoring.in_effect().get()
    definition.condition = {"all": []}

    ready = scoring.ready_leads(
        definition, stages=scoring_services.stages_before(definition), at=at
    )

    assert list(ready) == [known]
    assert lacking.pk not in ready.values_list("pk", flat=True)


def test_counts_stay_within_sight(rep: User, at: datetime) -> None:
    south = Territory.objects.create(key="south", name="South")
    people.inquiries(5, at=at, territory_id=south.pk)
    people.inquiry(at=at)

    standing = {row.stage.key: row.leads for row in queries.read_design(user=rep).stages}

    assert standing["inquiry"] == 1


def _in_threads(*tasks: Any) -> list[BaseException]:
    """Run tasks at once; returns what they raised."""
    raised: list[BaseException] = []

    def run(task: Any) -> None:
        try:
            task()
        except (DomainError, Exception) as error:  # noqa: BLE001  (the test looks at it)
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[task]) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.django_db(transaction=True)
def test_two_handoffs_of_one_name_at_once_are_two(at: datetime) -> None:
    def add(number: int) -> None:
        leads.add_handoff(
            name="Demo",
            offered=leads.Side(f"Wanted {number}", f"W{number}"),
            accepted=leads.Side(f"Planned {number}", f"P{number}"),
            after="sql",
            by=None,
            at=at,
        )

    raised = _in_threads(lambda: add(1), lambda: add(2))

    assert raised == []
    assert set(Handoff.objects.filter(name="Demo").values_list("key", flat=True)) == {
        "demo",
        "demo_2",
    }


@pytest.mark.django_db(transaction=True)
def test_readers_never_meet_half_an_edit(at: datetime) -> None:
    stop = time.monotonic() + 3

    def read() -> None:
        while time.monotonic() < stop:
            pipeline = leads.load_pipeline()
            assert len(pipeline.stages) == 12 + 2 * (pipeline.version - 1)

    def edit() -> None:
        number = 0
        while time.monotonic() < stop:
            number += 1
            leads.add_handoff(
                name=f"H{number}",
                offered=leads.Side(f"O{number}", f"O{number}"),
                accepted=leads.Side(f"A{number}", f"A{number}"),
                after="sql",
                by=None,
                at=at,
            )

    assert _in_threads(read, read, edit) == []
    assert PipelineVersion.objects.count() > 5


@pytest.mark.django_db(transaction=True)
def test_a_designer_gets_a_turn_in_steady_traffic(at: datetime) -> None:
    stop = time.monotonic() + 8
    took: list[float] = []

    def move() -> None:
        while time.monotonic() < stop and not took:
            with transaction.atomic():
                leads.load_pipeline(lock=True)
                time.sleep(0.1)

    def edit() -> None:
        time.sleep(0.3)
        began = time.monotonic()
        leads.change_stage(key="mql", name="Ready", by=None, at=at)
        took.append(time.monotonic() - began)

    assert _in_threads(*[move] * 6, edit) == []
    assert took[0] < 5


@pytest.mark.django_db(transaction=True)
def test_whoever_holds_leads_before_the_pipeline_is_no_deadlock(at: datetime) -> None:
    lead = people.inquiry(at=at)
    both = threading.Barrier(2)

    def pipeline_first() -> None:
        with transaction.atomic():
            leads.load_pipeline(lock=True)
            both.wait()
            time.sleep(0.8)
            Lead.objects.select_for_update(of=("self",)).get(pk=lead.pk)

    def lead_first() -> None:
        with transaction.atomic():
            Lead.objects.select_for_update(of=("self",)).get(pk=lead.pk)
            both.wait()
            time.sleep(0.4)
            leads.load_pipeline(lock=True)

    def edit() -> None:
        time.sleep(0.2)
        leads.change_stage(key="mql", name="Ready", by=None, at=at + timedelta(hours=1))

    assert _in_threads(pipeline_first, lead_first, edit) == []
    assert leads.load_pipeline().name("mql") == "Ready"
