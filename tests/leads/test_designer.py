"""The pipeline designer: every edit is a version, what cannot be is refused in words."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from leadflow.core.errors import Conflict, DomainError, Invalid, NotAllowed
from leadflow.core.models import Calendar, User
from leads import services as leads
from leads.models import Handoff, Lead, Offer, PipelineVersion, Reason, Stage, StageChange
from nurture.models import Program
from scoring.models import LeadDefinition
from tests.factories import people

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def path() -> list[str]:
    return list(leads.load_pipeline().path)


def newest() -> PipelineVersion:
    return PipelineVersion.objects.order_by("-number")[0]


@pytest.fixture
def by(marketer: User, at: datetime) -> dict[str, Any]:
    return {"by": marketer, "at": at}


def test_a_stage_is_added_where_it_belongs(by: dict[str, Any], marketer: User) -> None:
    leads.add_stage(name="Demo held", abbreviation="DEMO", after="sql", team="sales", **by)

    assert path()[-4:] == ["sql", "demo_held", "opportunity", "customer"]
    version = newest()
    assert (version.number, version.author, version.change) == (
        2,
        marketer,
        "Added the stage “Demo held”",
    )


def test_a_lead_goes_through_the_new_stage(by: dict[str, Any], at: datetime) -> None:
    leads.add_stage(name="Demo held", abbreviation="DEMO", after="sql", **by)
    (lead,) = people.offered(at=at)
    leads.accept(lead_ids=[lead.pk], at=at).or_raise()
    leads.advance(lead_ids=[lead.pk], at=at).or_raise()
    leads.advance(lead_ids=[lead.pk], at=at).or_raise()

    last = StageChange.objects.filter(lead=lead).latest("pk")
    assert (last.to_stage_id, last.pipeline_version) == ("demo_held", 2)


def test_behind_the_win_a_new_stage_is_won_too(by: dict[str, Any]) -> None:
    leads.add_stage(name="Advocate", abbreviation="ADV", after="customer", **by)

    assert Stage.objects.get(key="advocate").kind == "won"


def test_each_version_keeps_the_whole_pipeline(by: dict[str, Any], at: datetime) -> None:
    before = leads.load_pipeline()
    leads.change_stage(key="mql", name="Ready for sales", **by)
    leads.order_stages(keys=["inquiry", "mql", "sal", "opportunity", "sql", "customer"], **by)

    then = leads.pipeline_at(at)
    assert then.content() == before.content()
    assert leads.pipeline_at(at + HOUR).path[3] == "opportunity"
    assert leads.pipeline_at(None).name("mql") == "Ready for sales"


def test_an_edit_that_changes_nothing_is_no_version(by: dict[str, Any]) -> None:
    leads.change_stage(key="mql", name="Marketing qualified", **by)
    leads.change_handoff(key="mql_sal", target=1, escalate_to=[], **by)

    assert PipelineVersion.objects.count() == 1


def test_renaming_keeps_the_key(by: dict[str, Any], at: datetime) -> None:
    (lead,) = people.offered(at=at)
    leads.change_stage(key="mql", name="Ready for sales", abbreviation="RFS", **by)

    assert Lead.objects.get(pk=lead.pk).stage == "mql"
    assert newest().change == "Renamed the stage “Marketing qualified” to “Ready for sales”"


def test_a_handoff_creates_its_two_stages(by: dict[str, Any], at: datetime, admin: User) -> None:
    leads.add_handoff(
        name="Demo desk",
        offered=leads.Side("Demo wanted", "DW", "sales"),
        accepted=leads.Side("Demo planned", "DP", "sales"),
        after="sql",
        target=0.6,
        respond_within_minutes=240,
        team="sales",
        escalate_to=[admin.pk],
        **by,
    )

    handoff = Handoff.objects.get(key="demo_desk")
    assert path()[3:6] == ["sql", "demo_wanted", "demo_planned"]
    assert (float(handoff.target), handoff.respond_within_minutes) == (0.6, 240)
    assert list(handoff.escalate_to.all()) == [admin]
    assert newest().content["escalate_to"] == {"demo_desk": [admin.pk]}


def test_leads_cross_a_new_handoff(by: dict[str, Any], at: datetime) -> None:
    leads.add_handoff(
        name="Demo desk",
        offered=leads.Side("Demo wanted", "DW"),
        accepted=leads.Side("Demo planned", "DP"),
        after="sql",
        **by,
    )
    (lead,) = people.offered(at=at)
    leads.accept(lead_ids=[lead.pk], at=at).or_raise()
    leads.advance(lead_ids=[lead.pk], at=at).or_raise()
    with pytest.raises(Conflict, match="cannot advance a lead that is in “Sales qualified”"):
        leads.advance(lead_ids=[lead.pk], at=at).or_raise()
    leads.offer(lead_ids=[lead.pk], at=at).or_raise()
    leads.accept(lead_ids=[lead.pk], at=at + HOUR).or_raise()

    assert Lead.objects.get(pk=lead.pk).stage == "demo_planned"
    assert Offer.objects.filter(handoff__key="demo_desk", outcome="accepted").count() == 1


def test_two_sides_of_one_name_are_refused(by: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="Both sides would be called “qualified”") as refused:
        leads.add_handoff(
            name="X",
            offered=leads.Side("Qualified", "Q1"),
            accepted=leads.Side("qualified ", "Q2"),
            after="inquiry",
            **by,
        )
    assert refused.value.field == "accepted_name"


def test_the_shipped_handoffs_are_switched_on_and_off(by: dict[str, Any]) -> None:
    leads.change_handoff(key="qualified_inquiry", is_active=True, **by)
    assert path()[:4] == ["inquiry", "qualified_inquiry", "qualified_inquiry_accepted", "mql"]
    assert newest().change == "Switched the hand-off “Qualified inquiry” on"

    leads.change_handoff(key="customer_care", is_active=True, **by)
    assert path()[-2:] == ["customer", "onboarded"]

    leads.change_handoff(key="qualified_inquiry", is_active=False, **by)
    assert path()[:2] == ["inquiry", "mql"]


def test_leads_of_a_side_that_is_off_go_on_from_there(by: dict[str, Any], at: datetime) -> None:
    leads.change_handoff(key="qualified_inquiry", is_active=True, **by)
    lead = people.inquiry(at=at)
    leads.offer(lead_ids=[lead.pk], at=at).or_raise()
    leads.accept(lead_ids=[lead.pk], at=at).or_raise()
    leads.change_handoff(key="qualified_inquiry", is_active=False, **by)

    leads.offer(lead_ids=[lead.pk], at=at).or_raise()

    assert Lead.objects.get(pk=lead.pk).stage == "mql"


def test_a_handoff_with_open_offers_stays_on(by: dict[str, Any], at: datetime) -> None:
    people.offered(at=at, count=2)

    with pytest.raises(Conflict, match="2 offers wait for an answer over “Marketing to sales”"):
        leads.change_handoff(key="mql_sal", is_active=False, **by)
    assert Handoff.objects.get(key="mql_sal").is_active


def test_customers_are_offered_to_care_and_never_given_back(
    by: dict[str, Any], at: datetime
) -> None:
    leads.change_handoff(key="customer_care", is_active=True, **by)
    (lead,) = people.offered(at=at)
    ids = [lead.pk]
    leads.accept(lead_ids=ids, at=at).or_raise()
    leads.advance(lead_ids=ids, at=at).or_raise()
    leads.advance(lead_ids=ids, at=at, amount=10).or_raise()
    with pytest.raises(Conflict):
        leads.offer(lead_ids=ids, at=at).or_raise()
    leads.win(lead_ids=ids, at=at).or_raise()

    with pytest.raises(Conflict, match="cannot reject"):
        leads.reject(lead_ids=ids, at=at, reason="no_need").or_raise()
    leads.accept(lead_ids=ids, at=at).or_raise()
    assert Lead.objects.get(pk=lead.pk).stage == "onboarded"
    assert Lead.objects.get(pk=lead.pk).opportunities.get().state == "won"


def test_a_stage_with_leads_is_merged_not_removed(by: dict[str, Any], at: datetime) -> None:
    leads.add_stage(name="Warm", abbreviation="WRM", after="inquiry", **by)
    rows = people.inquiries(3, at=at)
    leads.advance(lead_ids=[row.pk for row in rows], at=at)
    with pytest.raises(Conflict, match="3 leads stand in “Warm”: choose a stage to merge it into"):
        leads.retire_stage(key="warm", **by)

    leads.retire_stage(key="warm", merge_into="inquiry", **by)
    assert leads.move_merged(at=at + HOUR) == 3
    assert leads.move_merged(at=at + HOUR) == 0

    assert set(Lead.objects.values_list("stage", flat=True)) == {"inquiry"}
    last = StageChange.objects.latest("pk")
    assert (last.verb, last.from_stage_id, last.cause_kind) == ("merge", "warm", "pipeline")
    assert "warm" not in path()


def test_leads_of_a_merged_stage_can_be_moved_before_they_follow(
    by: dict[str, Any], at: datetime
) -> None:
    leads.add_stage(name="Warm", abbreviation="WRM", after="sal", **by)
    (lead,) = people.offered(at=at)
    leads.accept(lead_ids=[lead.pk], at=at)
    leads.advance(lead_ids=[lead.pk], at=at).or_raise()
    leads.retire_stage(key="warm", merge_into="sql", **by)

    leads.advance(lead_ids=[lead.pk], at=at, amount=5).or_raise()

    assert Lead.objects.get(pk=lead.pk).stage == "opportunity"
    assert leads.move_merged(at=at) == 0


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("change_stage", {"key": "nowhere", "name": "X"}, "There is no stage “nowhere”"),
    ("change_stage", {"key": "sal", "name": "opportunity"}, "There is a stage “"),
    ("change_stage", {"key": "sal", "name": " "}, "needs a name"),
    ("change_stage", {"key": "sal", "abbreviation": "x" * 11}, "1 to 10 characters"),
    ("change_stage", {"key": "sal", "position": 60}, "Position 60 is taken twice"),
    ("change_stage", {"key": "sal", "position": 35}, "would go in a circle"),
    ("change_stage", {"key": "sal", "position": 65}, "cannot stand between"),
    ("change_stage", {"key": "sql", "position": 85}, "behind the stage in which a lead is won"),
    ("change_stage", {"key": "mql", "position": 5}, "cannot stand between"),
    ("change_stage", {"key": "sal", "requires": ["moon"]}, "“moon” is nothing that a stage"),
    ("change_stage", {"key": "sal", "team": "moon"}, "There is no team “moon”"),
    ("change_stage", {"key": "sal", "colour": "red"}, "A stage has no “colour”"),
    ("change_stage", {"key": "sal", "revives_on": ["form"]}, "Only leads off the path"),
    ("change_stage", {"key": "lost", "revives_on": ["moon"]}, "“moon” is no kind of activity"),
    ("change_stage", {"key": "lost", "requires": ["phone"]}, "needs a reason, not facts"),
    ("order_stages", {"keys": ["inquiry", "mql"]}, "“Sales accepted” is missing"),
    (
        "order_stages",
        {"keys": ["inquiry", "sal", "mql", "sql", "opportunity", "customer"]},
        "would go in a circle",
    ),
    (
        "order_stages",
        {"keys": ["inquiry", "inquiry", "mql", "sal", "sql", "opportunity", "customer"]},
        "“Inquiry” is named twice",
    ),
    ("order_stages", {"keys": ["moon"]}, "There is no stage “moon”"),
    (
        "order_stages",
        {"keys": ["mql", "sal", "inquiry", "sql", "opportunity", "customer"]},
        "The path cannot begin with “Marketing qualified”",
    ),
    ("retire_stage", {"key": "sal"}, "is a side of the hand-off “Marketing to sales”"),
    ("retire_stage", {"key": "lost"}, "LeadFlow itself needs “Lost”"),
    ("retire_stage", {"key": "customer", "merge_into": "sql"}, "where leads are won"),
    ("retire_stage", {"key": "customer"}, "where leads are won: rename it"),
    ("retire_stage", {"key": "sql", "merge_into": "customer"}, "cannot become “Customer” unseen"),
    ("retire_stage", {"key": "sql", "merge_into": "mql"}, "waits for an answer"),
    ("retire_stage", {"key": "sql", "merge_into": "sql"}, "cannot take these leads"),
    ("add_stage", {"name": "A", "abbreviation": "A", "after": "moon"}, "“moon” is no stage of"),
    ("add_stage", {"name": "A", "abbreviation": "A", "after": "mql"}, "cannot stand between"),
    ("add_stage", {"name": "A", "abbreviation": "A", "after": "lost"}, "no stage of the path"),
    ("change_handoff", {"key": "moon", "target": 1}, "There is no hand-off “moon”"),
    ("change_handoff", {"key": "mql_sal", "target": 1.2}, "a share from 0 to 100"),
    ("change_handoff", {"key": "mql_sal", "target": -0.1}, "a share from 0 to 100"),
    ("change_handoff", {"key": "mql_sal", "respond_within_minutes": 0}, "from a minute to a year"),
    ("change_handoff", {"key": "mql_sal", "team": "moon"}, "There is no team “moon”"),
    ("change_handoff", {"key": "mql_sal", "calendar": "moon"}, "There is no calendar “moon”"),
    ("change_handoff", {"key": "customer_care", "expire_after_minutes": 5}, "not given back"),
    ("change_verb", {"verb": "fly", "needs_reason": False, "needs_note": False}, "no verb “fly”"),
    ("change_verb", {"verb": "win", "needs_reason": True, "needs_note": False}, "Add a reason"),
    ("change_verb", {"verb": "expire", "needs_reason": False, "needs_note": True}, "by itself"),
]


@pytest.mark.parametrize(("service", "said", "sentence"), REFUSED)
def test_what_cannot_be_is_refused_in_words(
    service: str, said: dict[str, Any], sentence: str, by: dict[str, Any]
) -> None:
    before = leads.load_pipeline().content()

    with pytest.raises(DomainError, match=sentence):
        getattr(leads, service)(**said, **by)

    assert leads.load_pipeline().content() == before
    assert PipelineVersion.objects.count() == 1


def test_a_rep_designs_nothing(rep: User, at: datetime) -> None:
    with pytest.raises(NotAllowed, match="As sales rep you may not change the pipeline"):
        leads.change_stage(key="mql", name="X", by=rep, at=at)


def test_the_two_sides_move_as_one(by: dict[str, Any]) -> None:
    leads.add_stage(name="Warm", abbreviation="WRM", after="inquiry", **by)
    leads.shift_stage(key="sal", steps=-1, **by)

    assert path()[:4] == ["inquiry", "mql", "sal", "warm"]


def test_a_stage_can_require_facts_for_every_verb(by: dict[str, Any], at: datetime) -> None:
    leads.change_stage(key="mql", requires=["phone", "company"], **by)
    lead, known = people.inquiry(at=at), people.inquiry(at=at, phone="+4930123456")

    moved = leads.offer(lead_ids=[lead.pk, known.pk], at=at)

    assert moved.refused == {
        lead.pk: "Add a phone number before this becomes Marketing qualified.",
        known.pk: "Add a company before this becomes Marketing qualified.",
    }


def test_a_verb_can_ask_for_a_reason_and_a_note(
    by: dict[str, Any], at: datetime, admin: User
) -> None:
    leads.save_reason(verb="win", label="Price", by=admin, at=at)
    leads.change_verb(verb="win", needs_reason=True, needs_note=True, **by)
    with pytest.raises(Invalid, match="Choose a reason to win"):
        leads.win(lead_ids=[], at=at)
    with pytest.raises(Invalid, match="Write a note to win"):
        leads.win(lead_ids=[], at=at, reason="price")


def test_lists_of_reasons_are_kept_in_versions_too(admin: User, at: datetime) -> None:
    leads.save_reason(verb="lose", label="Weather", by=admin, at=at)
    leads.save_reason(verb="lose", code="weather", label="Weather", by=admin, at=at)

    assert newest().change == "Added the reason “Weather” to lose"
    assert PipelineVersion.objects.count() == 2
    assert "weather" in {reason["code"] for reason in newest().content["reasons"]}


def test_other_always_needs_a_note(admin: User, at: datetime) -> None:
    with pytest.raises(Invalid, match="says nothing without a note"):
        leads.save_reason(verb="reject", code="other", label="Other", by=admin, at=at)


def test_the_last_reason_of_a_verb_that_needs_one_stays(admin: User, at: datetime) -> None:
    Reason.objects.filter(verb="lose").exclude(code="price").update(is_active=False)

    with pytest.raises(Conflict, match="the last reason to lose"):
        leads.save_reason(
            verb="lose", code="price", label="Price", is_active=False, by=admin, at=at
        )


def test_reasons_belong_to_managers_and_admins(marketer: User, at: datetime) -> None:
    with pytest.raises(NotAllowed, match="As marketer you may not change the reasons"):
        leads.save_reason(verb="lose", label="Weather", by=marketer, at=at)


def test_a_handoff_counts_its_own_calendar(by: dict[str, Any], at: datetime) -> None:
    Calendar.objects.create(key="late", name="Late shift", hours={"2": [["20:00", "22:00"]]})
    leads.change_handoff(
        key="mql_sal", uses_business_time=True, calendar="late", respond_within_minutes=60, **by
    )

    people.offered(at=at)

    assert Offer.objects.get().due_at == at.replace(hour=21, minute=0)


def test_a_target_is_a_number_that_versions_remember(by: dict[str, Any], at: datetime) -> None:
    leads.change_handoff(key="mql_sal", target=0.6, **by)

    assert newest().change == "Changed the target of “Marketing to sales” from 100 % to 60 %"
    now = timezone.now() + HOUR
    assert [h.target for h in leads.pipeline_at(now).handoffs] == [0.6]
    assert [h.target for h in leads.pipeline_at(at).handoffs] == [1.0]


def test_a_stage_that_others_name_stays_until_they_let_go(by: dict[str, Any], at: datetime) -> None:
    Program.objects.update(stages=["sql"])
    named = {"any": [{"field": "stage", "op": "in", "value": ["sql", "sal"]}]}
    LeadDefinition.objects.filter(state="signed").update(condition=named)

    with pytest.raises(Conflict, match="still named by") as refused:
        leads.retire_stage(key="sql", **by)

    assert "the program “" in str(refused.value)
    assert "the lead definition of “Marketing to sales”" in str(refused.value)
