"""Figures of a model against a library that is known to be right; reasons against the model."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss, roc_auc_score

from scoring.engine.chances import Card, chance_share, explain_chance, odds_of, read_card
from scoring.engine.looks import DEEDS, FACTS, Look, measure
from scoring.engine.verdicts import judge

answers = st.lists(
    st.tuples(st.sampled_from([0.01, 0.1, 0.25, 0.5, 0.7, 0.99]), st.booleans()),
    min_size=2,
    max_size=60,
).filter(lambda rows: len({won for _, won in rows}) == 2)
NAMES = [*DEEDS, *FACTS, "age", "quiet", "lively", "again", "stage:mql", "source:ad", "kind:page"]
cards = st.builds(
    Card,
    bias=st.floats(-4, 2),
    weights=st.dictionaries(st.sampled_from(NAMES), st.floats(-2, 2)),
    usual=st.dictionaries(st.sampled_from(NAMES), st.floats(0, 2)),
    names=st.just({}),
)
looks = st.builds(
    Look,
    lead_id=st.just(1),
    cycle=st.integers(1, 3),
    at=st.just(datetime(2026, 3, 3, tzinfo=UTC)),
    stage=st.sampled_from(["inquiry", "mql"]),
    source=st.sampled_from([None, "", "ad"]),
    persona=st.sampled_from(["unknown", "influencer"]),
    phone=st.booleans(),
    job_title=st.booleans(),
    company=st.booleans(),
    age_days=st.floats(0, 900),
    quiet_days=st.none() | st.floats(0, 900),
    **{name: st.integers(0, 40) for name in DEEDS},
    lively_days=st.integers(0, 14),
    kinds=st.sampled_from([(), ("page",), ("case_study", "page")]),
    products=st.sampled_from([(), (3,)]),
)


@given(answers)
def test_figures_are_those_of_the_library(rows: list[tuple[float, bool]]) -> None:
    chances, won = [row[0] for row in rows], [row[1] for row in rows]

    verdict = judge(chances, won)

    assert verdict.auc == pytest.approx(roc_auc_score(won, chances))
    assert verdict.log_loss == pytest.approx(log_loss(won, chances))
    assert verdict.curve == sorted(verdict.curve)
    assert (verdict.curve[0] >= 0, verdict.curve[-1]) == (True, 1.0)
    assert sum(one.count for one in verdict.bins) == len(rows)
    assert sum(one.won for one in verdict.bins) == sum(won)


@given(cards, looks)
def test_a_chance_is_the_same_after_it_was_kept(card: Card, look: Look) -> None:
    assert chance_share(read_card(card.as_json()), look) == chance_share(card, look)
    assert 0 <= chance_share(card, look) <= 1


@given(cards, looks)
def test_reasons_point_where_the_model_goes(card: Card, look: Look) -> None:
    chance = explain_chance(card, look)

    assert chance.share == chance_share(card, look)
    assert all(reason.words for reason in chance.reasons)
    assert {*chance.reasons_for, *chance.reasons_against} == set(chance.reasons)


def test_unknown_numbers_count_nothing() -> None:
    card = Card(bias=-1.0, weights={"phone": 2.0}, usual={}, names={})

    assert odds_of(card, {"product:99": 1.0, "phone": 1.0}) == 1.0


@given(looks)
def test_a_look_names_only_what_is_there(look: Look) -> None:
    assert all(measure(look).values())
