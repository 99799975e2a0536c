"""Guest lists: asked, coming, here, not coming; each once, and taken back within a day."""

import threading
from datetime import date, datetime, timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leadflow.core.errors import Conflict, NotAllowed
from leadflow.core.models import User
from leads import services as leads
from leads.models import Activity, Campaign, Guest, Lead
from leads.services import guests as guest_lists
from tests.factories import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def guest(campaign: Campaign, marketer: User, at: datetime) -> Guest:
    """Ada Byron, who has registered."""
    lead = people.inquiry(at=at, first_name="Ada", last_name="Byron")
    leads.register_guests(campaign_ids_by_lead=[(campaign.pk, lead.pk, at)], source="form")
    return Guest.objects.get(lead=lead)


def _state(guest: Guest) -> str:
    return Guest.objects.get(pk=guest.pk).state.value


def _attendances(guest: Guest) -> list[Activity]:
    return list(Activity.objects.filter(source_kind="guest", source_id=guest.pk))


def test_an_invitation_and_a_registration_count_once(
    campaign: Campaign, marketer: User, at: datetime
) -> None:
    ids = [lead.pk for lead in people.inquiries(3, at=at)]
    later = at + timedelta(hours=1)

    first = leads.invite_guests(campaign_id=campaign.pk, lead_ids=ids, by=marketer, at=at)
    again = leads.invite_guests(campaign_id=campaign.pk, lead_ids=ids, by=marketer, at=later)
    rows = [(campaign.pk, pk, later) for pk in (*ids, ids[0])]
    registered = leads.register_guests(campaign_ids_by_lead=rows, source="form")

    assert (first, again, registered) == (3, 0, 3)
    assert leads.register_guests(campaign_ids_by_lead=rows, source="form") == 0
    assert set(Guest.objects.values_list("invited_at", "registered_at")) == {(at, later)}
    assert Guest.objects.values("code").distinct().count() == 3


def test_who_registers_after_cancelling_is_coming_again_and_a_repeat_changes_nothing(
    guest: Guest, campaign: Campaign, marketer: User, at: datetime
) -> None:
    cancelled_at = at + timedelta(hours=1)
    leads.cancel_guests(guest_ids=[guest.pk], by=marketer, at=cancelled_at)

    old = [(campaign.pk, guest.lead_id, at)]
    assert leads.register_guests(campaign_ids_by_lead=old, source="form") == 0
    assert _state(guest) == "cancelled"
    leads.invite_guests(
        campaign_id=campaign.pk, lead_ids=[guest.lead_id], by=marketer, at=cancelled_at
    )
    assert _state(guest) == "cancelled"
    new = [(campaign.pk, guest.lead_id, at + timedelta(hours=2))]
    assert leads.register_guests(campaign_ids_by_lead=new, source="form") == 1
    assert _state(guest) == "registered"


def test_attending_is_one_activity(guest: Guest, rep: User, at: datetime) -> None:
    came = leads.admit_guests(guest_ids=[guest.pk], by=rep, at=at)
    again = leads.admit_guests(guest_ids=[guest.pk], by=rep, at=at + timedelta(minutes=5))

    assert [one.pk for one in came] == [guest.pk]
    assert again == []
    (activity,) = _attendances(guest)
    assert (activity.kind, activity.occurred_at, activity.title) == ("event", at, "Water Expo")
    assert (activity.campaign, activity.lead_id) == (guest.campaign, guest.lead_id)
    assert Lead.objects.get(pk=guest.lead_id).last_activity_at == at


def test_who_has_cancelled_and_comes_anyhow_attends(guest: Guest, rep: User, at: datetime) -> None:
    leads.cancel_guests(guest_ids=[guest.pk], by=rep, at=at)
    leads.admit_guests(guest_ids=[guest.pk], by=rep, at=at)

    assert _state(guest) == "attended"
    assert leads.cancel_guests(guest_ids=[guest.pk], by=rep, at=at) == []


def test_attending_is_taken_back_with_a_trace_and_can_be_noted_anew(
    guest: Guest, rep: User
) -> None:
    now = timezone.now()
    leads.admit_guests(guest_ids=[guest.pk], by=rep, at=now)

    taken = leads.take_back_guests(guest_ids=[guest.pk], mark="attended", by=rep, at=now)

    assert (taken, _state(guest), _attendances(guest)) == (1, "registered", [])
    (trace,) = Activity.objects.filter(lead=guest.lead_id, kind="note")
    assert (trace.by, "by mistake" in trace.title) == (rep, True)
    assert len(leads.admit_guests(guest_ids=[guest.pk], by=rep, at=now)) == 1
    assert len(_attendances(guest)) == 1


def test_after_a_day_attending_stays(guest: Guest, rep: User) -> None:
    now = timezone.now()
    leads.admit_guests(guest_ids=[guest.pk], by=rep, at=now)

    with pytest.raises(Conflict, match="A day has passed"):
        leads.take_back_guests(
            guest_ids=[guest.pk], mark="attended", by=rep, at=now + timedelta(hours=25)
        )

    assert _state(guest) == "attended"
    assert len(_attendances(guest)) == 1


def test_whoever_attended_stays_on_the_list(
    guest: Guest, campaign: Campaign, rep: User, at: datetime
) -> None:
    other = people.inquiry(at=at)
    leads.invite_guests(campaign_id=campaign.pk, lead_ids=[other.pk], by=rep, at=at)
    leads.admit_guests(guest_ids=[guest.pk], by=rep, at=at)

    everybody = list(Guest.objects.values_list("pk", flat=True))
    assert leads.release_guests(guest_ids=everybody, by=rep, at=at) == 1
    assert Guest.objects.get().pk == guest.pk


def test_customer_care_keeps_no_guest_lists(guest: Guest, care: User, at: datetime) -> None:
    for act in (leads.admit_guests, leads.cancel_guests, leads.release_guests):
        with pytest.raises(NotAllowed, match="may not manage guests"):
            act(guest_ids=[guest.pk], by=care, at=at)


def test_an_event_of_the_past_was_attended_when_it_was(campaign: Campaign, at: datetime) -> None:
    campaign.starts_on = campaign.ends_on = date(2026, 2, 10)

    assert guest_lists.time_of(campaign, at=at).date() == date(2026, 2, 10)
    campaign.ends_on = at.date()
    assert guest_lists.time_of(campaign, at=at) == at


@pytest.mark.parametrize("count", [10, 1_000])
def test_marking_many_takes_the_same_number_of_statements(
    count: int, campaign: Campaign, marketer: User, at: datetime
) -> None:
    ids = [lead.pk for lead in people.inquiries(count, at=at)]
    with CaptureQueriesContext(connection) as asked:
        leads.invite_guests(campaign_id=campaign.pk, lead_ids=ids, by=marketer, at=at)
        guest_ids = list(Guest.objects.values_list("pk", flat=True))
        leads.admit_guests(guest_ids=guest_ids, by=marketer, at=at)

    assert len(asked) <= 25
    assert Activity.objects.filter(kind="event").count() == count


# ---- two at once


@pytest.mark.django_db(transaction=True)
def test_two_scanners_let_the_same_guest_in_once(at: datetime, rep: User) -> None:
    campaign = Campaign.objects.create(key="expo", name="Expo", kind=Campaign.Kind.TRADE_SHOW)
    rows = people.inquiries(30, at=at)
    coming = [(campaign.pk, lead.pk, at) for lead in rows]
    leads.register_guests(campaign_ids_by_lead=coming, source="form")
    ids = list(Guest.objects.values_list("pk", flat=True))
    came: list[int] = []

    def scan(order: list[int]) -> None:
        try:
            for pk in order:
                came.extend(guest.pk for guest in leads.admit_guests(guest_ids=[pk], by=rep, at=at))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=scan, args=[order]) for order in (ids, ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(came) == sorted(ids)
    assert Activity.objects.filter(kind="event").count() == 30
