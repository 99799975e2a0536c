"""New versions of the rules and of the agreement: whole or not at all, signed by two sides."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test.utils import CaptureQueriesContext

from leadflow.core.errors import Conflict, NotAllowed
from leads.models import Lead
from scoring import queries
from scoring import services as scoring
from scoring.models import LeadDefinition, LeadPoints, Rule, RuleSet, ScoreGroup
from scoring.services import rounds
from tests.factories import people
from tests.scoring.conftest import far_apart, now
from tests.scoring.versions import everything, in_draft, publish, rule

pytestmark = pytest.mark.django_db


def test_a_new_version_holds_everything_and_names_its_author(marketer, at) -> None:
    old = queries.current_rules()

    scoring.start_draft(by=marketer, at=at)
    figures = scoring.Figures(rule_points={in_draft("Sent a form"): 17})
    scoring.change_figures(figures=figures, by=marketer, at=at)
    new = scoring.publish_draft(by=marketer, at=at, comment="Forms!")
    assert queries.current_rules() == old
    scoring.refresh_scores(at=at)

    current = queries.current_rules()
    assert (current.number, current.author, current.published_at) == (2, marketer, at)
    assert (current, current.base, current.comment) == (new, 1, "Forms!")
    assert rule("Sent a form").points == 17
    assert new.rules.count() == old.rules.count()
    assert new.fit_rules.count() == old.fit_rules.count()
    assert not Rule.objects.filter(rule_set=new).exclude(group__rule_set=new).exists()


def test_versions_before_stay_as_they_were(marketer, at) -> None:
    before = list(Rule.objects.order_by("pk").values())
    publish(marketer, at=at)

    old = Rule.objects.filter(rule_set__number=1).order_by("pk")
    assert list(old.values()) == before


def test_scores_follow_a_new_version(marketer, happen, settle, at) -> None:
    lead = people.inquiry(at=at)
    happen(lead, "form")
    settle()
    scoring.refresh_scores(at=at)
    assert now(lead).engagement == 10

    scoring.start_draft(by=marketer, at=at)
    scoring.change_figures(
        figures=scoring.Figures(rule_points={in_draft("Sent a form"): 17}), by=marketer, at=at
    )
    scoring.publish_draft(by=marketer, at=at)
    assert now(lead).engagement == 10
    scoring.refresh_scores(at=at)

    assert now(lead).engagement == 17


def test_one_draft_at_a_time(marketer, at) -> None:
    scoring.start_draft(by=marketer, at=at)
    with pytest.raises(Conflict, match="Version 2 is being written already"):
        scoring.start_draft(by=marketer, at=at)
    scoring.publish_draft(by=marketer, at=at)
    with pytest.raises(Conflict, match="Version 2 is being prepared"):
        scoring.start_draft(by=marketer, at=at)


def test_a_draft_that_somebody_changed_meanwhile_is_not_published(marketer, at) -> None:
    draft = scoring.start_draft(by=marketer, at=at)
    scoring.save_bands(facts={"fit_a_from": 55}, by=marketer, at=at + timedelta(minutes=1))

    with pytest.raises(Conflict, match="changed the draft meanwhile"):
        scoring.publish_draft(by=marketer, at=at, seen_at=draft.changed_at)

    assert RuleSet.objects.get(number=2).state == "draft"


def test_a_discarded_draft_leaves_nothing(marketer, at) -> None:
    before = everything()
    scoring.start_draft(by=marketer, at=at)
    scoring.discard_draft(by=marketer)
    assert everything() == before


def test_an_old_version_is_restored_as_a_draft(marketer, at) -> None:
    scoring.start_draft(by=marketer, at=at)
    scoring.remove_rule(rule_id=in_draft("Sent a form"), by=marketer, at=at)
    scoring.publish_draft(by=marketer, at=at)
    scoring.refresh_scores(at=at)
    assert not queries.current_rules().rules.filter(label="Sent a form").exists()

    draft = scoring.start_draft(base=1, by=marketer, at=at)

    assert (draft.number, draft.base, draft.state) == (3, 1, "draft")
    assert draft.rules.get(label="Sent a form").points == 10
    assert queries.differences(queries.current_rules(), draft) == ["“Sent a form” added"]


def test_only_marketing_writes_drafts(rep, at) -> None:
    with pytest.raises(NotAllowed, match="you may not change points"):
        scoring.start_draft(by=rep, at=at)


# ---- nobody sees a mix


@pytest.fixture
def two_blocks(marketer, happen, settle, at) -> list[Lead]:
    """Leads in two blocks of ids, scored, and a version that doubles what forms give."""
    rows = far_apart(at)
    for row in rows:
        happen(row, "form")
    settle()
    scoring.refresh_scores(at=at)
    scoring.start_draft(by=marketer, at=at)
    figures = scoring.Figures(rule_points={in_draft("Sent a form"): 20})
    scoring.change_figures(figures=figures, by=marketer, at=at)
    scoring.publish_draft(by=marketer, at=at)
    return rows


def test_until_the_last_is_prepared_everybody_has_the_old_score(
    two_blocks, monkeypatch, happen, settle, at
) -> None:
    monkeypatch.setattr(rounds, "PARTS_A_RUN", 1)
    later = at + timedelta(minutes=1)

    for _ in range(2):
        scoring.refresh_scores(at=later)
        assert queries.current_rules().number == 1
        assert [now(row).engagement for row in two_blocks] == [10, 10]
    progress = queries.preparation()
    assert (progress.done, progress.parts) == (2, 2)
    # what happens meanwhile counts under both versions
    happen(two_blocks[0], "event")
    settle()
    scoring.score_leads(lead_ids=[two_blocks[0].pk], at=later)
    assert [now(row).engagement for row in two_blocks] == [35, 10]

    scoring.refresh_scores(at=later)

    assert queries.current_rules().number == 2
    assert [now(row).engagement for row in two_blocks] == [45, 20]
    assert queries.preparation() is None


def test_points_of_a_version_out_of_use_are_dropped_by_the_next_round(two_blocks, at) -> None:
    scoring.refresh_scores(at=at + timedelta(minutes=1))
    assert LeadPoints.objects.filter(rule_set__number=2).count() == 2

    scoring.refresh_scores(at=at + timedelta(days=4))

    assert set(LeadPoints.objects.values_list("rule_set__number", flat=True)) == {2}


def test_a_version_can_be_withdrawn_while_it_is_prepared(
    two_blocks, marketer, monkeypatch, at
) -> None:
    monkeypatch.setattr(rounds, "PARTS_A_RUN", 1)
    scoring.refresh_scores(at=at + timedelta(minutes=1))

    draft = scoring.withdraw_version(by=marketer, at=at)
    monkeypatch.undo()
    scoring.refresh_scores(at=at + timedelta(minutes=1))

    assert (draft.number, draft.state) == (2, "draft")
    assert queries.current_rules().number == 1
    assert [now(row).engagement for row in two_blocks] == [10, 10]
    with pytest.raises(Conflict, match="No version is being prepared"):
        scoring.withdraw_version(by=marketer, at=at)


def test_the_database_refuses_two_versions_in_use_and_fading_backwards(at) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleSet.objects.create(number=2, state="published", published_at=at)
    with pytest.raises(IntegrityError), transaction.atomic():
        ScoreGroup.objects.filter(key="content").update(half_life_days=0)


def test_the_shipped_rows_are_installed_once(at) -> None:
    before = everything()
    scoring.install_defaults(at=at)
    assert everything() == before
    assert LeadDefinition.objects.count() == 1


def test_publishing_costs_the_same_however_many_rules(marketer, at) -> None:
    from django.db import connection

    def queries_for_publishing() -> int:
        scoring.refresh_scores(at=at)
        with CaptureQueriesContext(connection) as made:
            publish(marketer, at=at)
        return len(made)

    few = queries_for_publishing()
    current = queries.current_rules()
    group = current.groups.first()
    Rule.objects.bulk_create(
        Rule(rule_set=current, group=group, label=f"Rule {n}", kind="form", points=1)
        for n in range(490)
    )
    assert queries_for_publishing() == few


# ---- before anything changes


def test_the_preview_tells_what_publishing_will_do(hot_lead, settle, marketer, at) -> None:
    leads = [hot_lead(phone=f"+4930{n:06}", silent=True) for n in range(3)]
    cold = people.inquiry(at=at, phone="+49891234567")
    settle()
    scoring.start_draft(by=marketer, at=at)
    figures = scoring.Figures(rule_points={in_draft("Sent a form"): 1})
    scoring.change_figures(figures=figures, by=marketer, at=at)
    before = everything()

    found = queries.preview(queries.draft(), at=at)

    assert everything() == before
    assert (found.looked_at, found.everybody, found.rescored) == (4, 4, 3)
    assert (found.better_grade, found.worse_grade) == (0, 0)
    (crossing,) = found.crossings
    assert (crossing.fulfil, crossing.newly, crossing.no_longer) == (0, 0, 3)
    assert [(one.before.score, one.after.score) for one in found.examples] == [(64, 55)] * 3
    assert cold not in [one.lead for one in found.examples]
    scoring.publish_draft(by=marketer, at=at)
    scoring.refresh_scores(at=at)
    assert [now(lead).score for lead in leads] == [55] * 3


def test_many_leads_are_previewed_by_a_fair_sample(monkeypatch, marketer, happen, at) -> None:
    from scoring.queries import previews

    monkeypatch.setattr(previews, "MOST_LOOKED_AT", 10)
    rows = people.inquiries(40, at=at)
    for row in rows:
        happen(row, "form")
    scoring.start_draft(by=marketer, at=at)
    figures = scoring.Figures(rule_points={in_draft("Sent a form"): 20})
    scoring.change_figures(figures=figures, by=marketer, at=at)

    found = queries.preview(queries.draft(), at=at)

    assert found.is_sample
    assert (found.looked_at, found.everybody) == (10, 40)
    assert found.rescored == 40
