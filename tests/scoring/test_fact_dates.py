"""Since when facts are known: what replays of the past go by."""

from datetime import timedelta

import pytest

from leads import services as leads
from leads.models import Lead
from scoring import services as scoring
from scoring.models import FactDates
from tests.factories import people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def since(lead: Lead) -> dict[str, str]:
    return FactDates.objects.get(lead=lead).since


def test_what_came_with_a_lead_is_as_old_as_the_lead(hot_lead, settle, at) -> None:
    lead = hot_lead(ago=10 * DAY)
    settle()

    assert since(lead) == {"phone": (at - 10 * DAY).isoformat()}


def test_what_came_later_bears_the_day_of_the_news(hot_lead, settle, at) -> None:
    lead = hot_lead(ago=10 * DAY, phone="")
    settle()
    leads.update_facts(facts_by_lead={lead.pk: {"job_title": "Engineer"}}, at=at - 3 * DAY)
    settle()

    assert since(lead) == {"job_title": (at - 3 * DAY).isoformat()}


def test_saying_the_same_again_keeps_the_date_and_another_word_does_not(at) -> None:
    lead = people.inquiry(at=at - 10 * DAY, job_title="Engineer")
    scoring.note_facts(lead_ids=[lead.pk], at=at - 10 * DAY, are_new=True)

    assert scoring.note_facts(lead_ids=[lead.pk], at=at) == 0
    Lead.objects.filter(pk=lead.pk).update(job_title="Head of works")
    scoring.note_facts(lead_ids=[lead.pk], at=at)

    assert since(lead)["job_title"] == at.isoformat()


def test_what_was_there_before_dates_were_kept_has_none(at) -> None:
    lead = people.inquiry(at=at - 10 * DAY, job_title="Engineer")

    scoring.note_facts(lead_ids=[lead.pk], at=at)

    assert since(lead) == {}


def test_a_fact_that_is_gone_loses_its_date(at) -> None:
    lead = people.inquiry(at=at, job_title="Engineer")
    scoring.note_facts(lead_ids=[lead.pk], at=at, are_new=True)
    Lead.objects.filter(pk=lead.pk).update(job_title="")

    scoring.note_facts(lead_ids=[lead.pk], at=at + DAY)

    assert "job_title" not in since(lead)


def test_digests_hold_nothing_that_can_be_read(at) -> None:
    lead = people.inquiry(at=at, job_title="Engineer", phone="+4930123456")
    scoring.note_facts(lead_ids=[lead.pk], at=at)

    digests = FactDates.objects.get(lead=lead).digests

    assert {"phone", "job_title"} <= digests.keys()
    assert not any("Engineer" in one or "4930" in one for one in digests.values())
