"""One act on many leads: what becomes of each is what the single verb would have done."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from leadflow.core.errors import Invalid, NotAllowed
from leadflow.core.models import Role, User
from leads import queries
from leads import services as leads
from leads.models import BulkAct, BulkItem, Handoff, Lead, Offer, Opportunity, Stage, StageChange
from leads.services import bulk
from tests.factories import people

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def start(rows: list[Lead], verb: str, by: User, at: datetime, **said: Any) -> BulkAct:
    """Freeze an act on these leads."""
    chosen = Lead.objects.filter(pk__in=[row.pk for row in rows])
    return leads.start_bulk(verb=verb, said=said, chosen=chosen, token=uuid.uuid4(), by=by, at=at)


def do(rows: list[Lead], verb: str, by: User, at: datetime, **said: Any) -> BulkAct:
    """Freeze an act on these leads and do it."""
    act = start(rows, verb, by, at, **said)
    leads.run_bulk(act_id=act.pk, at=at)
    act.refresh_from_db()
    return act


def results(act: BulkAct) -> dict[int, tuple[str, str]]:
    return {item.lead_id: (item.outcome, item.sentence) for item in act.items.all()}


def stages(rows: list[Lead]) -> list[str]:
    return [row.stage for row in people.fresh(rows)]


@pytest.fixture
def everywhere(at: datetime, rep: User) -> list[Lead]:
    """A lead in each stage that the shipped path has, with its twin."""
    rows = people.inquiries(14, at=at)
    ids = [row.pk for row in rows]
    leads.offer(lead_ids=ids[2:], at=at)
    leads.accept(lead_ids=ids[4:], at=at, by=rep)
    leads.advance(lead_ids=ids[6:], at=at)
    leads.advance(lead_ids=ids[8:], at=at, amount=Decimal(5))
    leads.win(lead_ids=ids[10:12], at=at)
    leads.disqualify(lead_ids=ids[12:], at=at, reason="fake")
    return people.fresh(rows)


SAID = {
    "offer": {}, "advance": {}, "win": {}, "revive": {}, "accept": {},
    "reject": {"reason": "no_need"}, "lose": {"reason": "price", "note": "Too dear"},
    "recycle": {"reason": "not_now"}, "disqualify": {"reason": "other", "note": "A robot"},
}  # fmt: skip


@pytest.mark.parametrize("verb", SAID)
def test_each_lead_fares_as_by_the_single_verb(
    verb: str, everywhere: list[Lead], manager: User, at: datetime
) -> None:
    said, one, other = SAID[verb], everywhere[::2], everywhere[1::2]

    act = do(one, verb, manager, at + HOUR, **said)
    alone = {
        row.pk: leads.VERBS[verb](lead_ids=[row.pk], at=at + HOUR, by=manager, **said)
        for row in other
    }

    assert stages(one) == stages(other)
    assert [results(act)[row.pk] for row in one] == [
        ("refused", alone[row.pk].refused[row.pk]) if alone[row.pk].refused else ("done", "")
        for row in other
    ]
    assert (act.state, act.total, act.handled) == ("done", 7, 7)


def test_the_words_go_into_history_with_the_one_who_said_them(at: datetime, manager: User) -> None:
    (row,) = people.offered(at=at)
    act = do([row], "reject", manager, at + HOUR, reason="other", note="Moved abroad")

    change = StageChange.objects.get(lead=row, verb="reject")
    assert (change.by, change.reason, change.note) == (manager, "other", "Moved abroad")
    assert (change.cause_kind, change.cause_id, change.at) == ("bulk", act.pk, at + HOUR)


def test_what_a_stage_requires_holds_for_each_lead(at: datetime, marketer: User) -> None:
    Stage.objects.filter(key="mql").update(requires=["phone"])
    with_phone, without = people.inquiry(at=at, phone="+49301"), people.inquiry(at=at)
    act = do([with_phone, without], "offer", marketer, at)

    assert results(act)[with_phone.pk] == ("done", "")
    assert results(act)[without.pk][1].startswith("Add a phone number before")


def test_an_amount_is_expected_of_each_lead(at: datetime, rep: User) -> None:
    rows = people.offered(at=at, count=2)
    do(rows, "accept", rep, at)
    do(rows, "advance", rep, at)
    do(rows, "advance", rep, at, amount=Decimal("99.50"), currency="USD")

    assert stages(rows) == ["opportunity"] * 2
    found = Opportunity.objects.values_list("amount", "currency")
    assert list(found) == [(Decimal("99.50"), "USD")] * 2


def test_a_handoff_may_be_named(at: datetime, marketer: User) -> None:
    Handoff.objects.filter(key="qualified_inquiry").update(is_active=True)
    row = people.inquiry(at=at)
    act = do([row], "offer", marketer, at, towards="mql_sal")

    assert results(act)[row.pk][0] == "refused"  # nobody jumps over a hand-off
    with pytest.raises(Invalid, match="no hand-off"):
        start([row], "offer", marketer, at, towards="nowhere")


@pytest.mark.parametrize(
    ("verb", "said", "field"),
    [
        ("reject", {}, "reason"),
        ("reject", {"reason": "nonsense"}, "reason"),
        ("reject", {"reason": "other"}, "note"),
        ("fly", {}, "verb"),
        ("expire", {}, "verb"),
        ("assign", {"owner": 10**9}, "owner"),
    ],
)
def test_what_fits_no_lead_at_all_is_refused_at_once(
    verb: str, said: dict[str, Any], field: str, at: datetime, manager: User
) -> None:
    rows = people.offered(at=at)

    with pytest.raises(Invalid) as refusal:
        start(rows, verb, manager, at, **said)
    assert refusal.value.field == field
    assert not BulkAct.objects.exists()


def test_a_role_without_the_verb_starts_nothing(at: datetime, marketer: User, rep: User) -> None:
    rows = people.offered(at=at)

    with pytest.raises(NotAllowed, match="As marketer you may not accept"):
        start(rows, "accept", marketer, at)
    with pytest.raises(NotAllowed, match="you may not assign"):
        start(rows, "assign", rep, at)


def test_nobody_chosen_is_said(at: datetime, marketer: User) -> None:
    with pytest.raises(Invalid, match="at least one"):
        start([], "offer", marketer, at)


def test_leads_out_of_sight_are_not_even_frozen(at: datetime, rep: User, abroad: Lead) -> None:
    mine = people.inquiry(at=at)
    act = do([mine, abroad], "offer", rep, at)

    assert set(results(act)) == {mine.pk}
    assert stages([abroad]) == ["inquiry"]


def test_a_lead_that_went_out_of_sight_meanwhile_stays(
    at: datetime, rep: User, abroad: Lead
) -> None:
    row = people.inquiry(at=at)
    act = start([row], "offer", rep, at)
    Lead.objects.filter(pk=row.pk).update(territory=abroad.territory)
    leads.run_bulk(act_id=act.pk, at=at)

    assert results(act)[row.pk] == ("refused", "This lead does not exist or is not yours to see.")


def test_offers_of_other_people_stay_theirs(at: datetime, rep: User) -> None:
    ours, theirs = people.offered(at=at), people.offered(at=at)
    Offer.objects.filter(lead=theirs[0]).update(team=people.user(Role.CARE, team="care").team)
    act = do(ours + theirs, "accept", rep, at)

    assert results(act)[ours[0].pk] == ("done", "")
    assert "offered to Customer care" in results(act)[theirs[0].pk][1]


def test_leads_get_an_owner_and_lose_it(at: datetime, marketer: User, rep: User) -> None:
    rows = people.inquiries(3, at=at)
    do(rows, "assign", marketer, at, owner=rep.pk)
    assert {row.owner_id for row in people.fresh(rows)} == {rep.pk}

    act = do(rows, "assign", marketer, at)
    assert {row.owner_id for row in people.fresh(rows)} == {None}
    assert (act.done, act.refused) == (3, 0)


def test_the_same_form_twice_is_one_act(at: datetime, marketer: User, manager: User) -> None:
    rows, token = people.inquiries(2, at=at), uuid.uuid4()
    said = {"verb": "offer", "said": {}, "chosen": Lead.objects.all(), "token": token, "at": at}

    first = leads.start_bulk(by=marketer, **said)
    leads.run_bulk(act_id=first.pk, at=at)
    second = leads.start_bulk(by=marketer, **said)

    assert first == second
    assert stages(rows) == ["mql"] * 2
    with pytest.raises(Invalid, match="Somebody else"):
        leads.start_bulk(by=manager, **said)


def test_more_than_the_most_are_refused_with_a_sentence(
    at: datetime, marketer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_LEADS", 3)
    rows = people.inquiries(4, at=at)

    with pytest.raises(Invalid, match="may reach 3 leads"):
        start(rows, "offer", marketer, at)
    assert not BulkItem.objects.exists()
    assert start(rows[:3], "offer", marketer, at).total == 3


def test_the_whole_filtered_list_is_frozen(at: datetime, marketer: User) -> None:
    people.inquiries(3, at=at, country="DE")
    people.inquiries(2, at=at, country="FR")
    chosen = queries.choose_leads(user=marketer, params={"country": "DE", "sort": "newest"})
    act = leads.start_bulk(
        verb="offer", said={}, chosen=chosen, token=uuid.uuid4(), by=marketer, at=at
    )

    assert act.total == 3
    ids = list(act.items.values_list("lead_id", flat=True))
    assert ids == sorted(ids)


def test_it_goes_in_batches_and_after_an_accident_from_where_it_was(
    at: datetime, marketer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 10)
    rows = people.inquiries(25, at=at)
    act = start(rows, "offer", marketer, at)
    real_move, calls = bulk.move, []

    def dying_move(**said: Any) -> leads.Moved:
        moved = real_move(**said)
        calls.append(moved)
        if len(calls) == 2:
            raise RuntimeError("the power went out after the moves, before the results")
        return moved

    monkeypatch.setattr(bulk, "move", dying_move)
    leads.run_bulk_acts(at=at)
    act.refresh_from_db()
    assert (act.state, act.done) == ("running", 10)
    assert stages(rows).count("mql") == 10

    leads.run_bulk_acts(at=at)
    act.refresh_from_db()
    assert (act.state, act.done, act.refused) == ("done", 25, 0)
    assert StageChange.objects.filter(verb="offer").count() == 25


def test_one_act_that_fails_keeps_no_other_waiting(
    at: datetime, marketer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = start(people.inquiries(1, at=at), "offer", marketer, at)
    sound = start(people.inquiries(1, at=at), "offer", marketer, at)
    BulkAct.objects.filter(pk=broken.pk).update(said={"amount": "no number"})

    assert leads.run_bulk_acts(at=at) == 1
    sound.refresh_from_db()
    assert sound.state == "done"


def test_a_role_lost_meanwhile_refuses_the_rest(
    at: datetime, rep: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    rows = people.inquiries(5, at=at)
    act = start(rows, "offer", rep, at)
    bulk._run_batch(act.pk, at=at)
    User.objects.filter(pk=rep.pk).update(role=Role.CARE)
    leads.run_bulk_acts(at=at)

    act.refresh_from_db()
    assert (act.state, act.done, act.refused) == ("done", 2, 3)
    assert queries.group_refusals(act) == [("As customer care you may not offer leads.", 3)]


def test_stopping_leaves_the_rest_as_it_is(
    at: datetime, marketer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    rows = people.inquiries(5, at=at)
    act = start(rows, "offer", marketer, at)
    bulk._run_batch(act.pk, at=at)

    assert leads.stop_bulk(act=act, at=at) is True
    assert leads.stop_bulk(act=act, at=at) is False
    assert leads.run_bulk_acts(at=at) == 0
    assert stages(rows).count("inquiry") == 3
    act.refresh_from_db()
    assert (act.state, act.handled) == ("stopped", 2)


def test_the_refused_can_be_tried_again(at: datetime, marketer: User) -> None:
    Stage.objects.filter(key="mql").update(requires=["phone"])
    rows = people.inquiries(2, at=at)
    first = do(rows, "offer", marketer, at)
    Lead.objects.filter(pk=rows[0].pk).update(phone="+49301")
    again = leads.repeat_refused(act=first, token=uuid.uuid4(), at=at)
    leads.run_bulk(act_id=again.pk, at=at)

    again.refresh_from_db()
    assert (first.refused, again.done, again.refused) == (2, 1, 1)


def test_the_outlook_counts_by_stage_and_changes_nothing(
    everywhere: list[Lead], rep: User, at: datetime
) -> None:
    pipeline = leads.load_pipeline()
    seen = queries.foresee(chosen=Lead.objects.all(), verb="advance", by=rep, pipeline=pipeline)

    told = {
        one.stage.key: (one.count, one.target.key if one.target else None, one.lacking)
        for one in seen.outlooks
    }
    assert told == {
        "inquiry": (2, None, ()),
        "mql": (2, None, ()),
        "sal": (2, "sql", ()),
        "sql": (2, "opportunity", (("amount expected", 2),)),
        "opportunity": (2, None, ()),
        "customer": (2, None, ()),
        "disqualified": (2, None, ()),
    }
    assert (seen.total, seen.asks_amount) == (14, True)
    assert not StageChange.objects.filter(at__gt=at).exists()


def test_the_outlook_knows_whose_offers_they_are(at: datetime, rep: User) -> None:
    people.offered(at=at, count=2)
    theirs = people.offered(at=at, count=3)
    care = people.user(Role.CARE, team="care").team
    Offer.objects.filter(lead__in=theirs).update(team=care)
    pipeline = leads.load_pipeline()

    seen = queries.foresee(chosen=Lead.objects.all(), verb="accept", by=rep, pipeline=pipeline)
    assert seen.others == 3
