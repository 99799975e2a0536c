"""From activities to an offer: what crosses the definition, and what never happens twice."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from leads import services as leads
from leads.events import ActivitiesRecorded
from leads.models import Lead, Offer
from scoring import handlers, queries
from scoring import services as scoring
from scoring.models import LeadDefinition
from tests.factories import people
from tests.scoring.conftest import now

pytestmark = pytest.mark.django_db


def test_two_pages_a_white_paper_and_a_form_with_phone_make_an_offer(
    hot_lead, settle, definition
) -> None:
    lead = hot_lead()
    settle()

    offer = Offer.objects.get(lead=lead)
    assert now(lead).stage == "mql"
    assert (offer.cause_kind, offer.cause_id) == ("definition", definition.pk)
    assert now(lead).score >= 60


@pytest.mark.parametrize(
    "facts",
    [
        {"phone": "+4930123456"},
        {"phone": "+4930123456", "persona": "decision_maker", "email": "boss@example.com"},
        {"phone": ""},
    ],
)
def test_a_form_alone_makes_no_offer(facts, at, happen, settle) -> None:
    lead = people.inquiry(at=at, **facts)
    happen(lead, "form", "page_view")
    settle()

    assert now(lead).stage == "inquiry"
    assert not Offer.objects.exists()


def test_without_a_phone_number_nobody_is_offered(hot_lead, happen, settle) -> None:
    lead = hot_lead(phone="", persona="decision_maker")
    happen(lead, "event", "event", "email_click")
    settle()

    assert now(lead).stage == "inquiry"


def test_a_phone_number_that_comes_later_makes_the_offer(hot_lead, settle, at) -> None:
    lead = hot_lead(phone="")
    settle()
    assert now(lead).stage == "inquiry"

    leads.update_facts(facts_by_lead={lead.pk: {"phone": "+4930123456"}}, at=at)
    settle()

    assert now(lead).stage == "mql"


def test_handling_the_same_event_twice_offers_once(hot_lead, settle, at) -> None:
    lead = hot_lead()
    settle()
    event = ActivitiesRecorded(at=at, lead_ids=(lead.pk,))

    handlers.score_touched(event)
    handlers.score_touched(event)

    assert Offer.objects.filter(lead=lead).count() == 1


def test_silent_history_is_scored_but_offers_nobody(hot_lead, settle, at) -> None:
    lead = hot_lead(silent=True)
    settle()
    scoring.follow_definitions(at=at + timedelta(days=1))

    assert now(lead).score >= 60
    assert now(lead).stage == "inquiry"


def test_silent_history_is_offered_at_the_next_activity(hot_lead, happen, settle) -> None:
    lead = hot_lead(silent=True)
    settle()

    happen(lead, "page_view")
    settle()

    assert now(lead).stage == "mql"


def test_a_batch_is_offered_with_as_many_queries_as_one_lead(hot_lead, settle, at) -> None:
    def queries_for(count: int) -> int:
        rows = [hot_lead(silent=True, phone=f"+4930{count}{n:05}") for n in range(count)]
        settle()
        with _counted() as queries_made:
            handlers.score_touched(
                ActivitiesRecorded(at=at, lead_ids=tuple(row.pk for row in rows))
            )
        assert {now(row).stage for row in rows} == {"mql"}
        return len(queries_made)

    assert queries_for(20) == queries_for(1)


def _counted():
    from django.test.utils import CaptureQueriesContext

    return CaptureQueriesContext(connection)


# ---- nobody is offered twice for the same facts


@pytest.fixture
def rejected(hot_lead, settle, rep, at):
    """A lead that sales gave back ("too early": thirty days of cool-down) and that was revived."""

    def make(reason: str = "too_early") -> Lead:
        lead = hot_lead(ago=timedelta(hours=1))
        settle()
        leads.reject(lead_ids=[lead.pk], at=at, by=rep, reason=reason).or_raise()
        settle()
        leads.revive(lead_ids=[lead.pk], at=at + timedelta(minutes=1)).or_raise()
        settle()
        return lead

    return make


def test_a_rejected_lead_is_not_offered_again_for_the_same_facts(rejected, settle, at) -> None:
    lead = rejected("bad_data")  # no cool-down

    scoring.follow_definitions(at=at + timedelta(days=1))

    assert now(lead).stage == "inquiry"
    assert now(lead).score >= 60


def offer_after(lead: Lead, *, at: datetime) -> list[int]:
    """Score a lead as of `at` and offer it if it is ready."""
    scoring.score_leads(lead_ids=[lead.pk], at=at)
    return scoring.offer_ready(lead_ids=[lead.pk], at=at)


def test_one_more_page_does_not_offer_a_rejected_lead_again(rejected, happen, at) -> None:
    lead = rejected("bad_data")
    happen(lead, "page_view", ago=-timedelta(minutes=5))

    assert offer_after(lead, at=at + timedelta(minutes=10)) == []
    assert scoring.follow_definitions(at=at + timedelta(minutes=10)) == 0
    assert now(lead).score >= 60


def test_points_enough_since_offer_a_rejected_lead_again(rejected, happen, white_paper, at) -> None:
    lead = rejected("bad_data")
    happen(lead, "event", "download", asset=white_paper, ago=-timedelta(minutes=5))

    assert offer_after(lead, at=at + timedelta(minutes=10)) == [lead.pk]
    assert Offer.objects.filter(lead=lead).count() == 2


def test_an_offer_that_ran_out_counts_like_a_rejection(
    hot_lead, settle, happen, white_paper, at
) -> None:
    lead = hot_lead(ago=timedelta(hours=1))
    settle()
    leads.expire(lead_ids=[lead.pk], at=at).or_raise()
    leads.revive(lead_ids=[lead.pk], at=at + timedelta(minutes=1)).or_raise()
    happen(lead, "page_view", ago=-timedelta(minutes=5))
    assert offer_after(lead, at=at + timedelta(minutes=10)) == []

    happen(lead, "event", "download", asset=white_paper, ago=-timedelta(minutes=15))
    assert offer_after(lead, at=at + timedelta(minutes=20)) == [lead.pk]


@pytest.mark.parametrize("field", ["engagement", "grade"])
def test_every_form_of_the_score_counts_anew(field, definition, rejected, happen, at) -> None:
    asked = {
        "engagement": {"field": "engagement", "op": "gt", "value": 20},
        "grade": {"not": {"field": "grade", "op": "in", "value": ["A3", "B3", "C3"]}},
    }
    LeadDefinition.objects.filter(pk=definition.pk).update(condition=asked[field])
    lead = rejected("bad_data")
    happen(lead, "page_view", ago=-timedelta(minutes=5))
    assert offer_after(lead, at=at + timedelta(minutes=10)) == []

    happen(lead, "event", ago=-timedelta(minutes=15))
    assert offer_after(lead, at=at + timedelta(minutes=20)) == [lead.pk]


@pytest.mark.parametrize(
    ("verb", "reason", "days"), [("lose", "no_decision", 90), ("recycle", "not_now", 60)]
)
def test_a_lead_that_was_lost_or_recycled_cools_down(
    verb, reason, days, hot_lead, settle, happen, white_paper, rep, at
) -> None:
    lead = hot_lead(ago=timedelta(hours=1))
    settle()
    leads.accept(lead_ids=[lead.pk], at=at, by=rep).or_raise()
    leads.VERBS[verb](lead_ids=[lead.pk], at=at, by=rep, reason=reason).or_raise()
    leads.revive(lead_ids=[lead.pk], at=at + timedelta(minutes=1)).or_raise()
    during, after = at + timedelta(days=days - 1), at + timedelta(days=days, minutes=1)
    happen(lead, "event", "download", asset=white_paper, ago=at - during)

    assert offer_after(lead, at=during) == []
    assert scoring.follow_definitions(at=after) == 1
    assert now(lead).stage == "mql"


def test_what_was_taken_back_cools_nobody_down(hot_lead, settle, rep, manager, at) -> None:
    lead = hot_lead()
    leads.recycle(lead_ids=[lead.pk], by=rep, reason="not_now", at=at)
    last = now(lead).last_change
    leads.take_back(change_ids=[last], by=manager, at=at).or_raise()

    settle()

    assert now(lead).stage == "mql"


def test_an_offer_taken_back_is_not_made_again_at_once(hot_lead, settle, manager, at) -> None:
    lead = hot_lead()
    settle()
    leads.take_back(change_ids=[now(lead).last_change], by=manager, at=at).or_raise()

    settle()

    assert now(lead).stage == "inquiry"
    assert not Offer.objects.exists()


def test_a_reason_is_that_of_its_verb(hot_lead, settle, happen, white_paper, rep, at) -> None:
    lead = hot_lead(ago=timedelta(hours=1))
    settle()
    leads.recycle(lead_ids=[lead.pk], at=at, by=rep, reason="other", note="Moves").or_raise()
    leads.revive(lead_ids=[lead.pk], at=at + timedelta(minutes=1)).or_raise()
    for days in (31, 60):
        happen(lead, "event", "download", asset=white_paper, ago=-timedelta(days=days))

    # "other" of a rejection is thirty days, of recycling sixty
    assert offer_after(lead, at=at + timedelta(days=32)) == []
    assert offer_after(lead, at=at + timedelta(days=61)) == [lead.pk]


def test_many_rejected_leads_take_as_many_queries_as_one(
    hot_lead, settle, happen, white_paper, rep, at
) -> None:
    def queries_for(count: int) -> int:
        rows = [hot_lead(phone=f"+4930{count}{n:05}", ago=timedelta(hours=1)) for n in range(count)]
        ids = [row.pk for row in rows]
        settle()
        leads.reject(lead_ids=ids, at=at, by=rep, reason="bad_data").or_raise()
        leads.revive(lead_ids=ids, at=at + timedelta(minutes=1)).or_raise()
        for row in rows:
            happen(row, "event", "download", asset=white_paper, ago=-timedelta(minutes=5))
        later = at + timedelta(minutes=10)
        scoring.score_leads(lead_ids=ids, at=later)
        with _counted() as queries_made:
            assert scoring.offer_ready(lead_ids=ids, at=later) == ids
        return len(queries_made)

    assert queries_for(20) == queries_for(1)


@pytest.mark.parametrize("kind", ["email_sent", "call", "note", "letter_sent"])
def test_what_we_did_ourselves_is_no_new_fact(kind, rejected, happen, at) -> None:
    lead = rejected("bad_data")
    happen(lead, kind, ago=-timedelta(minutes=5))

    assert scoring.offer_ready(lead_ids=[lead.pk], at=at + timedelta(minutes=10)) == []


def test_what_a_machine_did_is_no_new_fact(rejected, happen, at) -> None:
    lead = rejected("bad_data")
    happen(lead, "email_click", ago=-timedelta(minutes=5), is_automatic=True)

    assert scoring.offer_ready(lead_ids=[lead.pk], at=at + timedelta(minutes=10)) == []


def test_the_cool_down_of_the_reason_must_be_over(rejected, happen, white_paper, at) -> None:
    lead = rejected("too_early")
    for days in (2, 3):
        happen(lead, "download", "event", ago=-timedelta(days=days), asset=white_paper)
    during, after = at + timedelta(days=29), at + timedelta(days=30, minutes=1)
    scoring.score_leads(lead_ids=[lead.pk], at=during)

    assert scoring.follow_definitions(at=during) == 0
    assert scoring.follow_definitions(at=after) == 1
    assert now(lead).stage == "mql"


# ---- scores that stay right


def test_an_event_that_comes_late_does_not_undo_a_newer_score(hot_lead, settle, happen, at) -> None:
    lead = people.inquiry(at=at)
    settle()
    happen(lead, "form", ago=-timedelta(hours=1))
    scoring.score_leads(lead_ids=[lead.pk], at=at + timedelta(hours=1))

    scoring.score_leads(lead_ids=[lead.pk], at=at)

    assert now(lead).engagement == 10
    assert now(lead).scored_at == at + timedelta(hours=1)


def test_an_unsubscribe_takes_points_that_do_not_come_back(happen, settle, at) -> None:
    lead = people.inquiry(at=at)
    happen(lead, "unsubscribe", "unsubscribe", ago=timedelta(days=400))
    happen(lead, "form")
    settle()

    assert now(lead).engagement == -10


def test_everything_a_score_is_made_of_is_explained(hot_lead, settle, at) -> None:
    lead = hot_lead(ago=timedelta(days=30), persona="decision_maker")
    settle()

    said = queries.explain(now(lead), at)

    snapshot = now(lead)
    assert (said.engagement, said.fit, said.grade) == (
        snapshot.engagement, snapshot.fit, snapshot.grade,
    )  # fmt: skip
    paper = next(part for part in said.contributions if part.title == "Saving energy")
    assert (paper.points, round(paper.remaining, 6)) == (20, 10)
    assert {fact.label: fact.points for fact in said.facts} == {
        "Phone number known": 30,
        "Decision maker": 15,
    }
    assert said.rule_version == 1
    assert sum(part.remaining for part in said.contributions) == pytest.approx(
        said.exact_engagement
    )


def test_limits_and_caps_say_what_they_took(white_paper, happen, settle, at) -> None:
    lead = people.inquiry(at=at)
    happen(lead, *["download"] * 4, asset=white_paper)
    happen(lead, *["page_view"] * 6)
    settle()

    said = queries.explain(lead, at)

    left_out = [part.rule for part in said.contributions if not part.is_counted]
    assert sorted(left_out) == ["Downloaded a white paper", "Viewed a page"]
    (content,) = said.groups
    assert (content.earned, content.cap, content.counts) == (70, 60, 60)
    assert now(lead).engagement == 60


def test_the_definition_in_effect_is_found_by_its_handoff(definition) -> None:
    assert queries.current_definition("mql_sal") == definition
    assert queries.current_definition("customer_care") is None
    assert definition.state == LeadDefinition.State.SIGNED
