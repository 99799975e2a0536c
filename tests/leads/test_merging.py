"""Two records of one person become one: nothing is lost, and undoing brings every row back."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from leadflow.core.errors import Invalid
from leadflow.core.models import User
from leadflow.operations.invariants import find_broken
from leads import queries
from leads import services as leads
from leads.models import (
    DuplicatePair,
    Guest,
    Lead,
    Merge,
    Offer,
    StageChange,
)
from tests.factories import merging, people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def merge(kept: Lead, gone: Lead, by: User, at: datetime, **said: Any) -> Merge:
    return leads.merge_leads(kept_id=kept.pk, gone_id=gone.pk, by=by, at=at, **said)


def test_undo_restores_every_row_of_every_table(at: datetime, manager: User) -> None:
    kept, gone = merging.rich_pair(at=at)
    merging.check_that_every_table_has_rows(gone)
    was = merging.dump()

    done = merge(kept, gone, manager, at + DAY)
    leads.undo_merge(merge_id=done.pk, by=manager, at=at + 2 * DAY)

    assert merging.differences(was, merging.dump()) == []
    assert find_broken() == []


def test_what_belonged_to_either_belongs_to_the_one_that_is_kept(
    at: datetime, manager: User
) -> None:
    kept, gone = merging.rich_pair(at=at)
    rows = {name: merging.count_rows(name, kept, gone) for name in merging.MOVING}

    done = merge(kept, gone, manager, at + DAY)

    assert not Lead.objects.filter(pk=gone.pk).exists()
    aside = {
        name: len(texts) for name, texts in Merge.objects.get(pk=done.pk).before["aside"].items()
    }
    now = {name: merging.count_rows(name, kept) + aside.get(name, 0) for name in merging.MOVING}
    assert now == rows | {"leads.stages": rows["leads.stages"] + 1, "leads.merges": 2}
    assert aside == {
        "leads.products": 1,
        "leads.tags": 1,
        "leads.guests": 1,
        "leads.segments": 1,
        "leads.bulk_items": 1,
        "nurture.messages": 1,
    }
    assert find_broken() == []


def test_facts_are_filled_in_and_chosen(at: datetime, manager: User) -> None:
    kept, gone = merging.rich_pair(at=at)

    merge(kept, gone, manager, at, facts={"last_name": "gone", "phone": "kept"})

    lead = Lead.objects.get(pk=kept.pk)
    assert (lead.last_name, lead.phone) == ("Lovelace", "+49301234567")
    assert (lead.job_title, lead.external_id) == ("Analyst", "crm-7")
    assert lead.email == kept.email
    assert lead.attributes == {"size": 1.5, "shoe": "left", "hat": "round"}
    assert lead.created_at == min(kept.created_at, gone.created_at)
    assert [one.pk for one in queries.find_leads(user=manager, q="lovelace")] == [kept.pk]


@pytest.mark.parametrize("facts", [{"shoe": "gone"}, {"phone": "both"}])
def test_only_facts_and_sides_that_are_known_can_be_chosen(
    facts: dict[str, str], at: datetime, manager: User
) -> None:
    kept, gone = people.inquiries(2, at=at)

    with pytest.raises(Invalid):
        merge(kept, gone, manager, at, facts=facts)


def test_cycles_of_both_stay_apart_and_the_newest_row_says_where_the_lead_stands(
    at: datetime, manager: User
) -> None:
    kept, gone = merging.rich_pair(at=at)

    merge(kept, gone, manager, at + DAY)

    lead = Lead.objects.get(pk=kept.pk)
    newest = StageChange.objects.filter(lead=kept).latest("pk")
    assert (newest.verb, newest.from_stage_id, newest.to_stage_id, newest.cycle) == (
        "combine", "recycled", "recycled", lead.cycle
    )  # fmt: skip
    assert (lead.last_change, lead.cycle, lead.stage) == (newest.pk, 4, "recycled")
    entries = StageChange.objects.filter(lead=kept, from_stage=None).order_by("cycle")
    assert list(entries.values_list("cycle", flat=True)) == [1, 2, 4]
    assert list(Offer.objects.order_by("pk").values_list("cycle", flat=True)) == [2, 4, 3]
    assert lead.stage_since == kept.stage_since


def test_guests_of_one_event_become_one(at: datetime, manager: User) -> None:
    kept, gone = merging.rich_pair(at=at)

    merge(kept, gone, manager, at)

    guest = Guest.objects.get(campaign__key="show")
    assert (guest.lead_id, guest.invited_at, guest.attended_at) == (kept.pk, at, at)
    assert guest.note == "Hat"


def test_pairs_said_to_be_two_people_stay_so(at: datetime, manager: User) -> None:
    kept, gone, third = people.inquiries(3, at=at)
    DuplicatePair.objects.create(
        first=gone, second=third, likeness=80, found_at=at, state="dismissed"
    )

    merge(kept, gone, manager, at)

    pair = DuplicatePair.objects.get()
    assert (pair.first_id, pair.second_id, pair.state) == (kept.pk, third.pk, "dismissed")


@pytest.mark.parametrize("is_kept_first", [True, False])
def test_a_later_no_of_either_counts(is_kept_first: bool, at: datetime, manager: User) -> None:
    kept, gone = people.inquiries(2, at=at)
    willing, unwilling = (kept, gone) if is_kept_first else (gone, kept)
    leads.record_consent(lead_ids=[willing.pk], purpose="marketing", source="form", at=at)
    leads.withdraw_consent(lead_ids=[unwilling.pk], purpose="marketing", source="x", at=at + DAY)

    merge(kept, gone, manager, at + 2 * DAY)

    assert [one.is_given for one in queries.latest_consents(lead=kept)] == [False]


@pytest.mark.parametrize("is_kept_first", [True, False])
def test_of_a_yes_and_a_no_at_one_moment_the_no_counts(
    is_kept_first: bool, at: datetime, manager: User
) -> None:
    kept, gone = people.inquiries(2, at=at)
    willing, unwilling = (kept, gone) if is_kept_first else (gone, kept)
    leads.withdraw_consent(lead_ids=[unwilling.pk], purpose="marketing", source="x", at=at)
    leads.record_consent(lead_ids=[willing.pk], purpose="marketing", source="form", at=at)

    done = merge(kept, gone, manager, at + DAY)

    assert [one.is_given for one in queries.latest_consents(lead=kept)] == [False]
    leads.undo_merge(merge_id=done.pk, by=manager, at=at + DAY)
    assert [one.is_given for one in queries.latest_consents(lead=willing)] == [True]


def test_a_newer_yes_counts(at: datetime, manager: User) -> None:
    kept, gone = people.inquiries(2, at=at)
    leads.withdraw_consent(lead_ids=[kept.pk], purpose="marketing", source="x", at=at)
    leads.record_consent(lead_ids=[gone.pk], purpose="marketing", source="form", at=at + DAY)

    merge(kept, gone, manager, at + 2 * DAY)

    assert [one.is_given for one in queries.latest_consents(lead=kept)] == [True]
