"""People who are merged or erased while something else knows them: tickets, attendance, old numbers."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leads import queries
from leads import services as leads
from leads.models import Activity, Campaign, Guest, Lead
from tests.factories import people

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
EMAIL = "ada@example.com"


def guests_of(campaign: Campaign, *rows: Lead, at: datetime) -> list[Guest]:
    leads.register_guests(
        campaign_ids_by_lead=[(campaign.pk, row.pk, at) for row in rows], source="form"
    )
    return [Guest.objects.get(lead=row) for row in rows]


def test_the_ticket_of_a_merged_record_opens_the_door(
    campaign: Campaign, marketer: User, at: datetime
) -> None:
    kept, gone = people.inquiries(2, at=at)
    mine, theirs = guests_of(campaign, kept, gone, at=at)

    merge = leads.merge_leads(kept_id=kept.pk, gone_id=gone.pk, by=marketer, at=at)

    assert queries.find_guest_by_code(theirs.code) == mine
    leads.undo_merge(merge_id=merge.pk, by=marketer, at=at)
    assert queries.find_guest_by_code(theirs.code) == theirs


def test_attending_under_a_merged_record_is_taken_back_whole(
    campaign: Campaign, marketer: User, at: datetime
) -> None:
    kept, gone = people.inquiries(2, at=at)
    mine, theirs = guests_of(campaign, kept, gone, at=at)
    leads.admit_guests(guest_ids=[theirs.pk], by=marketer, at=at)
    leads.merge_leads(kept_id=kept.pk, gone_id=gone.pk, by=marketer, at=at)

    leads.take_back_guests(guest_ids=[mine.pk], mark="attended", by=marketer, at=at + HOUR)

    attended = Activity.objects.filter(kind=Activity.Kind.EVENT)
    assert not attended.exists()
    leads.admit_guests(guest_ids=[mine.pk], by=marketer, at=at + HOUR)
    assert attended.count() == 1


def test_nobody_comes_in_with_the_ticket_of_somebody_who_was_erased(
    campaign: Campaign, manager: User, at: datetime
) -> None:
    row = people.inquiry(at=at, email=EMAIL)
    (guest,) = guests_of(campaign, row, at=at)

    leads.erase_leads(lead_ids=[row.pk], by=manager, at=at + HOUR)

    assert queries.find_guest_by_code(guest.code) is None
    assert queries.find_guest_by_code(Guest.objects.get().code) is None
    assert leads.admit_guests(guest_ids=[guest.pk], by=manager, at=at + HOUR) == []
    assert Guest.objects.get().attended_at is None


def test_who_asked_to_be_forgotten_is_put_on_no_list_by_others(
    campaign: Campaign, manager: User, at: datetime
) -> None:
    row = people.inquiry(at=at, email=EMAIL)
    leads.erase_leads(lead_ids=[row.pk], by=manager, at=at)
    person = leads.WalkIn(facts={"email": EMAIL})

    with pytest.raises(Invalid, match="asked to be forgotten"):
        leads.register_by_hand(campaign=campaign, person=person, by=manager, at=at + HOUR)

    guest, _ = leads.welcome(campaign=campaign, person=person, by=manager, at=at + HOUR)
    assert guest.lead.email == EMAIL  # at the door they came by themselves


def test_erasing_by_the_number_of_a_merged_record_erases_the_person(
    manager: User, at: datetime
) -> None:
    kept, gone = people.inquiries(2, at=at)
    leads.merge_leads(kept_id=kept.pk, gone_id=gone.pk, by=manager, at=at)

    assert leads.erase_leads(lead_ids=[gone.pk], by=manager, at=at + HOUR) == [kept.pk]

    assert Lead.objects.get().name == "Erased person"


@pytest.mark.parametrize("is_given", [True, False])
def test_what_erased_people_agreed_to_is_not_written_down(
    manager: User, api: Any, at: datetime, is_given: bool
) -> None:
    row = people.inquiry(at=at, email=EMAIL)
    leads.erase_leads(lead_ids=[row.pk], by=manager, at=at)

    answer = api(manager).post(
        f"/api/v1/leads/{row.pk}/consents/",
        {"purpose": "marketing", "is_given": is_given, "wording": "Yes, please.", "source": "call"},
        content_type="application/json",
    )

    assert answer.status_code == 409, answer.content
    assert "erased" in answer.content.decode()
    assert not row.consents.exists()
