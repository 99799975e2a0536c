"""Definitions in effect: what they ask for, how they begin, and how time makes leads ready."""

from datetime import datetime, timedelta

import pytest

from leads import services as leads
from leads.models import Offer
from scoring import queries
from scoring import services as scoring
from scoring.models import DefinitionDay, LeadDefinition, WaitingLead
from tests.factories import people
from tests.scoring.agreeing import ANY_SCORE, DEMO, agree, propose, stages_of
from tests.scoring.conftest import now

pytestmark = pytest.mark.django_db

PHONE = {"field": "phone", "op": "known"}


def follow(at: datetime) -> int:
    scoring.begin_agreed(at=at)
    return scoring.follow_definitions(at=at)


# ---- who asked for it, and who is left out


def test_a_demo_request_goes_straight_to_the_queue(marketer, rep, at, happen, settle) -> None:
    version = agree(marketer, rep, at, hand_raise=DEMO)
    cold, asking = people.inquiries(2, at=at)
    happen(cold, "form", title="Newsletter")
    happen(asking, "form", title="Request a demo")
    settle()

    offer = Offer.objects.get()
    assert (offer.lead, offer.is_hand_raise, offer.cause_id) == (asking, True, version.pk)
    assert now(cold).stage == "inquiry"


def test_points_make_an_offer_that_is_no_hand_raise(marketer, rep, at, hot_lead, settle) -> None:
    agree(marketer, rep, at, hand_raise=DEMO)
    hot_lead()
    settle()

    assert not Offer.objects.get().is_hand_raise


def test_whoever_is_excluded_is_not_offered_even_on_request(
    marketer, rep, at, happen, hot_lead, settle
) -> None:
    rival = {"field": "tag", "op": "has", "value": "competitor"}
    spy = people.inquiry(at=at, phone="+4930999")
    leads.tag_leads(lead_ids=[spy.pk], names=["Competitor"], by=marketer, at=at)
    agree(marketer, rep, at, hand_raise=DEMO, exclusions=rival)

    happen(spy, "form", title="Request a demo")
    settle()

    assert now(spy).stage == "inquiry"


def test_a_lead_that_is_excluded_no_longer_is_offered(marketer, rep, at, hot_lead, settle) -> None:
    rival = {"field": "tag", "op": "has", "value": "competitor"}
    lead = people.inquiry(at=at, phone="+4930999")
    leads.tag_leads(lead_ids=[lead.pk], names=["Competitor"], by=marketer, at=at)
    agree(marketer, rep, at, condition=PHONE, exclusions=rival)
    settle()
    assert now(lead).stage == "inquiry"

    leads.untag_leads(lead_ids=[lead.pk], keys=["competitor"], by=marketer, at=at)
    settle()

    assert now(lead).stage == "mql"


def test_the_same_request_is_not_offered_twice_but_a_new_one_is(
    marketer, rep, at, happen, settle
) -> None:
    agree(marketer, rep, at, hand_raise=DEMO)
    lead = people.inquiry(at=at)
    happen(lead, "form", title="Request a demo")
    settle()
    leads.reject(lead_ids=[lead.pk], by=rep, reason="too_early", at=at).or_raise()
    leads.revive(lead_ids=[lead.pk], at=at + timedelta(minutes=1)).or_raise()
    settle()
    assert now(lead).stage == "inquiry"

    happen(lead, "form", title="Request a demo", ago=-timedelta(days=2))
    offered = scoring.offer_ready(lead_ids=[lead.pk], at=at + timedelta(days=3))

    assert offered == [lead.pk]


def test_a_request_that_comes_with_an_import_waits_for_the_next_activity(
    marketer, rep, at, happen, settle
) -> None:
    agree(marketer, rep, at, hand_raise=DEMO)
    lead = people.inquiry(at=at)
    happen(lead, "form", title="Request a demo", silent=True)
    settle()
    assert scoring.follow_definitions(at=at + timedelta(minutes=1)) == 0

    happen(lead, "page_view")
    settle()

    assert Offer.objects.get(lead=lead).is_hand_raise


# ---- how it takes effect


def test_a_date_in_the_future_takes_effect_by_itself(
    marketer, rep, at, definition, hot_lead
) -> None:
    day = at + timedelta(days=7)
    version = agree(marketer, rep, at, starts_at=day)
    assert version.state == "agreed"
    assert scoring.begin_agreed(at=day - timedelta(seconds=1)) == 0
    assert queries.current_definition("mql_sal") == definition

    assert scoring.begin_agreed(at=day) == 1

    current = queries.current_definition("mql_sal")
    assert (current, current.effective_at) == (version, day)
    assert scoring.begin_agreed(at=day) == 0


def test_what_is_agreed_later_wins_over_what_has_not_begun(marketer, rep, at) -> None:
    first = agree(marketer, rep, at, starts_at=at + timedelta(days=7))
    second = agree(marketer, rep, at)

    scoring.begin_agreed(at=at + timedelta(days=8))

    assert queries.current_definition("mql_sal") == second
    assert LeadDefinition.objects.get(pk=first.pk).state == "withdrawn"


def crowd(hot_lead, count: int) -> list:
    return [hot_lead(silent=True, phone=f"+49301{n:05}") for n in range(count)]


def test_at_most_so_many_a_day_also_after_days_without_workers(
    marketer, rep, at, hot_lead, settle
) -> None:
    rows = crowd(hot_lead, 7)
    settle()
    version = agree(marketer, rep, at, takes_effect="daily", a_day=2)

    per_day = []
    for days in (0, 0, 1, 5, 6, 7):  # nobody worked on three days in between
        per_day.append(follow(at + timedelta(days=days, minutes=len(per_day))))

    assert per_day == [2, 0, 2, 2, 1, 0]
    assert set(stages_of(rows)) == {"mql"}
    assert sum(DefinitionDay.objects.values_list("offered", flat=True)) == 7
    assert LeadDefinition.objects.get(pk=version.pk).applied_at is not None


@pytest.mark.parametrize(("first_come", "place"), [("oldest", 0), ("score", 1)])
def test_who_comes_first_is_as_agreed(
    first_come, place, marketer, rep, at, hot_lead, happen, settle
) -> None:
    old = hot_lead(silent=True, ago=timedelta(days=9), persona="decision_maker")
    warm = hot_lead(silent=True, phone="+4930222")
    happen(warm, "event", "email_click", "video", silent=True)
    settle()
    agree(marketer, rep, at, takes_effect="daily", a_day=1, first_come=first_come)

    follow(at)

    assert stages_of([old, warm])[place] == "mql"
    assert stages_of([old, warm])[1 - place] == "inquiry"


def test_whoever_does_something_need_not_wait_for_their_turn(
    marketer, rep, at, hot_lead, happen, settle
) -> None:
    rows = crowd(hot_lead, 3)
    settle()
    agree(marketer, rep, at, takes_effect="daily", a_day=1)
    follow(at)
    last = rows[2]

    happen(last, "page_view")
    settle()

    assert stages_of(rows) == ["mql", "inquiry", "mql"]
    assert follow(at + timedelta(days=1)) == 1


def test_the_number_previewed_is_the_number_that_is_offered(
    marketer, rep, at, hot_lead, settle
) -> None:
    crowd(hot_lead, 4)
    settle()
    draft = propose(marketer, at, takes_effect="everybody", hand_raise=DEMO)
    foreseen = queries.foresee(draft, stages=scoring.stages_before(draft), at=at)

    agree(marketer, rep, at, takes_effect="everybody", hand_raise=DEMO)
    assert foreseen.ready == follow(at) == 4


# ---- as time goes by


def test_a_relative_date_makes_a_lead_ready(marketer, rep, at, settle) -> None:
    quiet = {"field": "created", "op": "older_days", "value": 10}
    young, old = people.inquiries(2, at=at - timedelta(days=5))
    agree(marketer, rep, at, condition=quiet)
    settle()

    assert follow(at + timedelta(days=4)) == 0
    assert follow(at + timedelta(days=6)) == 2
    assert stages_of([young, old]) == ["mql", "mql"]


def test_points_that_fade_make_a_lead_ready(marketer, rep, at, happen, settle) -> None:
    cooled = {
        "all": [
            {"field": "engagement", "op": "lte", "value": 6},
            {"field": "engagement", "op": "gte", "value": 1},
        ]
    }
    lead = people.inquiry(at=at)
    happen(lead, "form")
    settle()
    agree(marketer, rep, at, condition=cooled)
    settle()
    assert now(lead).stage == "inquiry"

    later = at + timedelta(days=60)  # half of ten is left
    scoring.score_leads(lead_ids=[lead.pk], at=later)
    scoring.refresh_scores(at=later)
    settle()

    assert now(lead).engagement == 5
    assert now(lead).stage == "mql"


def test_fading_offers_nobody_who_waits_for_an_activity(marketer, rep, at, happen, settle) -> None:
    cooled = {"field": "engagement", "op": "lte", "value": 20}
    lead = people.inquiry(at=at)
    happen(lead, "form")
    settle()
    agree(marketer, rep, at, condition=cooled)
    assert WaitingLead.objects.filter(lead=lead).exists()

    scoring.score_leads(lead_ids=[lead.pk], at=at + timedelta(days=60))
    settle()

    assert now(lead).stage == "inquiry"


def test_a_rule_version_offers_nobody_by_itself(marketer, rep, at, happen, settle, draft) -> None:
    from tests.scoring.versions import in_draft

    lead = people.inquiry(at=at)
    happen(lead, "form")
    settle()
    agree(marketer, rep, at, condition={"field": "engagement", "op": "gte", "value": 30})
    figures = scoring.Figures(rule_points={in_draft("Sent a form"): 40})
    scoring.change_figures(figures=figures, by=marketer, at=at)
    scoring.publish_draft(by=marketer, at=at)
    while scoring.refresh_scores(at=at):
        pass
    settle()
    assert (now(lead).engagement, now(lead).stage) == (40, "inquiry")

    happen(lead, "page_view")
    settle()
    assert now(lead).stage == "mql"


def test_a_definition_that_cannot_be_asked_any_more_stops_no_other(
    marketer, rep, at, hot_lead, settle
) -> None:
    version = agree(marketer, rep, at)
    LeadDefinition.objects.filter(pk=version.pk).update(
        condition={"field": "gone_with_its_app", "op": "gte", "value": 1}
    )
    lead = hot_lead()
    settle()

    assert follow(at) == 0
    assert now(lead).stage == "inquiry"
    assert "gone_with_its_app" in queries.find_fault(LeadDefinition.objects.get(pk=version.pk))


# ---- circles


def test_a_definition_does_not_ask_for_the_stage_it_leads_to(marketer, at) -> None:
    from leadflow.core.errors import Invalid

    asked = {"all": [ANY_SCORE, {"field": "stage", "op": "in", "value": ["inquiry", "mql"]}]}
    with pytest.raises(Invalid, match="decides who becomes") as error:
        propose(marketer, at, condition=asked)
    assert error.value.field == "condition"


def test_nor_through_a_segment_of_segments(marketer, at) -> None:
    from leadflow.core.errors import Invalid

    inner = {"field": "stage", "op": "eq", "value": "sal"}
    leads.create_segment(name="Taken", condition=inner, by=marketer, at=at)
    outer = {"any": [{"field": "segment", "op": "has", "value": "taken"}]}
    leads.create_segment(name="Outer", condition=outer, by=marketer, at=at)

    with pytest.raises(Invalid, match="through the segment “Outer”"):
        propose(marketer, at, condition={"field": "segment", "op": "has", "value": "outer"})


def test_leaving_customers_out_by_their_stage_is_no_circle(marketer, at) -> None:
    customers = {"field": "stage", "op": "eq", "value": "sal"}
    assert propose(marketer, at, exclusions=customers).state == "draft"
