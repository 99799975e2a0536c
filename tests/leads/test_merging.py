"""Two records of one person become one: nothing is lost, and undoing brings every row back."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from leadflow.core.errors import Conflict, Invalid, NotAllowed
from leadflow.core.models import User
from leadflow.operations.invariants import find_broken
from leads import queries
from leads import services as leads
from leads.models import (
    Activity,
    Consent,
    DuplicatePair,
    Guest,
    Lead,
    Merge,
    Offer,
    Opportunity,
    StageChange,
)
from tests.factories import merging, people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def merge(kept: Lead, gone: Lead, by: User, at: datetime, **said: Any) -> Merge:
    return leads.merge_leads(kept_id=kept.pk, gone_id=gone.pk, by=by, at=at, **said)


def wants_mail(lead: Lead) -> bool:
    """The last word of a lead on marketing mail."""
    words = Consent.objects.filter(lead=lead, purpose="marketing").order_by("-at", "-id")
    return words[0].is_given


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
        "leads.bulk_items": 1,
        "nurture.messages": 1,
        "scoring.predictions": 1,
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

    assert not wants_mail(kept)


@pytest.mark.parametrize("is_kept_first", [True, False])
def test_of_a_yes_and_a_no_at_one_moment_the_no_counts(
    is_kept_first: bool, at: datetime, manager: User
) -> None:
    kept, gone = people.inquiries(2, at=at)
    willing, unwilling = (kept, gone) if is_kept_first else (gone, kept)
    leads.withdraw_consent(lead_ids=[unwilling.pk], purpose="marketing", source="x", at=at)
    leads.record_consent(lead_ids=[willing.pk], purpose="marketing", source="form", at=at)

    done = merge(kept, gone, manager, at + DAY)

    assert not wants_mail(kept)
    leads.undo_merge(merge_id=done.pk, by=manager, at=at + DAY)
    assert wants_mail(willing)


def test_a_newer_yes_counts(at: datetime, manager: User) -> None:
    kept, gone = people.inquiries(2, at=at)
    leads.withdraw_consent(lead_ids=[kept.pk], purpose="marketing", source="x", at=at)
    leads.record_consent(lead_ids=[gone.pk], purpose="marketing", source="form", at=at + DAY)

    merge(kept, gone, manager, at + 2 * DAY)

    assert wants_mail(kept)


def test_what_would_make_no_sense_is_refused_in_words(
    at: datetime, manager: User, rep: User
) -> None:
    one, other = people.inquiries(2, at=at)

    with pytest.raises(Invalid, match="with itself"):
        leads.merge_leads(kept_id=one.pk, gone_id=one.pk, by=manager, at=at)
    with pytest.raises(Conflict, match="does not exist"):
        leads.merge_leads(kept_id=one.pk, gone_id=10**12, by=manager, at=at)
    with pytest.raises(NotAllowed, match="may not merge"):
        merge(one, other, rep, at)


def test_both_waiting_for_an_answer_are_refused(at: datetime, manager: User) -> None:
    one, other = people.offered(at=at, count=2)

    with pytest.raises(Conflict, match="Both wait for an answer"):
        merge(one, other, manager, at)


def test_the_one_that_waits_for_an_answer_has_to_be_kept(at: datetime, manager: User) -> None:
    (waiting,) = people.offered(at=at)
    other = people.inquiry(at=at)

    with pytest.raises(Conflict, match="keep that record"):
        merge(other, waiting, manager, at)
    merge(waiting, other, manager, at)

    assert Offer.objects.pending().get().lead_id == waiting.pk
    assert find_broken() == []


def test_two_open_opportunities_are_refused_with_their_sums(at: datetime, manager: User) -> None:
    one, other = people.inquiries(2, at=at)
    for lead, amount in ((one, 5), (other, 7)):
        Opportunity.objects.create(lead=lead, amount=amount, opened_at=at)

    with pytest.raises(Conflict, match=r"5.00 EUR and 7.00 EUR"):
        merge(*people.fresh([one, other]), manager, at)


def test_nobody_erased_is_merged(at: datetime, manager: User) -> None:
    one, other = people.inquiries(2, at=at)
    Lead.objects.filter(pk=other.pk).update(erased_at=at)

    for kept, gone in ((one, other), (other, one)):
        with pytest.raises(Conflict, match="erased"):
            merge(kept, gone, manager, at)


def test_whoever_comes_second_reads_what_became_of_the_record(at: datetime, manager: User) -> None:
    one, other, third = people.inquiries(3, at=at)
    merge(one, other, manager, at)

    with pytest.raises(Conflict, match=f"{manager} has merged this record into Ada meanwhile"):
        merge(third, other, manager, at)


def test_what_happens_after_a_merge_stays_with_the_kept_record(
    at: datetime, manager: User, rep: User
) -> None:
    kept, gone = merging.rich_pair(at=at)
    done = merge(kept, gone, manager, at + DAY)
    said = Activity(lead_id=kept.pk, kind="note", occurred_at=at + DAY, title="Later")
    leads.record_activities(activities=[said], at=at + DAY)
    facts = {
        "attributes": {"size": 1.5, "shoe": "left", "hat": "flat", "cat": "yes"},
        "country": "FR",
    }
    leads.update_facts(facts_by_lead={kept.pk: facts}, at=at + DAY)
    leads.revive(lead_ids=[kept.pk], at=at + 2 * DAY, by=manager).or_raise()
    leads.offer(lead_ids=[kept.pk], at=at + 2 * DAY, by=manager).or_raise()

    leads.undo_merge(merge_id=done.pk, by=manager, at=at + 3 * DAY)

    lead, other = people.fresh([kept, gone])
    assert Activity.objects.get(title="Later").lead_id == kept.pk
    assert (lead.stage, lead.cycle, lead.country) == ("mql", 2, "FR")
    assert lead.attributes == facts["attributes"]
    assert (lead.job_title, other.job_title) == ("", "Analyst")
    assert Offer.objects.pending().get().cycle == 2
    assert (other.stage, other.cycle) == ("recycled", 3)
    assert find_broken() == []


def test_merges_into_one_record_can_be_undone_in_any_order(at: datetime, manager: User) -> None:
    kept, gone = merging.rich_pair(at=at)
    third = people.inquiry(at=at, last_name="Byron", phone="+441")
    leads.recycle(lead_ids=[third.pk], at=at).or_raise()
    leads.revive(lead_ids=[third.pk], at=at).or_raise()
    was = merging.dump()
    first = merge(kept, gone, manager, at + DAY)
    second = merge(people.fresh([kept])[0], people.fresh([third])[0], manager, at + DAY)

    leads.undo_merge(merge_id=first.pk, by=manager, at=at + DAY)
    assert find_broken() == []
    leads.undo_merge(merge_id=second.pk, by=manager, at=at + DAY)

    assert merging.differences(was, merging.dump()) == []
    assert find_broken() == []


def test_a_chain_is_undone_from_its_end(at: datetime, manager: User) -> None:
    one, two, three = people.inquiries(3, at=at)
    was = merging.dump()
    first = merge(two, one, manager, at)
    second = merge(three, people.fresh([two])[0], manager, at)

    assert queries.follow_merges([one.pk, two.pk]) == {one.pk: three.pk, two.pk: three.pk}
    assert find_broken() == []
    with pytest.raises(Conflict, match="undo that merge first"):
        leads.undo_merge(merge_id=first.pk, by=manager, at=at)
    leads.undo_merge(merge_id=second.pk, by=manager, at=at)
    leads.undo_merge(merge_id=first.pk, by=manager, at=at)
    assert merging.differences(was, merging.dump()) == []


def test_after_an_undo_the_two_can_be_merged_the_other_way_round(
    at: datetime, manager: User
) -> None:
    one, other = people.inquiries(2, at=at)
    first = merge(one, other, manager, at)
    leads.undo_merge(merge_id=first.pk, by=manager, at=at)

    second = merge(*people.fresh([other, one]), manager, at)
    assert queries.follow_merges([one.pk]) == {one.pk: other.pk}
    leads.undo_merge(merge_id=second.pk, by=manager, at=at)

    assert Merge.objects.filter(pk=first.pk, undone_at=at).exists()
    assert find_broken() == []


def test_undoing_twice_is_once(at: datetime, manager: User) -> None:
    one, other = people.inquiries(2, at=at)
    done = merge(one, other, manager, at)

    for hours in range(2):
        leads.undo_merge(merge_id=done.pk, by=manager, at=at + timedelta(hours=hours))

    assert Merge.objects.get().undone_at == at


def test_only_a_manager_or_whoever_merged_undoes(
    at: datetime, manager: User, marketer: User, rep: User
) -> None:
    one, other = people.inquiries(2, at=at)
    done = merge(one, other, manager, at)

    with pytest.raises(Conflict, match=f"{manager} made this merge"):
        leads.undo_merge(merge_id=done.pk, by=marketer, at=at)
    with pytest.raises(NotAllowed):
        leads.undo_merge(merge_id=done.pk, by=rep, at=at)


@pytest.mark.parametrize("fact", ["email", "external_id"])
def test_an_undo_is_refused_where_a_key_was_given_to_somebody_else(
    fact: str, at: datetime, manager: User
) -> None:
    one, other = people.inquiries(2, at=at)
    Lead.objects.filter(pk=other.pk).update(external_id="crm-9")
    done = merge(*people.fresh([one, other]), manager, at, facts={fact: "kept"})
    people.inquiry(at=at, first_name="Zoe", **{fact: getattr(people.fresh([one])[0], fact) + "x"})
    taken = {"email": other.email, "external_id": "crm-9"}[fact]
    Lead.objects.filter(first_name="Zoe").update(**{fact: taken})

    with pytest.raises(Conflict, match="belongs to Zoe by now"):
        leads.undo_merge(merge_id=done.pk, by=manager, at=at)


def test_an_undo_is_refused_after_an_erasure(at: datetime, manager: User) -> None:
    one, other = people.inquiries(2, at=at)
    done = merge(one, other, manager, at)
    Merge.objects.update(before={})

    with pytest.raises(Conflict, match="erased"):
        leads.undo_merge(merge_id=done.pk, by=manager, at=at)


def test_a_merge_moves_and_tells_nobody(at: datetime, manager: User, settle: Any) -> None:
    kept, gone = people.inquiries(2, at=at)
    leads.recycle(lead_ids=[kept.pk], at=at).or_raise()
    rows = [
        Activity(lead=gone, kind="form", occurred_at=at + timedelta(hours=n), title="Form")
        for n in range(1, 30)
    ]
    leads.record_activities(activities=rows, at=at, is_silent=True)
    settle()

    merge(*people.fresh([kept, gone]), manager, at + DAY)
    settle()

    lead = Lead.objects.get(pk=kept.pk)
    assert lead.stage == "recycled"
    assert lead.engagement > 0


def test_the_change_before_a_merge_can_still_be_taken_back(
    at: datetime, manager: User, rep: User
) -> None:
    (kept,) = people.offered(at=at)
    gone = people.inquiry(at=at)
    leads.recycle(lead_ids=[gone.pk], at=at).or_raise()
    last = people.fresh([kept])[0].last_change
    merge(kept, gone, manager, at + DAY)

    leads.take_back(change_ids=[last], by=manager, at=at + DAY).or_raise()

    lead = Lead.objects.get(pk=kept.pk)
    assert (lead.stage, lead.stage_since) == ("inquiry", at)
    assert find_broken() == []


def test_each_record_has_its_own_times_in_stages(at: datetime, manager: User) -> None:
    kept, gone = people.inquiries(2, at=at)
    leads.offer(lead_ids=[gone.pk], at=at + DAY).or_raise()
    leads.recycle(lead_ids=[gone.pk], at=at + 2 * DAY).or_raise()
    leads.offer(lead_ids=[kept.pk], at=at + 3 * DAY).or_raise()

    merge(*people.fresh([kept, gone]), manager, at + 10 * DAY)

    day = 86_400
    times = queries.stage_times(lead_ids=[kept.pk], at=at + 20 * DAY)
    assert {(one.cycle, one.stage): (one.seconds // day, one.is_running) for one in times} == {
        (1, "inquiry"): (1, False),
        (1, "mql"): (1, False),
        (1, "recycled"): (8, False),
        (2, "inquiry"): (3, False),
        (2, "mql"): (17, True),
    }


def test_figures_are_the_same_before_and_after(at: datetime, manager: User, rep: User) -> None:
    kept, gone = merging.rich_pair(at=at)
    was = merging.figures(at + 90 * DAY)

    done = merge(kept, gone, manager, at + DAY)
    now = merging.figures(at + 90 * DAY)
    assert now["handoffs"] == was["handoffs"]
    assert now["velocity"] == was["velocity"]
    leads.undo_merge(merge_id=done.pk, by=manager, at=at + 2 * DAY)

    assert merging.figures(at + 90 * DAY) == was


def test_cycles_that_began_in_two_months_stay_in_their_months(at: datetime, manager: User) -> None:
    kept, gone = people.inquiry(at=at), people.inquiry(at=at - 40 * DAY)
    leads.offer(lead_ids=[gone.pk], at=at - 30 * DAY).or_raise()
    leads.recycle(lead_ids=[gone.pk], at=at - 20 * DAY).or_raise()
    was = merging.figures(at + DAY)["funnel by month"]

    merge(*people.fresh([kept, gone]), manager, at)

    assert merging.figures(at + DAY)["funnel by month"] == was


def test_one_person_counts_once_in_the_funnel(at: datetime, manager: User) -> None:
    kept, gone = people.inquiries(2, at=at)
    assert merging.figures(at + DAY)["funnel"][0] == ("inquiry", 2)

    merge(kept, gone, manager, at)

    assert merging.figures(at + DAY)["funnel"][0] == ("inquiry", 1)
