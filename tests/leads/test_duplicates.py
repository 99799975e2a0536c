"""Likely duplicates are found soon, all of them in one look, and only those that are likely."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from leadflow.core.errors import Conflict, NotAllowed
from leadflow.core.models import User
from leads import queries
from leads import services as leads
from leads.models import Company, DuplicateCheck, DuplicatePair, DuplicateSearch, Lead
from leads.services import duplicates
from tests.factories import doubles, people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def found() -> list[tuple[int, int, int, str]]:
    pairs = DuplicatePair.objects.order_by("pk")
    return [(one.first_id, one.second_id, one.likeness, one.state) for one in pairs]


def test_known_duplicates_are_found_and_others_are_not_called_certain(at: datetime) -> None:
    ids, known = doubles.write_down(3_000, 350, at=at)
    known_ids = {(ids[one.first], ids[one.second]) for one in known}

    leads.find_duplicates(at=at)

    pairs = {(one.first_id, one.second_id): one.likeness for one in DuplicatePair.objects.all()}
    missed, wrong = known_ids - pairs.keys(), pairs.keys() - known_ids
    assert len(missed) <= 0.05 * len(known_ids)
    assert [pair for pair in wrong if pairs[pair] > 90] == []
    assert len(wrong) <= 0.05 * len(known_ids)


def test_a_new_lead_is_compared_with_those_of_before(at: datetime) -> None:
    (one,) = people.inquiries(1, at=at, last_name="King", phone="+49301234567", email="")
    leads.find_duplicates(at=at)
    (other,) = people.inquiries(1, at=at, last_name="King", phone="+49301234567", email="")

    assert found() == []
    assert leads.find_duplicates(at=at) == 1
    assert found() == [(one.pk, other.pk, 95, "open")]
    assert leads.find_duplicates(at=at) == 0


def test_facts_that_change_make_and_end_a_likeness(at: datetime) -> None:
    one, other = people.inquiries(2, at=at, last_name="King", email="")
    leads.find_duplicates(at=at)
    assert found() == []

    numbers = {one.pk: {"phone": "+4930123"}, other.pk: {"phone": "+4930123"}}
    leads.update_facts(facts_by_lead=numbers, at=at)
    leads.find_duplicates(at=at)
    assert found() == [(one.pk, other.pk, 95, "open")]

    leads.update_facts(facts_by_lead={one.pk: {"first_name": "William"}}, at=at)
    leads.find_duplicates(at=at)
    assert found() == []


def test_what_somebody_did_does_not_make_anybody_compared(at: datetime) -> None:
    lead = people.inquiry(at=at)
    leads.find_duplicates(at=at)

    leads.offer(lead_ids=[lead.pk], at=at)
    leads.note_activities(lead_ids=[lead.pk], at=at)

    assert not DuplicateCheck.objects.exists()


def test_two_people_stay_two_until_they_are_more_alike(at: datetime, marketer: User) -> None:
    acme = Company.objects.create(name="Acme")
    one, other = people.inquiries(2, at=at, last_name="King", company_id=acme.pk, email="")
    leads.find_duplicates(at=at)
    pair = DuplicatePair.objects.get()
    leads.dismiss_pair(pair_id=pair.pk, by=marketer, at=at)

    leads.update_facts(
        facts_by_lead={one.pk: {"country": "DE"}, other.pk: {"country": "AT"}}, at=at
    )
    leads.search_everybody(by=marketer, at=at)
    leads.find_duplicates(at=at)
    assert [row[3] for row in found()] == ["dismissed"]

    numbers = {one.pk: {"phone": "+4930123"}, other.pk: {"phone": "+4930123"}}
    leads.update_facts(facts_by_lead=numbers, at=at + DAY)
    leads.find_duplicates(at=at + DAY)
    pair.refresh_from_db()
    assert (pair.state, pair.found_at, pair.decided_by) == ("open", at + DAY, None)


def test_a_number_that_many_share_makes_nobody_alike(at: datetime, marketer: User) -> None:
    people.inquiries(51, at=at, phone="+49301234567", email="")
    leads.find_duplicates(at=at)
    assert found() == []

    leads.search_everybody(by=marketer, at=at)
    leads.find_duplicates(at=at)
    assert DuplicateSearch.objects.get().skipped > 0


def test_a_search_goes_on_where_it_stopped(
    at: datetime, marketer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.inquiries(5, at=at)
    rows = people.inquiries(2, at=at, last_name="King", phone="+49301234567", email="")
    DuplicateCheck.objects.all().delete()
    monkeypatch.setattr(duplicates, "AT_ONCE", 3)
    monkeypatch.setattr(duplicates, "MOST_A_RUN", 3)
    search = leads.search_everybody(by=marketer, at=at)

    assert leads.search_everybody(by=marketer, at=at) == search
    steps = []
    for _ in range(4):
        leads.find_duplicates(at=at)
        search.refresh_from_db()
        steps.append((search.handled, search.finished_at is not None))

    assert steps == [(3, False), (6, False), (7, True), (7, True)]
    assert search.found == 1
    assert [row[:2] for row in found()] == [(rows[0].pk, rows[1].pk)]


def test_whoever_was_erased_is_no_duplicate(at: datetime, marketer: User) -> None:
    one, _ = people.inquiries(2, at=at, last_name="King", phone="+49301234567", email="")
    Lead.objects.filter(pk=one.pk).update(erased_at=at)

    leads.find_duplicates(at=at)

    assert found() == []


def test_a_pair_that_is_gone_cannot_be_decided(at: datetime, marketer: User, rep: User) -> None:
    with pytest.raises(Conflict, match="gone"):
        leads.dismiss_pair(pair_id=1, by=marketer, at=at)
    with pytest.raises(NotAllowed):
        leads.dismiss_pair(pair_id=1, by=rep, at=at)


def test_a_key_is_asked_for_through_the_index(at: datetime) -> None:
    ids, _ = doubles.write_down(3_000, 0, at=at)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE leads_leadtokens")
        params = {"ids": ids[:20], "most": 51}
        cursor.execute("EXPLAIN " + queries.duplicates.BLOCKS, params)
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "Bitmap Index Scan on lead_tokens" in plan
    assert "Seq Scan on leads_leadtokens leads_leadtokens" not in plan
